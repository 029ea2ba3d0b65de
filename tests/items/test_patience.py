"""Lists that the database cannot find in time: looked through step by step, page after page, with nothing left out."""

from __future__ import annotations

from http import HTTPStatus
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from annotations.items import patience
from annotations.items.patience import page_in_time
from annotations.items.selectors import ItemFilter, items_of
from annotations.models import ItemFlag
from ledger.errors import DomainError
from tests.factories import make_annotator, make_items

pytestmark = pytest.mark.django_db
FLAGGED = ItemFilter(flagged=True)


def too_long(*_args: Any, **_more: Any) -> Any:
    raise DomainError("takes_too_long", "It takes too long.", HTTPStatus.SERVICE_UNAVAILABLE)


@pytest.fixture
def slow(monkeypatch):
    """The whole list takes too long, and so does everything after the first step: a second goes by at every look at
    the clock."""
    monkeypatch.setattr(patience, "keyset_page", too_long)
    monkeypatch.setattr(patience, "FIRST_STEP", 3)
    clock = count()
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: next(clock)))


def flagged(cast, places: set[int], of: int = 20) -> list[int]:
    """Ids of the items that are flagged, the newest first."""
    items, person = make_items(cast.project, of), make_annotator(cast.project)
    for place in places:
        ItemFlag.objects.create(item=items[place], annotator=person, reason="Odd")
    return sorted((items[place].pk for place in places), reverse=True)


@pytest.mark.parametrize("places", [set(), {0}, {19}, {2, 3, 4, 5, 16}, set(range(20))])
@pytest.mark.parametrize("size", [1, 2, 50])
def test_page_after_page_has_everything_once(cast, slow, places, size):
    expected = flagged(cast, places)
    found = items_of(cast.project, FLAGGED)
    seen, before, pages = [], None, []
    while True:
        looked = page_in_time(cast.project, found, size=size, before=before)
        assert len(looked.page.items) <= size
        assert looked.is_part or len(looked.page.items) == size or looked.page.before is None
        seen += [item.pk for item in looked.page.items]
        pages.append(looked)
        before = looked.page.before
        if before is None:
            break
    assert seen == expected
    assert any(looked.is_part for looked in pages) or size < 3

    back, after = [], pages[-1].page.after
    while after is not None:
        looked = page_in_time(cast.project, found, size=size, after=after)
        back = [item.pk for item in looked.page.items] + back
        after = looked.page.after
    last = [item.pk for item in pages[-1].page.items]
    assert back + last == expected


def test_steps_grow_and_go_on_while_there_is_time(cast, monkeypatch):
    monkeypatch.setattr(patience, "keyset_page", too_long)
    monkeypatch.setattr(patience, "FIRST_STEP", 1)
    monkeypatch.setattr(patience, "SECONDS", 60)
    expected = flagged(cast, {0, 7, 19})
    looked = page_in_time(cast.project, items_of(cast.project, FLAGGED), size=50)
    assert ([item.pk for item in looked.page.items], looked.is_part, looked.page.before) == (expected, False, None)


def test_the_page_says_that_it_is_a_part_and_leads_on(cast, slow, page_client):
    flagged(cast, {0, 18})
    client, address = page_client(cast.olivia), f"/projects/{cast.project.pk}/items/"
    page = client.get(f"{address}?flagged=on")
    assert (len(page.context["rows"]), page.context["is_part"]) == (1, True)
    assert "Part of the list" in page.content.decode()
    assert "too long to count" in page.context["counted"]
    following = client.get(address + page.context["next_url"])
    assert following.context["rows"] == []
    text = following.content.decode()
    assert "Part of the list" in text
    assert "No item fits" not in text
    assert following.context["next_url"]
    assert f'rel="next" href="{following.context["next_url"]}"'.replace("&", "&amp;") in text


def test_rest_leads_on_until_everything_was_looked_through(cast, slow, api):
    expected = flagged(cast, {0, 9, 18})
    client, url, seen, answers = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}/items/?flagged=true", [], 0
    answer: dict[str, Any] = {}
    while url:
        answer = client.get(url).json()
        seen += [row["id"] for row in answer["results"]]
        url, answers = answer["next"], answers + 1
    assert seen == expected
    assert answers > 3, "one step each"
    back = client.get(answer["previous"]).json()
    assert back["previous"]


def test_rest_pages_that_come_in_time_follow_the_cursor_both_ways(cast, api):
    expected = flagged(cast, set(range(7)))
    client = api(cast.olivia)
    first = client.get(f"/api/v1/projects/{cast.project.pk}/items/?flagged=true&page_size=3").json()
    second = client.get(first["next"]).json()
    assert [row["id"] for row in (*first["results"], *second["results"])] == expected[:6]
    assert client.get(second["previous"]).json()["results"] == first["results"]
    assert first["previous"] is None
    assert client.get(client.get(second["next"]).json()["previous"]).json()["results"] == second["results"]
