"""Each measure: what it makes of counts, and that counters say exactly what the raw rows say."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import Annotation, Item
from annotations.state import Vote, people_decide
from fairness.metrics import kappa_below
from fairness.models import Monitor
from fairness.monitors.measures import JUDGES, Verdict, accepted_by, completeness, labels_in, worse_of
from fairness.monitors.models import Measure, Truth, Whose
from fairness.monitors.reading import MOST_PENDING, state_of, table_of, verdict_of
from tests.factories import add_label, make_annotator, make_cast
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct

LABELS = ["keep", "review", "remove"]
GROUPS = ["christian", "muslim"]
NOTHING: dict = {}


def judged(measure: str, table, tau: float = 0.1, accepted=NOTHING, alpha: float = 0.05) -> Verdict:
    return JUDGES[measure](table, alpha, tau, accepted)


CLEAR = {
    "parity": {"a": [10, 100], "b": [90, 100]},
    "odds": {"a": [10, 10, 90, 90], "b": [90, 10, 10, 90]},
    "gap": {"a": [2, 60, 10, 100], "b": [5, 5, 40, 100]},
    "completeness": {"a": [10, 100], "b": [90, 100]},
    "error": {"a": [60, 100], "b": [5, 100]},
}
NAMED = {
    "parity": ("b", "a"), "odds": ("b", "a"), "gap": ("a",), "completeness": ("b", "a"), "error": ("a",),
}  # fmt: skip
EVEN = {
    "parity": {"a": [50, 100], "b": [52, 100]},
    "odds": {"a": [50, 50, 50, 50], "b": [52, 50, 48, 50]},
    "gap": {"a": [10, 12, 30, 100], "b": [11, 10, 30, 100]},
    "completeness": {"a": [50, 100], "b": [52, 100]},
    "error": {"a": [5, 100], "b": [6, 100]},
}


@pytest.mark.parametrize("measure", sorted(CLEAR))
def test_what_is_clear_is_beyond_and_named_and_what_is_even_is_not(measure):
    clear = judged(measure, CLEAR[measure])
    assert clear.beyond
    assert clear.groups == NAMED[measure]
    assert clear.certain is not None
    assert 0.1 < clear.certain <= clear.plain
    assert not judged(measure, EVEN[measure]).beyond


@pytest.mark.parametrize("measure", sorted(CLEAR))
def test_what_was_found_is_accepted_and_more_is_not(measure):
    accepted = accepted_by(measure, judged(measure, CLEAR[measure]).as_json())
    assert not judged(measure, CLEAR[measure], accepted=accepted).beyond
    less = {subject: value / 3 for subject, value in accepted.items()}
    assert judged(measure, CLEAR[measure], accepted=less).beyond


@pytest.mark.parametrize("measure", [*sorted(CLEAR), "kappa"])
def test_without_labels_nothing_is_said(measure):
    empty = {"parity": [0, 0], "odds": [0] * 4, "gap": [0] * 4, "completeness": [0, 0], "error": [0, 0], "kappa": []}
    found = judged(measure, {"a": empty[measure], "b": empty[measure]}, tau=0.5)
    assert not found.beyond
    assert found.plain is None


def test_kappa_is_beyond_where_it_is_certainly_lower_than_asked():
    table = {"": [[250, 240], [260, 250]]}
    found = judged("kappa", table, tau=0.4)
    assert found.beyond
    assert found.certain < 0.4
    assert found.plain == pytest.approx(0.0, abs=0.05)
    assert not judged("kappa", {"": [[480, 10], [20, 490]]}, tau=0.4).beyond
    assert not judged("kappa", table, tau=0.4, accepted=accepted_by("kappa", found.as_json())).beyond


def test_the_rate_that_differs_is_named_among_the_odds():
    assert judged("odds", CLEAR["odds"]).rate == "true_positive"
    assert judged("odds", {"a": [50, 10, 50, 90], "b": [50, 90, 50, 10]}).rate == "false_positive"


def test_completeness_leaves_small_groups_out_and_names_what_is_certain():
    assert not judged("completeness", {"a": [0, 29], "b": [90, 100]}).beyond
    by_chance = judged("completeness", {"a": [3, 30], "b": [60, 300]})
    assert (by_chance.beyond, by_chance.certain) == (False, 0.0)
    assert by_chance.plain == pytest.approx(0.1)
    assert not judged("completeness", {"a": [8, 30], "b": [2, 30]}).beyond
    three = judged("completeness", {"a": [0, 40], "b": [30, 400], "c": [300, 400]})
    assert {one.groups for one in three.found} == {("c", "a"), ("c", "b")}


def ever_behind(random: np.random.Generator, items: tuple[int, int], labels: int, *, together: bool, k: int) -> bool:
    """Whether two groups that are labelled at random ever pass ten points; ``together``: each item's labels at once."""
    of = np.repeat([0, 1], items)
    order = np.repeat(random.permutation(of), labels) if together else random.permutation(np.repeat(of, labels))
    needed = [n * labels for n in items]
    given = np.array([np.cumsum(order == group) for group in (0, 1)])
    passed = np.flatnonzero(np.abs(given[0] / needed[0] - given[1] / needed[1]) > 0.1)
    return any(
        completeness(
            {group: [int(given[group, at]), needed[group]] for group in (0, 1)}, 0.05, 0.1, {}, labels_per_item=k
        ).beyond
        for at in passed
    )


@pytest.mark.parametrize(
    ("items", "labels", "together"), [((30, 300), 1, False), ((120, 120), 1, False), ((40, 40), 3, True)]
)
def test_an_order_that_knows_no_groups_pauses_in_at_most_alpha_of_projects(items, labels, together):
    random = np.random.default_rng(20_261_126)
    false = sum(ever_behind(random, items, labels, together=together, k=labels) for _ in range(60))
    assert false <= 0.05 * 60


def test_a_group_that_is_served_first_is_found_soon():
    """From three labels of four for the one on, of two groups of 600."""
    random = np.random.default_rng(20_261_126)
    given = [0, 0]
    while not judged("completeness", {"a": [given[0], 600], "b": [given[1], 600]}).beyond:
        given[int(random.random() > 0.75)] += 1
    assert sum(given) < 300


REVERSED = {
    "parity": {"a": [90, 100], "b": [10, 100]},
    "odds": {"a": [90, 10, 10, 90], "b": [10, 10, 90, 90]},
    "gap": {"a": [60, 2, 10, 100], "b": [5, 5, 40, 100]},
    "completeness": {"a": [90, 100], "b": [10, 100]},
}


@pytest.mark.parametrize("measure", sorted(REVERSED))
def test_what_is_accepted_one_way_round_is_found_the_other_way_round(measure):
    accepted = accepted_by(measure, judged(measure, CLEAR[measure]).as_json())
    assert judged(measure, REVERSED[measure], accepted=accepted).beyond


def test_what_only_looks_so_is_not_accepted_with_what_is_certain():
    """b is certainly above a; c, from 30 labels, is not yet certain to be anything."""
    few = {"a": [100, 500], "b": [400, 500], "c": [10, 30]}
    assert accepted_by("parity", judged("parity", few).as_json()) == {("b", "a"): pytest.approx(0.6)}
    later = few | {"c": [300, 600]}
    assert judged("parity", later, accepted={("b", "a"): 0.6}).groups in {("c", "a"), ("b", "c")}


def test_everything_that_is_certain_is_listed():
    table = {"a": [50, 500], "b": [250, 500], "c": [450, 500]}
    found = judged("parity", table)
    assert {one.groups: round(one.plain, 9) for one in found.found} == {
        ("b", "a"): 0.4, ("c", "a"): 0.8, ("c", "b"): 0.4,
    }  # fmt: skip
    assert found.groups == ("c", "a")
    both = judged("odds", {"a": [10, 10, 90, 90], "b": [90, 90, 10, 10]})
    assert {one.subject for one in both.found} == {("true_positive", "b", "a"), ("false_positive", "b", "a")}


def test_a_finding_from_before_accepts_what_it_names_in_its_direction():
    old = {"groups": ["a"], "rate": "", "plain": 0.58, "table": {"a": [2, 60, 10, 100]}}
    assert accepted_by("gap", old) == {("less", "a"): 0.58}


@pytest.mark.parametrize(
    ("measure", "labels"), [("parity", 200), ("odds", 400), ("gap", 200), ("completeness", 100), ("error", 200)]
)
def test_the_labels_of_a_table_are_counted(measure, labels):
    assert labels_in(measure, CLEAR[measure]) == labels
    assert labels_in("kappa", {"": [[3, 1], [2, 4]], "a": [[1, 0], [0, 0]]}) == 11


@pytest.mark.parametrize(
    ("measure", "table"),
    [
        ("parity", {"a": [0, 20], "b": [20, 20]}),
        ("odds", {"a": [0, 20, 25, 20], "b": [25, 20, 0, 20]}),
        ("gap", {"a": [0, 25, 0, 25], "b": [0, 0, 5, 25]}),
        ("error", {"": [25, 25]}),
        ("kappa", {"": [[0, 14], [14, 0]]}),
    ],
)
def test_what_a_finding_names_is_accepted_with_it_from_however_few_labels(measure, table):
    tau = 0.4 if measure == "kappa" else 0.0
    found = judged(measure, table, tau=tau)
    assert found.beyond
    accepted = accepted_by(measure, found.as_json())
    assert not judged(measure, table, tau=tau, accepted=accepted).beyond


def test_of_two_acceptances_the_further_holds():
    assert worse_of("parity", {("a", "b"): 0.2}, {("a", "b"): 0.3, ("a", "c"): 0.1}) == {
        ("a", "b"): 0.3, ("a", "c"): 0.1,
    }  # fmt: skip
    assert worse_of("kappa", {("",): 0.2}, {("",): 0.3}) == {("",): 0.2}


MONITORS = [
    (measure, whose, attribute, truth)
    for measure, whose, attribute in (
        ("parity", "model", "religion"), ("parity", "people", "religion"), ("parity", "consensus", "religion"),
        ("odds", "model", "religion"), ("odds", "consensus", "religion"), ("gap", "model", "religion"),
        ("kappa", "model", ""), ("kappa", "model", "religion"), ("completeness", "people", "religion"),
        ("error", "model", ""), ("error", "people", "religion"),
    )
    for truth in (("gold", "settled") if measure in ("odds", "error") else ("gold",))
]  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from([*LABELS, "gold", "settle"])), max_size=30
    ),
    folded=st.booleans(),
)
def test_counters_judge_exactly_as_the_raw_rows_do(db, steps, folded):
    with transaction.atomic():
        cast = make_cast()
        items = fresh_items(cast.project, 6)
        annotators = [make_annotator(cast.project, kind="model" if n == 3 else "human") for n in range(4)]
        labelled = set()
        for which, who, what in steps:
            if what not in LABELS:
                correct(items[which], what, LABELS[who % 3])
            elif (which, who) not in labelled:
                add_label(items[which], annotators[who], what)
                labelled.add((which, who))
        if folded:
            fold_all()
        for measure, whose, attribute, truth in MONITORS:
            monitor = Monitor(
                project=cast.project, measure=measure, whose=whose, attribute=attribute, truth=truth, label="keep",
                groups=GROUPS, alpha=0.3, tau=0.2,
            )  # fmt: skip
            state = state_of(cast.project.pk, [monitor], pending=MOST_PENDING)
            model = annotators[3].pk if whose == Whose.MODEL else None
            table, right = table_of(monitor, state, model), from_rows(monitor, model)
            assert table == right, monitor.measure
            assert judged(measure, table, 0.2, alpha=0.3) == judged(measure, right, 0.2, alpha=0.3)
        transaction.set_rollback(True)


def from_rows(monitor: Monitor, model: int | None):
    """The table of a monitor, from labels, gold and consensus alone."""
    project, rows = monitor.project, []
    for item in Item.objects.filter(project=project).select_related("consensus"):
        labels = list(Annotation.objects.filter(item=item, status="current").select_related("annotator"))
        votes = [Vote(a.pk, a.annotator_id, a.annotator.kind == "model", a.value) for a in labels]
        agreed = people_decide(votes, min_support=project.min_support)
        consensus = getattr(item, "consensus", None)
        is_settled = consensus is not None and consensus.method == "settled"
        settled = consensus.value if is_settled else None
        by_people = sorted((a for a in labels if a.annotator.kind != "model"), key=lambda a: a.pk)
        done = len(by_people) >= project.redundancy
        said = {
            Whose.PEOPLE: agreed.token if agreed and done else None,
            Whose.CONSENSUS: consensus.value if consensus and (done or settled) else None,
            Whose.MODEL: next((a.value for a in labels if a.annotator_id == model), None),
            "first": by_people[0].value if by_people else None,
        }
        truth = item.gold if item.gold is not None else (settled if monitor.truth == Truth.SETTLED else None)
        if item.gold is None and monitor.whose == Whose.CONSENSUS:
            truth = None  # the settlement is the consensus: it is not held against itself
        places = project.redundancy if is_settled else min(project.redundancy, len(by_people))
        group = item.groups["religion"] if monitor.attribute else ""
        rows.append((group, said, truth, places))
    return _counted(monitor, rows)


def _counted(monitor: Monitor, rows):
    groups = monitor.groups if monitor.attribute else [""]
    sizes = {"parity": 2, "odds": 4, "gap": 4, "completeness": 2, "error": 2}
    table = {group: [0] * sizes.get(monitor.measure, 0) for group in groups}
    pairs: dict[str, Counter] = defaultdict(Counter)
    for group, said, truth, places in rows:
        own, row = said[Whose(monitor.whose)], table[group]
        keep = own == "keep"
        if monitor.measure == Measure.COMPLETENESS:
            table[group] = [row[0] + places, row[1] + monitor.project.redundancy]
        elif own is None:
            continue
        elif monitor.measure == Measure.PARITY:
            table[group] = [row[0] + keep, row[1] + 1]
        elif monitor.measure == Measure.KAPPA and said[Whose.PEOPLE] is not None:
            pairs[group][said[Whose.PEOPLE], own] += 1
        elif monitor.measure == Measure.GAP and said["first"] is not None:
            other = said["first"] == "keep"
            found = (keep and not other, other and not keep, keep and other, True)
            table[group] = [a + b for a, b in zip(row, found, strict=True)]
        elif monitor.measure == Measure.ERROR and truth is not None:
            table[group] = [row[0] + (own != truth), row[1] + 1]
        elif monitor.measure == Measure.ODDS and truth is not None:
            true = truth == "keep"
            found = (true and keep, keep and not true, true and not keep, not true and not keep)
            table[group] = [a + b for a, b in zip(row, found, strict=True)]
    if monitor.measure == Measure.KAPPA:
        return {g: [[pairs[g][a, b] for b in LABELS] for a in LABELS] for g in groups}
    return table


@pytest.mark.parametrize(("task", "known"), [("single_choice", True), ("multiple_choice", False)])
def test_the_labels_of_kappa_are_those_of_the_schema_and_not_those_that_came_up(db, task, known):
    """With two of three labels given, the third shares α already; sets of labels cannot be named beforehand."""
    cast = make_cast(task=task, redundancy=1, min_support=1)
    model, person = make_annotator(cast.project, kind="model"), make_annotator(cast.project)
    for number, item in enumerate(fresh_items(cast.project, 40)):
        for who, token in ((person, "keep"), (model, ("keep", "remove")[number % 2])):
            add_label(item, who, token if known else [token])
    fold_all()
    monitor = Monitor(project=cast.project, measure="kappa", whose="model", alpha=0.05, tau=0.9)
    state = state_of(cast.project.pk, [monitor])
    table = table_of(monitor, state, model.pk)
    assert table == {"": [[20, 0, 20], [0, 0, 0], [0, 0, 0]]}
    upper = kappa_below(table[""], bound=0.9, named=None if known else 3).band.high
    assert verdict_of(monitor, table, {}, state).certain == upper
    assert upper > kappa_below([[20, 20], [0, 0]], bound=0.9).band.high
