"""The square of every two people, and the parts of the page beside it."""

from __future__ import annotations

import re

from annotations.agreement import CoefficientName as Name
from annotations.measuring.heat import heat_map
from annotations.measuring.reading import figure
from annotations.measuring.selectors import measure
from tests.agreement.test_measures import fill


def test_each_cell_is_the_kappa_of_its_two_people(cast):
    fill(cast.project, items=60)
    pairs = [pair for pair in measure(cast.project).pairs if pair.enough]
    rows = heat_map(pairs)
    names = [row.name for row in rows]
    assert sorted(names) == sorted({name for pair in pairs for name in (pair.first, pair.second)})
    for pair in pairs:
        kappa = pair.coefficients[Name.COHEN_KAPPA]
        one, other = names.index(pair.first), names.index(pair.second)
        assert rows[one].cells[other] == rows[other].cells[one]
        assert rows[one].cells[other].value == figure(kappa).value
        assert rows[one].cells[other].shade == f"heat-{sum(kappa.value >= step for step in (0.2, 0.4, 0.6, 0.8))}"
    assert {row.cells[number].note for number, row in enumerate(rows)} == {"the same person"}


def test_people_who_share_too_few_items_have_no_square(cast):
    fill(cast.project, items=10)
    assert heat_map(measure(cast.project).pairs) == []


def test_the_page_shows_the_square_the_labels_and_the_time(cast, page_client):
    fill(cast.project, items=60)
    text = page_client(cast.audrey).get(f"/projects/{cast.project.pk}/agreement/").content.decode()
    shown = sum(pair.enough for pair in measure(cast.project).pairs)
    assert shown > 5
    assert len(re.findall(r'<td class="num heat-\d">', text)) == 2 * shown
    assert "People agree least on whether an item is" in text
    assert "each label against all others" in text
    assert "Among people over time" in text
