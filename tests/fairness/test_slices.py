"""Counters by dataset, by hour and two attributes at a time: exact after any history, whatever order it came in."""

from __future__ import annotations

from collections import Counter as Tally
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import Annotation, Dataset, Item, Project
from annotations.services.changes import item_changes
from annotations.state import Decision, ItemState, Vote, hour_of, item_state
from fairness import cells
from fairness.cells import CROSS, Cell, Crossed, Slice, count_changes, count_states
from fairness.models import CrossedGroup, Pulse
from fairness.models import Slice as SliceRow
from fairness.monitors.evaluating import due_projects
from fairness.selectors.live import live_view
from fairness.services.fold import fold_outbox
from fairness.services.recount import live_counters, projects_lacking, recount
from fairness.tasks import complete_counters
from tests.factories import add_label, make_annotator, make_cast, make_items
from tests.fairness.test_fold import fresh_items, withdraw
from tests.fairness.test_monitors import watch

OF_TRUTH = Q(table__regex="^(gold|settled|both):")
HOURS = (490_000, 490_001, 490_030)
votes = st.lists(
    st.builds(
        lambda who, token, hour: Vote(who, who, who > 3, token, hour),
        st.integers(1, 5),
        st.sampled_from(["keep", "remove"]),
        st.sampled_from(HOURS),
    ),
    max_size=3,
    unique_by=lambda vote: vote.annotator_id,
)
groups = st.dictionaries(st.sampled_from(["age", "origin", "religion"]), st.sampled_from(["x", "y", "z"]), max_size=3)
states = st.builds(
    lambda votes, groups, dataset, settled, gold: item_state(
        votes, groups=groups, redundancy=2, min_support=2, settled=settled, gold=gold, dataset=dataset
    ),
    votes,
    groups,
    st.integers(1, 3),
    st.sampled_from([None, Decision("remove", "settled", None)]),
    st.sampled_from([None, "keep"]),
)
histories = st.lists(st.lists(states, min_size=1, max_size=3), max_size=3)  # per item, its states in order


def changes_of(history: list[ItemState]) -> list[tuple[ItemState | None, ItemState, int]]:
    return [(before, after, 1) for before, after in zip([None, *history[:-1]], history, strict=True)]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(histories)
def test_changes_sum_up_to_the_last_states(histories):
    known = Crossed()
    for history in histories:
        for state in history:
            known.meet(state.groups)
    net = count_changes([change for history in histories for change in changes_of(history)], known)
    assert net == count_states([history[-1] for history in histories], known)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(histories)
def test_slices_summed_over_datasets_and_hours_are_the_cells(histories):
    found = count_states([history[-1] for history in histories], Crossed(growing=True))
    summed: Tally[Cell] = Tally()
    for part, n in found.slices.items():
        if CROSS not in part.attribute:
            summed[part.cell] += n
    sliced, by_group = {"people", "model", "decided", "pair", "totals"}, {"gold", "settled", "both"}
    assert summed == {
        cell: n
        for cell, n in found.cells.items()
        if (kind := cell.table.split(":")[0]) in sliced or (kind in by_group and cell.attribute)
    }


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(histories)
def test_two_attributes_are_counted_by_days_that_sum_up_to_one_of_them(histories):
    found = count_states([history[-1] for history in histories], Crossed(growing=True))
    crossed = {part: n for part, n in found.slices.items() if part.attribute == f"age{CROSS}origin"}
    assert all(part.hour % cells.HOURS_A_DAY == 0 for part in crossed)
    with_both = [history[-1] for history in histories if {"age", "origin"} <= history[-1].groups.keys()]
    labels = sum(sum(state.people.values()) for state in with_both)
    assert sum(n for part, n in crossed.items() if part.table == "people") == labels


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("123456")), max_size=60))
def test_no_more_groups_are_crossed_than_the_cap_and_who_is_in_stays(met):
    known, before = Crossed(growing=True), set()
    for attribute, group in met:
        known.places({attribute: group})
        assert before <= set(known.met)
        before = set(known.met)
    assert len(known.groups) <= cells.CROSSED_ATTRIBUTES
    assert all(len(some) <= cells.CROSSED_GROUPS for some in known.groups.values())


def test_groups_beyond_the_cap_are_counted_together():
    known = Crossed(growing=True)
    many = [ItemState(groups={"a": f"{n:02}", "b": "x"}, people={"keep": 1}, dataset=1) for n in range(20)]
    found = count_states(many, known).slices
    crossed = {part.group: n for part, n in found.items() if part.table == "people" and CROSS in part.attribute}
    assert len(crossed) == cells.CROSSED_GROUPS + 1
    assert crossed[f"{CROSS}x"] == 20 - cells.CROSSED_GROUPS
    assert sum(crossed.values()) == 20


def test_a_separator_in_a_name_does_not_make_two_of_it():
    known = Crossed(growing=True)
    (place,) = known.places({f"a{CROSS}b": f"x{CROSS}y", "c": "z"})
    assert place == (f"a b{CROSS}c", f"x y{CROSS}z")


def test_a_state_of_before_hours_were_kept_counts_all_the_same():
    old = ItemState.from_json({"groups": {"age": "old"}, "people": {"keep": 2}, "models": {"7": "keep"}})
    found = count_states([old], Crossed())
    assert found.cells[Cell("people", "age", "old", "keep", "")] == 2
    assert found.slices[Slice("age", 0, cells.TIMELESS, "model:7", "old", "keep", "")] == 1


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 3),
            st.sampled_from(["keep", "review", "remove", "undo", "fold", "group"]),
            st.integers(0, 70),
        ),
        max_size=25,
    )
)
def test_slices_and_crossings_equal_a_recount_after_any_history(db, steps):
    with transaction.atomic():
        project = make_cast().project
        other = Dataset.objects.create(project=project, name="Other", created_by=project.created_by)
        items = fresh_items(project, 3)
        items += fresh_items_in(project, other)
        people = [make_annotator(project, kind="model" if n == 3 else "human") for n in range(4)]
        held: dict[tuple[int, int], Annotation] = {}
        for which, who, what, hours in steps:
            item = items[which]
            if what == "fold":
                fold_outbox(limit=3)
                continue
            if what == "group":
                new = {"religion": f"g{hours % 3}", "age": f"a{hours % 2}"}
                with item_changes(project=project, item_ids=[item.pk]) as changes:
                    Item.objects.filter(pk=item.pk).update(groups=new)
                    changes.correct(item_id=item.pk, groups=new, gold=None)
                continue
            earlier = held.pop((which, who), None)
            if earlier is not None:
                withdraw(earlier)
            if what != "undo":
                held[which, who] = label_at(item, people[who], what, hours)
        assert recount(project=project) == []  # with rows still in the outbox
        while fold_outbox(limit=4):
            pass
        assert recount(project=project) == []
        check_raw(project)
        transaction.set_rollback(True)


def fresh_items_in(project: Project, dataset: Dataset) -> list[Item]:
    """As ``fresh_items``, in a dataset that is not the project's first."""
    items = make_items(project, 3)
    Item.objects.filter(pk__in=[item.pk for item in items]).update(dataset=dataset)
    with item_changes(project=project, item_ids=[item.pk for item in items], new_items=True):
        pass
    return items


def label_at(item: Item, annotator, value: str, hours: int) -> Annotation:
    """A label that was given ``hours`` ago."""
    with item_changes(project=item.project, item_ids=[item.pk]) as changes:
        label = Annotation.objects.create(
            project=item.project,
            item=item,
            annotator=annotator,
            schema=changes.schema,
            source="human",
            value=value,
            created_at=datetime(2026, 3, 1, tzinfo=UTC) - timedelta(hours=hours),
        )
        changes.vote(label, kind=annotator.kind)
    return label


def check_raw(project: Project) -> None:
    """Labels of people by dataset, hour and group, straight from the rows."""
    raw: Tally[tuple[int, int, str, str]] = Tally()
    for label in Annotation.objects.filter(project=project, status="current", annotator__kind="human"):
        group = label.item.groups.get("religion")
        if group is not None:
            raw[label.item.dataset_id, hour_of(label.created_at), group, label.value] += 1
    live = live_counters(project).slices
    ours = {
        (part.dataset, part.hour, part.group, part.key): n
        for part, n in live.items()
        if part.table == "people" and part.attribute == "religion"
    }
    assert ours == raw


@pytest.fixture
def older(cast) -> Project:
    """A project whose counters are of before slices and crossings."""
    for number, item in enumerate(fresh_items(cast.project, 6)):
        new = {"age": ("old", "young")[number % 2], "origin": ("north", "south", "west")[number % 3]}
        with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
            Item.objects.filter(pk=item.pk).update(groups=new)
            changes.correct(item_id=item.pk, groups=new, gold=None)
        add_label(item, make_annotator(cast.project), "keep")
    while fold_outbox():
        pass
    assert recount(project=cast.project) == []
    SliceRow.objects.all().delete()
    CrossedGroup.objects.all().delete()
    Pulse.objects.update(kept=0)
    return cast.project


def test_an_older_project_is_completed_once_and_folds_on(older):
    assert projects_lacking() == [older.pk]
    assert recount(project=older) == []  # what it has is right
    add_label(older.items.first(), make_annotator(older), "remove")
    fold_outbox()
    assert not SliceRow.objects.exists()
    add_label(older.items.last(), make_annotator(older), "remove")  # still in the outbox
    assert complete_counters() == 1
    assert complete_counters() == 0
    assert projects_lacking() == []
    assert recount(project=older) == []
    fold_outbox()
    assert recount(project=older) == []
    assert CrossedGroup.objects.filter(project=older).count() == 5


@pytest.fixture
def nearly(cast) -> Project:
    """A project whose slices are of before those of labels against the truth."""
    add_label(
        fresh_items(cast.project, 1, gold="keep", groups={"age": "old"})[0],
        make_annotator(cast.project, kind="model"),
        "keep",
    )
    while fold_outbox():
        pass
    assert SliceRow.objects.filter(OF_TRUTH).delete()[0]
    Pulse.objects.update(kept=Pulse.SLICED)
    return cast.project


def test_without_slices_of_the_truth_all_else_goes_on_until_these_are_counted(cast, nearly):
    item = fresh_items(nearly, 1, gold="keep", groups={"age": "old", "origin": "north"})[0]
    model = make_annotator(nearly, kind="model")
    label = add_label(item, model, "remove")
    fold_outbox()
    assert SliceRow.objects.filter(project=nearly, table=f"model:{model.pk}", n=1).exists()
    assert SliceRow.objects.filter(project=nearly, attribute=f"age{CROSS}origin").exists()
    assert not SliceRow.objects.filter(OF_TRUTH).exists()
    assert recount(project=nearly) == []  # what it has is right
    assert live_view(nearly).people.certificate.withheld is None
    watch(cast)
    assert due_projects() == [nearly.pk]
    withdraw(label)  # still in the outbox
    add_label(item, model, "keep")
    assert complete_counters() == 1
    assert projects_lacking() == []
    assert Pulse.objects.get().kept == Pulse.WHOLE
    assert recount(project=nearly) == []
    fold_outbox()
    assert recount(project=nearly) == []
    assert SliceRow.objects.filter(OF_TRUTH, table=f"gold:{model.pk}", key__contains="keep", n=1).exists()


def test_a_wrong_slice_is_found_and_mended(older):
    call_command("fairness_recount", "--mend")
    SliceRow.objects.filter(table="people").update(n=9)
    assert recount(project=older) != []
    call_command("fairness_recount", "--mend")
    assert recount(project=older) == []


def test_the_database_refuses_impossible_slices_and_groups_met_twice(cast):
    place = {"project": cast.project, "dataset": 1, "hour": 0, "table": "people"}
    with pytest.raises(IntegrityError, match="slice_never_negative"), transaction.atomic():
        SliceRow.objects.create(**place, n=-1)
    SliceRow.objects.create(**place, n=1)
    with pytest.raises(IntegrityError, match="slice_once"), transaction.atomic():
        SliceRow.objects.create(**place, n=1)
    CrossedGroup.objects.create(project=cast.project, attribute="a", group="b")
    with pytest.raises(IntegrityError, match="crossed_group_once"), transaction.atomic():
        CrossedGroup.objects.create(project=cast.project, attribute="a", group="b")
