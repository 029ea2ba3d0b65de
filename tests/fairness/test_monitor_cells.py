"""What monitors count besides: people's consensus, pairs, places and truth of each group, equal to a recount always."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import Case, Consensus, ConsensusMethod, Settlement
from annotations.services.changes import item_changes
from annotations.state import ItemState, Vote, item_state
from fairness.cells import Cell, Cells, Crossed, count_changes, count_states
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from tests.factories import add_label, make_annotator, make_cast
from tests.fairness.test_fold import fresh_items


def item_cells(state: ItemState) -> Cells:
    return count_states([state], Crossed()).cells


LABELS = ["keep", "review", "remove"]
labels = st.sampled_from(LABELS)
states = st.builds(
    ItemState,
    groups=st.dictionaries(st.sampled_from(["religion", "gender"]), st.sampled_from("ab"), max_size=2),
    people=st.dictionaries(labels, st.integers(1, 3), max_size=3),
    models=st.dictionaries(st.sampled_from(["7", "8"]), labels, max_size=2),
    human=st.none() | labels,
    final=st.none() | labels,
    decided=st.booleans(),
    complete=st.booleans(),
    needed=st.integers(0, 4),
    gold=st.none() | labels,
    settled=st.booleans(),
    audit=st.none() | st.sampled_from([0.05, 0.2]),
    first=st.none() | labels,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.none() | states, st.none() | states, st.integers(1, 3)), max_size=5))
def test_a_change_is_the_difference_of_what_both_states_count(changes):
    right: dict[Cell, int] = {}
    for before, after, items in changes:
        for state, sign in ((after, items), (before, -items)):
            for cell, count in (item_cells(state) if state else {}).items():
                right[cell] = right.get(cell, 0) + sign * count
    assert count_changes(changes, Crossed()).cells == {cell: count for cell, count in right.items() if count}


def test_the_truth_is_gold_before_what_an_expert_settled():
    state = ItemState(
        groups={"religion": "a"}, people={"remove": 2}, needed=2, models={"7": "keep"}, human="remove", final="remove",
        settled=True, gold="keep",
    )  # fmt: skip
    cells = {cell: n for cell, n in item_cells(state).items() if cell.table.startswith(("gold", "settled"))}
    assert cells == {
        Cell(f"gold:{who}", attribute, group, "keep", said): 1
        for attribute, group in (("", ""), ("religion", "a"))
        for who, said in (("7", "keep"), ("agreed", "remove"), ("decided", "remove"))
    }


def test_a_settled_item_without_a_label_has_no_truth():
    state = ItemState(groups={"religion": "a"}, models={"7": "keep"}, final=None, decided=True, settled=True)
    assert not [cell for cell in item_cells(state) if cell.table.startswith(("gold", "settled"))]


def watched(state: ItemState, *tables: str) -> dict[str, int]:
    return {cell.table: n for cell, n in item_cells(state).items() if cell.group and cell.table.startswith(tables)}


def test_a_consensus_counts_for_monitors_once_the_item_has_all_its_labels():
    half = {"groups": {"religion": "a"}, "people": {"keep": 2}, "human": "keep", "final": "keep", "gold": "keep"}
    consensus = ("agreed", "concluded", "both", "gold:agreed", "gold:decided", "settled")
    assert watched(ItemState(**half, models={"7": "keep"}, needed=3), *consensus) == {}
    done = ItemState(**half, models={"7": "keep"}, needed=2)
    assert watched(done, *consensus) == dict.fromkeys(
        ("agreed", "concluded", "both:7", "gold:agreed", "gold:decided"), 1
    )
    assert watched(ItemState(**half, needed=0), *consensus) == {}  # it trains people: it asks for no label


def test_what_an_expert_settled_is_concluded_however_many_labels_it_has():
    state = ItemState(
        groups={"religion": "a"}, people={"keep": 1}, human="keep", final="remove", settled=True, needed=3,
        models={"7": "keep"},
    )  # fmt: skip
    assert watched(state, "agreed", "concluded", "both", "settled") == {"concluded": 1, "settled:7": 1}


def test_one_person_s_label_stands_beside_the_model_s_from_the_first_on():
    votes = [Vote(9, 1, False, "keep"), Vote(4, 2, False, "remove"), Vote(2, 7, True, "review")]
    state = item_state(votes, groups={"religion": "a"}, redundancy=5, min_support=3, settled=None, gold=None, dataset=1)
    assert state.first == "remove"
    assert item_cells(state)[Cell("beside:7", "religion", "a", "remove", "review")] == 1
    assert item_state(
        votes[2:], groups={}, redundancy=5, min_support=3, settled=None, gold=None, dataset=1
    ).first is None  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([*LABELS, "gold", "settle", "group", "fold"])),
        max_size=20,
    )
)
def test_counters_equal_a_recount_after_gold_settlements_and_corrections(db, steps):
    with transaction.atomic():
        cast = make_cast()
        items = fresh_items(cast.project, 4)
        annotators = [make_annotator(cast.project, kind="model" if n > 1 else "human") for n in range(4)]
        labelled = set()
        for which, who, what in steps:
            item = items[which]
            if what == "fold":
                fold_outbox(limit=2)
            elif what in LABELS:
                if (which, who) not in labelled:
                    add_label(item, annotators[who], what)
                    labelled.add((which, who))
            else:
                correct(item, what, LABELS[who % 3])
            assert recount(project=cast.project) == []
        while fold_outbox(limit=3):
            pass
        assert recount(project=cast.project) == []
        transaction.set_rollback(True)


def correct(item, what: str, label: str) -> None:
    with item_changes(project=item.project, item_ids=[item.pk]) as changes:
        if what == "settle":
            if Consensus.objects.filter(item=item, method=ConsensusMethod.SETTLED).exists():
                return
            now = timezone.now()
            case = Case.objects.create(
                project=item.project, item=item, kind="human_human", status="settled", opened_at=now, closed_at=now
            )
            made = Settlement.objects.create(
                case=case, schema=changes.schema, value=label, cause="human_error", recurrent=False, reason="So.",
                settled_by=item.project.created_by, created_at=now,
            )  # fmt: skip
            changes.settle(item_id=item.pk, value=label, schema_id=changes.schema.pk, settlement_id=made.pk)
            return
        if what == "gold":
            item.gold = label
        else:
            item.groups = {"religion": "muslim" if label == "keep" else "christian"}
        item.save(update_fields=["gold", "groups"])
        changes.correct(item_id=item.pk, groups=item.groups, gold=item.gold)
