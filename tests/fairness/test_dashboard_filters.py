"""What panels of the dashboard follow of the filter, what they leave out, and that they say so."""

from __future__ import annotations

from collections import Counter as Tally
from datetime import UTC, datetime
from typing import Any

import pytest

from annotations.models import Annotation, Dataset, Item, Project
from annotations.services.changes import item_changes
from fairness.metrics.counts import GroupCounts
from fairness.selectors.behind import crossing_of
from fairness.selectors.live import live_view
from fairness.selectors.wanted import Wanted
from fairness.services.agreement import agreement_compute
from tests.factories import add_label, make_annotator, make_items
from tests.fairness.conftest import fold_all, label_group
from tests.fairness.test_dashboard import address, sheet
from tests.fairness.test_slices import label_at


def raw_crossing(project: Project, attribute: str, beside: str, **which: Any) -> dict[tuple[str, str], GroupCounts]:
    """Of the label "keep", straight from the rows."""
    selected: Tally[tuple[str, str]] = Tally()
    given: Tally[tuple[str, str]] = Tally()
    for row in Annotation.objects.filter(project=project, status="current", **which).select_related("item"):
        if {attribute, beside} <= row.item.groups.keys():
            place = row.item.groups[attribute], row.item.groups[beside]
            selected[place] += row.value == "keep"
            given[place] += 1
    return {place: GroupCounts(selected[place], n) for place, n in given.items()}


def scattered(project: Project) -> Dataset:
    """Two datasets of two attributes, labelled by a person and a model over four days."""
    project.attributes.create(name="origin", column="origin")
    other = Dataset.objects.create(project=project, name="Other", created_by=project.created_by)
    person, model = make_annotator(project), make_annotator(project, kind="model", name="smollm2")
    for number, item in enumerate(make_items(project, 24)):
        groups = {"religion": ("christian", "muslim", "sikh")[number % 3], "origin": ("north", "south")[number % 2]}
        Item.objects.filter(pk=item.pk).update(groups=groups, dataset=other if number % 4 else item.dataset)
        with item_changes(project=project, item_ids=[item.pk], new_items=True):
            pass
        label_at(item, person, ("keep", "remove")[number % 5 > 1], 4 * number)
        label_at(item, model, ("keep", "remove")[number % 7 > 2], 4 * number + 1)
    fold_all()
    return other


@pytest.mark.parametrize("attribute", ["religion", "origin"])
@pytest.mark.parametrize(
    ("asked", "which"),
    [
        ({}, {"annotator__kind": "human"}),
        ({"by": "model"}, {"annotator__kind": "model"}),
        ({"dataset": True}, {"annotator__kind": "human"}),
        ({"since": "2026-02-26"}, {"annotator__kind": "human", "created_at__gte": datetime(2026, 2, 26, tzinfo=UTC)}),
        (
            {"dataset": True, "by": "model", "since": "2026-02-26", "until": "2026-02-27"},
            {
                "annotator__kind": "model",
                "created_at__gte": datetime(2026, 2, 26, tzinfo=UTC),
                "created_at__lt": datetime(2026, 2, 28, tzinfo=UTC),
            },
        ),
        (  # a part of a day: the whole day, and the page says so
            {"since": "2026-02-27T09", "until": "2026-02-27T11"},
            {
                "annotator__kind": "human",
                "created_at__gte": datetime(2026, 2, 27, tzinfo=UTC),
                "created_at__lt": datetime(2026, 2, 28, tzinfo=UTC),
            },
        ),
    ],
)
def test_intersections_equal_the_raw_rows_under_every_filter(cast, page_client, attribute, asked, which):
    other = scattered(cast.project)
    if asked.get("dataset"):
        asked, which = {**asked, "dataset": other.pk}, {**which, "item__dataset": other}
    beside = {"religion": "origin", "origin": "religion"}[attribute]
    wanted = Wanted(attribute=attribute, label="keep", **asked)
    found = crossing_of(cast.project, live_view(cast.project, wanted=wanted, min_group=1))
    assert found is not None
    assert found.beside == beside
    raw = raw_crossing(cast.project, attribute, beside, **which)
    assert found.counts == raw
    assert raw
    assert found.lumped == {}
    text = page_client(cast.olivia).get(address(cast, f"?{wanted.query()}")).content.decode()
    assert ("Of the whole days (UTC)" in text) is ("T" in asked.get("since", ""))


def test_a_cell_of_two_attributes_leads_to_its_items(cast, page_client):
    scattered(cast.project)
    client = page_client(cast.olivia)
    query = "?since=2026-02-26&until=2026-02-27"
    page = client.get(address(cast, query))
    for cell in (cell for row in page.context["heat"].rows for cell in row.cells if cell.counts):
        selected = cell.counts[0]
        rows = client.get(selected.url).context["rows"]
        assert len(rows) == selected.n
        wanted = {"religion": cell.group, "origin": cell.beside}
        assert all(row["item"].groups.items() >= wanted.items() for row in rows)


def test_groups_beyond_the_limits_are_said_with_counts_and_where_to_put_them_in_order(cast, page_client):
    cast.project.attributes.create(name="origin", column="origin")
    for number in range(60):
        label_group(cast.project, f"g{number:02}", 1, 3 if number > 24 else 4, beside=("north", "south"))
    items = make_items(cast.project, 2)
    Item.objects.filter(pk__in=[item.pk for item in items]).update(groups={})
    with item_changes(project=cast.project, item_ids=[item.pk for item in items], new_items=True):
        pass
    for item in items:
        add_label(item, make_annotator(cast.project), "keep")
    fold_all()
    answer = page_client(cast.olivia).get(address(cast))
    assert len(answer.context["rates"].blocks) == 20
    text = " ".join(answer.content.decode().split())
    assert "40 other groups, with 125 labels together, are not drawn." in text
    assert "40 of them have fewer than 30 labels each" in text
    assert "2 labels by people are of items without a religion" in text
    assert "With more than 50 groups nothing can be called certain" in text
    assert "52 more groups wait for labels." in text
    assert "(48 × religion), with 157 labels together" in text
    assert f'href="/projects/{cast.project.pk}/settings/groups/"' in text
    assert len(sheet(page_client(cast.olivia), cast, "rates")) == 60
    assert "/settings/groups/" not in page_client(cast.edgar).get(address(cast)).content.decode()


def test_what_a_panel_does_not_follow_is_said(cast, page_client):
    other = scattered(cast.project)
    agreement_compute(project_id=cast.project.pk)
    client = page_client(cast.olivia)
    plain = client.get(address(cast)).content.decode()
    assert "Not narrowed by the filter above" not in plain
    filtered = " ".join(client.get(address(cast, f"?by=people&dataset={other.pk}")).content.decode().split())
    assert filtered.count("Not narrowed by the filter above: whose labels, the dataset.") == 1  # agreement
    assert filtered.count("Not narrowed by the filter above: the dataset.") == 3  # completeness, people, models
    assert "The filter above leaves models out." in filtered


def test_each_group_s_completeness_is_that_of_the_raw_rows_and_leads_to_what_is_undecided(cast, page_client):
    scattered(cast.project)
    client = page_client(cast.olivia)
    shown = client.get(address(cast)).context["complete"]
    given = raw_crossing(cast.project, "religion", "origin", annotator__kind="human")
    for bar, row in zip(shown.bars, sheet(client, cast, "completeness"), strict=True):
        n = sum(counts.n for (group, _beside), counts in given.items() if group == bar.group)
        assert bar.counts == f"{n} of {3 * cast.project.items.filter(groups__religion=bar.group).count()}"
        assert bar.share == "33\u202f%"
        assert (row["group"], row["labels_given"]) == (bar.group, str(n))
        rows = client.get(bar.url).context["rows"]
        assert {item["item"].groups["religion"] for item in rows} == {bar.group}
    assert shown.answer == "Every group is labelled equally far."


def test_the_second_attribute_is_one_that_items_share_and_can_always_be_chosen(cast, page_client):
    cast.project.attributes.create(name="age", column="age")  # of no item
    scattered(cast.project)
    client = page_client(cast.olivia)
    assert client.get(address(cast)).context["crossing"].beside == "origin"
    asked = client.get(address(cast, "?beside=age"))
    assert asked.context["heat"] is None
    assert 'id="filter-beside"' in asked.content.decode()


def test_each_figure_says_where_its_items_are(cast, page_client):
    other = scattered(cast.project)
    earlier = set(cast.project.items.values_list("pk", flat=True))
    for group, n in (("christian", 40), ("muslim", 35)):
        label_group(cast.project, group, 10, n)
    model = cast.project.annotators.get(kind="model")
    for item in cast.project.items.filter(annotations__annotator__kind="human").exclude(annotations__annotator=model):
        add_label(item, model, "keep" if item.groups["religion"] == "muslim" else "remove")
    fold_all()
    client = page_client(cast.olivia)
    tiles = {tile.id: tile.href for tile in client.get(address(cast)).context["tiles"]}
    assert {name for name, href in tiles.items() if not href} == {f"tile-kappa-{model.pk}"}  # nothing is in dispute
    (spread,) = (href for name, href in tiles.items() if name.startswith("tile-spread"))
    assert "group=religion%3Amuslim" in spread
    assert f"annotator={model.pk}" in spread
    now = client.get(tiles["tile-pace"]).context["rows"]
    assert now
    assert earlier.isdisjoint(row["item"].pk for row in now)
    filtered = client.get(address(cast, f"?dataset={other.pk}")).context["tiles"]
    assert all(f"dataset={other.pk}" in tile.href for tile in filtered if tile.id in ("tile-completeness", "tile-dpd"))
