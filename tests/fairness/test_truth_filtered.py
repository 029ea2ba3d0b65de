"""Labels against the truth under a dataset and a time: equal to a recount of the rows, with the items behind."""

from __future__ import annotations

import random
from collections import Counter as Tally
from typing import Any

import pytest

from accounts.models import Role
from annotations.models import Annotation, Dataset, Item
from annotations.services.changes import item_changes
from annotations.state import hour_of
from fairness.metrics import OutcomeCounts
from fairness.models import Pulse
from fairness.models import Slice as SliceRow
from fairness.presenting.plots import series_of
from fairness.presenting.truth import truth_blocks
from fairness.selectors.live import CONSENSUS, MODEL, PEOPLE, live_view
from fairness.selectors.truth import AgainstTruth, Truth, against_truth
from fairness.selectors.wanted import Wanted
from fairness.services.recount import recount
from fairness.tasks import complete_counters
from tests.factories import Cast, add_label, make_annotator, make_items
from tests.fairness.conftest import fold_all
from tests.fairness.test_dashboard import address, sheet
from tests.fairness.test_fold import withdraw
from tests.fairness.test_monitor_cells import correct
from tests.fairness.test_slices import label_at

DAYS = ("2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01")
FILTERS = [
    {},
    {"dataset": "first"},
    {"dataset": "other"},
    {"since": DAYS[1]},
    {"until": DAYS[1]},
    {"since": f"{DAYS[1]}T06", "until": f"{DAYS[2]}T18"},
    {"dataset": "other", "since": DAYS[2], "until": DAYS[2]},
]


@pytest.fixture
def told(cast) -> Any:
    """Two datasets, two models over three days, people; gold, settlements, labels taken back, groups put right."""
    chance = random.Random(3)
    cast.project.redundancy = cast.project.min_support = 1
    cast.project.save()
    other = Dataset.objects.create(project=cast.project, name="Other", created_by=cast.olivia)
    models = [make_annotator(cast.project, kind="model", name=name) for name in ("one", "two")]
    person = make_annotator(cast.project)
    for number in range(140):
        gold = "keep" if number % 3 == 0 else ("remove" if number % 3 == 1 else None)
        item = item_in(other if number % 10 < 4 else cast.dataset, groups={"religion": "ab"[number % 2]}, gold=gold)
        given = [label_at(item, one, chance.choice(["keep", "remove"]), chance.randrange(72)) for one in models]
        if number % 7:
            add_label(item, person, chance.choice(["keep", "remove"]))
        if number % 11 == 0:
            withdraw(given[0])
        if gold is None and number % 4:
            correct(item, "settle", "remove")
        if number % 13 == 0:
            regroup(item, "b")
        if number % 20 == 0:
            fold_all()
    fold_all()
    assert recount(project=cast.project) == []
    return {"first": cast.dataset, "other": other, "models": models}


def item_in(dataset: Dataset, **fields: Any) -> Item:
    """An item that came in by an import into this dataset."""
    (item,) = make_items(dataset.project, 1, **fields)
    item.dataset = dataset
    item.save(update_fields=["dataset"])
    with item_changes(project=dataset.project, item_ids=[item.pk], new_items=True):
        return item


def regroup(item: Item, group: str) -> None:
    new = {"religion": group}
    with item_changes(project=item.project, item_ids=[item.pk]) as changes:
        Item.objects.filter(pk=item.pk).update(groups=new)
        changes.correct(item_id=item.pk, groups=new, gold=item.gold)


def asked(told: Any, wanted: dict[str, str]) -> Wanted:
    given = wanted | ({"dataset": str(told[wanted["dataset"]].pk)} if "dataset" in wanted else {})
    return Wanted.of(given)


def truths(item: Item) -> dict[Truth, str]:
    """What is true of an item, by each of the three, from its rows."""
    found = {}
    consensus = getattr(item, "consensus", None)
    settled = consensus is not None and consensus.method == "settled"
    if item.gold is not None:
        found[Truth.GOLD] = item.gold
    elif settled and consensus is not None:
        found[Truth.SETTLED] = consensus.value
    people = item.annotations.filter(status="current", annotator__kind="human").first()
    if people is not None:
        found[Truth.CONSENSUS] = people.value
    return found


def counted(cast: Cast, wanted: Wanted, model: Any) -> dict[tuple[Truth, str], OutcomeCounts]:
    """The same from the rows: (truth, group) → outcomes of “keep”."""
    first, last = wanted.hours
    places: dict[tuple[Truth, str], Tally[tuple[bool, bool]]] = {}
    for label in Annotation.objects.filter(annotator=model, status="current").select_related("item__consensus"):
        item = label.item
        if wanted.dataset not in (None, item.dataset_id) or not first <= hour_of(label.created_at) <= last:
            continue
        for truth, true in truths(item).items():
            place = places.setdefault((truth, item.groups["religion"]), Tally())
            place[true == "keep", label.value == "keep"] += 1
    order = ((True, True), (False, True), (True, False), (False, False))
    return {key: OutcomeCounts(*(place[one] for one in order)) for key, place in places.items()}


@pytest.mark.parametrize("wanted", FILTERS)
def test_outcomes_of_every_model_equal_the_rows_under_every_filter(cast, told, wanted):
    want = asked(told, wanted)
    found = against_truth(cast.project, live_view(cast.project, wanted=want, min_group=1))
    for model in told["models"]:
        ours = {
            (one.truth, group): outcome
            for one in found
            if one.source.annotator_id == model.pk
            for group, outcome in one.outcomes.items()
        }
        assert ours == counted(cast, want, model)
        assert {truth for truth, _group in ours} >= {Truth.GOLD, Truth.CONSENSUS}


def test_people_follow_the_dataset_and_have_no_time(cast, told):
    def sums(wanted: Wanted) -> dict[tuple[str, Truth], int]:
        found: list[AgainstTruth] = against_truth(cast.project, live_view(cast.project, wanted=wanted))
        return {
            (one.source.kind, one.truth): sum(counts.n for counts in one.errors.values())
            for one in found
            if one.source.kind != MODEL
        }

    whole = sums(Wanted())
    parts = [sums(Wanted(dataset=told[name].pk)) for name in ("first", "other")]
    assert {kind for kind, _truth in whole} == {PEOPLE, CONSENSUS}
    assert whole == {key: sum(part.get(key, 0) for part in parts) for key in whole}
    assert all(0 < part[PEOPLE, Truth.GOLD] < whole[PEOPLE, Truth.GOLD] for part in parts)
    assert sums(Wanted(since=DAYS[0])) == {}


def test_the_items_behind_api_and_csv_follow_too(cast, told, api, page_client):
    model, other = told["models"][0], told["other"]
    query = {"dataset": other.pk, "since": DAYS[1], "until": DAYS[2], "model": model.pk}
    want = Wanted.of({name: str(value) for name, value in query.items()})
    view = live_view(cast.project, wanted=want, min_group=1)
    client = page_client(cast.olivia)
    blocks = truth_blocks(cast.project, view, series_of(view), Role.OWNER)
    assert {block.truth for block in blocks} == set(Truth)
    for block in blocks:
        for line in block.groups:
            assert len(client.get(line.url).context["rows"]) == line.figures[-1].counts[0].n
    for line in truth_blocks(cast.project, view, series_of(view), Role.EXPERT)[0].groups:
        assert f"dataset={other.pk}" in line.url
        assert "since" not in line.url
    right = counted(cast, want, model)
    rows = api(cast.audrey).get(f"/api/v1/projects/{cast.project.pk}/fairness/", query).json()["against_truth"]
    given = {(row["truth"], group["group"]): group for row in rows for group in row["groups"]}
    assert {key: [group[name] for name in ("tp", "fp", "fn", "tn")] for key, group in given.items()} == {
        (truth.value, group): [one.tp, one.fp, one.fn, one.tn] for (truth, group), one in right.items()
    }
    text = "&".join(f"{name}={value}" for name, value in query.items())
    lines = [row for row in sheet(client, cast, "truth", f"?{text}") if row["metric"] == "tp"]
    assert {(row["truth"], row["group"]): int(row["selected"]) for row in lines} == {
        (truth.value, group): one.tp for (truth, group), one in right.items()
    }
    page = client.get(address(cast, f"?{text}")).content.decode()
    assert "what people agree on has no time" in page


def test_one_query_more_whatever_the_filter(cast, told, django_assert_num_queries):
    for wanted in FILTERS:
        view = live_view(cast.project, wanted=asked(told, wanted))
        with django_assert_num_queries(1):
            against_truth(cast.project, view)


def test_a_project_of_before_is_completed_in_the_background(cast, told, page_client):
    want = asked(told, FILTERS[-1])
    before = [one.outcomes for one in against_truth(cast.project, live_view(cast.project, wanted=want))]
    SliceRow.objects.filter(table__regex="^(gold|settled|both):").delete()
    Pulse.objects.update(kept=Pulse.SLICED)
    assert against_truth(cast.project, live_view(cast.project, wanted=want)) == []
    text = want.query()
    client = page_client(cast.olivia)
    assert "are being counted by dataset" in client.get(address(cast, f"?{text}")).content.decode()
    assert "are being counted by dataset" not in client.get(address(cast)).content.decode()
    assert complete_counters() == 1
    assert "are being counted by dataset" not in client.get(address(cast, f"?{text}")).content.decode()
    assert [one.outcomes for one in against_truth(cast.project, live_view(cast.project, wanted=want))] == before
