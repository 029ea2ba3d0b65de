"""Every number of the live page, against fairlearn and scikit-learn on the raw rows, after each fold of any history."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    selection_rate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from annotations.models import Annotation, Consensus, Project
from annotations.services.changes import item_changes
from annotations.task_types import task_type
from fairness.metrics import Estimate
from fairness.metrics import Reason as BiasReason
from fairness.selectors.live import LiveView, Source, live_view
from fairness.services.fold import fold_outbox
from tests.factories import add_label, make_annotator, make_cast
from tests.fairness.test_fold import fresh_items, withdraw

LABELS = ["keep", "review", "remove"]


@dataclass
class Rows:
    """Selected or not, and the group, of each row: what fairlearn reads."""

    selected: list[int]
    groups: list[str]

    def metric(self, function: Any) -> float:
        return float(function(self.selected, self.selected, sensitive_features=self.groups))

    def by_group(self) -> dict[str, float]:
        frame = MetricFrame(
            metrics=selection_rate, y_true=self.selected, y_pred=self.selected, sensitive_features=self.groups
        )
        return {str(group): float(value) for group, value in frame.by_group.items()}


def raw(project: Project, label: str, attribute: str, **which: Any) -> Rows:
    task = task_type(project.schemas.get(is_current=True).task_type)
    rows = Annotation.objects.filter(project=project, status="current", **which).select_related("item")
    found = [
        (row.item.groups[attribute], task.decisions(task.token(row.value)))
        for row in rows
        if attribute in row.item.groups
    ]
    return Rows([int(label in given) for _, given in found], [group for group, _ in found])


def raw_consensus(project: Project, label: str, attribute: str) -> Rows:
    task = task_type(project.schemas.get(is_current=True).task_type)
    rows = Consensus.objects.filter(item__project=project, value__isnull=False).select_related("item")
    found = [
        (row.item.groups[attribute], task.decisions(task.token(row.value)))
        for row in rows
        if attribute in row.item.groups
    ]
    return Rows([int(label in given) for _, given in found], [group for group, _ in found])


def same(ours: Estimate, theirs: float) -> None:
    assert ours.value is not None
    assert math.isclose(ours.value, theirs, abs_tol=1e-12)


def check_source(source: Source | None, rows: Rows) -> None:
    assert source is not None
    assert set(source.counts) == set(rows.groups)
    if not rows.groups:
        assert source.parity.difference.reason is BiasReason.ONE_GROUP
        return
    rates = rows.by_group()
    for group, rate in source.parity.rates.items():
        same(rate, rates[group])
        assert source.counts[group].n == rows.groups.count(group) == rate.n
        assert rate.low is not None
        assert rate.high is not None
        assert rate.low <= rates[group] <= rate.high
    if len(rates) < 2:
        assert source.parity.difference.reason is BiasReason.ONE_GROUP
        return
    same(source.parity.difference, rows.metric(demographic_parity_difference))
    if max(rates.values()) > 0:
        same(source.parity.ratio, rows.metric(demographic_parity_ratio))
    else:  # 0 of 0: fairlearn gives NaN
        assert source.parity.ratio.reason is BiasReason.ALL_ZERO


def check_kappa(project: Project, view: LiveView) -> None:
    """Over single-choice items: the people's own consensus, recounted from rows, beside the model's label."""
    for model in view.models:
        pairs = []
        for row in Annotation.objects.filter(annotator_id=model.source.annotator_id, status="current"):
            votes = list(
                Annotation.objects.filter(item_id=row.item_id, status="current", annotator__kind="human").values_list(
                    "value", flat=True
                )
            )
            top = max(votes, key=votes.count, default=None)
            if top is not None and votes.count(top) >= project.min_support and 2 * votes.count(top) > len(votes):
                pairs.append((top, row.value))
        assert model.kappa.n_items == len(pairs)
        if len({value for pair in pairs for value in pair}) > 1:
            people, llm = zip(*pairs, strict=True)
            assert model.kappa.value == pytest.approx(cohen_kappa_score(people, llm), abs=1e-12)
        else:
            assert model.kappa.undefined_reason is not None


def check_everything(project: Project, label: str, attribute: str = "religion") -> None:
    view = live_view(project, attribute=attribute, label=label, min_group=1)
    people = raw(project, label, attribute, annotator__kind="human")
    check_source(view.people, people)
    check_source(view.consensus, raw_consensus(project, label, attribute))
    check_kappa(project, view)
    for model in view.models:
        llm = raw(project, label, attribute, annotator_id=model.source.annotator_id)
        check_source(model.source, llm)
        both = set(people.groups) & set(llm.groups)
        gaps = {g: llm.by_group()[g] - people.by_group()[g] for g in both}
        assert {g for g, gap in model.gaps.by_group.items() if gap.is_ok} == both
        for group, gap in gaps.items():
            same(model.gaps.by_group[group], gap)
        if len(both) >= 2:
            same(model.gaps.spread, max(gaps.values()) - min(gaps.values()))
        else:
            assert model.gaps.spread.reason is BiasReason.ONE_GROUP
    needed = project.items.count() * project.redundancy
    given = sum(
        min(project.redundancy, item.annotations.filter(status="current", annotator__kind="human").count())
        for item in project.items.all()
    )
    assert view.progress.completeness == pytest.approx(given / needed)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from([*LABELS, "undo"])), min_size=6, max_size=30
    ),
    label=st.sampled_from(LABELS),
    every=st.integers(1, 7),
)
def test_every_number_equals_fairlearn_on_the_raw_rows_after_each_fold(db, steps, label, every):
    with transaction.atomic(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # fairlearn divides zero by zero where no group has the label
        project = make_cast().project
        items = fresh_items(project, 6)
        annotators = [make_annotator(project, kind="model" if n == 3 else "human") for n in range(4)]
        held: dict[tuple[int, int], Annotation] = {}
        for number, (which, who, what) in enumerate(steps):
            earlier = held.pop((which, who), None)
            if earlier is not None:
                withdraw(earlier)
            if what != "undo":
                held[which, who] = add_label(items[which], annotators[who], what)
            if number % every == 0:
                while fold_outbox():
                    pass
                check_everything(project, label)
        transaction.set_rollback(True)


def test_a_set_of_labels_counts_as_one_answer_that_gives_each_of_its_labels(db):
    config = {"labels": [{"name": name} for name in ("Insult", "Threat", "Spam")], "min_choices": 0, "max_choices": 3}
    project = make_cast(task="multiple_choice", config=config, favourable_label="insult").project
    items = fresh_items(project, 4)
    for item, value in zip(items, (["insult", "spam"], ["spam"], [], ["insult"]), strict=True):
        add_label(item, make_annotator(project), value)
    fold_outbox()
    for label in ("insult", "spam", "threat"):
        view = live_view(project, label=label, min_group=1)
        assert view.people is not None
        rows = raw(project, label, "religion", annotator__kind="human")
        assert {g: rate.value for g, rate in view.people.parity.rates.items()} == rows.by_group()
        assert sum(counts.n for counts in view.people.counts.values()) == 4


def test_a_settlement_moves_the_consensus_and_nothing_else(cast):
    items = fresh_items(cast.project, 4)
    for item in items:
        for value in ("keep", "keep"):
            add_label(item, make_annotator(cast.project), value)
    fold_outbox()
    before = live_view(cast.project, min_group=1)
    with item_changes(project=cast.project, item_ids=[items[0].pk]) as changes:
        changes.settle(item_id=items[0].pk, value="remove", schema_id=cast.schema.pk, settlement_id=1)
    fold_outbox()
    after = live_view(cast.project, min_group=1)
    group = items[0].groups["religion"]
    assert after.people == before.people
    assert before.consensus is not None
    assert before.consensus.counts[group].selected == 2
    assert after.consensus is not None
    assert after.consensus.counts[group].selected == 1


def test_a_group_of_29_is_insufficient_and_one_of_30_is_shown(cast):
    for number in range(59):
        (item,) = fresh_items(cast.project, 1)
        item.groups = {"religion": "jewish" if number < 29 else "sikh"}
        item.save(update_fields=["groups"])
        add_label(item, make_annotator(cast.project), "keep")
    fold_outbox()
    view = live_view(cast.project)
    assert view.people is not None
    assert view.people.parity.rates["jewish"].reason is BiasReason.SMALL_GROUP
    assert view.people.parity.rates["jewish"].n == 29
    assert view.people.parity.rates["sikh"].value == 1.0
    assert view.people.parity.difference.reason is BiasReason.SMALL_GROUPS
    assert view.people.beyond_chance is None


def test_a_difference_is_beyond_chance_only_at_the_confidence_of_all_pairs(cast):
    Project.objects.filter(pk=cast.project.pk).update(redundancy=1, min_support=1)
    cast.project.refresh_from_db()

    def labelled(group: str, keep: int, n: int) -> None:
        items = fresh_items(cast.project, n)
        annotator = make_annotator(cast.project)
        for number, item in enumerate(items):
            item.groups = {"religion": group}
            item.save(update_fields=["groups"])
            add_label(item, annotator, "keep" if number < keep else "remove")

    labelled("a", 20, 40)
    labelled("b", 30, 40)
    fold_outbox()
    view = live_view(cast.project).people
    assert view is not None
    assert view.parity.difference.low is not None
    assert view.parity.difference.low > 0
    assert view.beyond_chance is True  # one pair: the plain interval decides
    for group in "cdef":
        labelled(group, 25, 40)
    fold_outbox()
    view = live_view(cast.project).people
    assert view is not None
    assert view.parity.difference.low is not None
    assert view.parity.difference.low < 0  # what is shown says the same: all fifteen pairs hold together
    assert view.parity.pair_confidence == pytest.approx(1 - 0.05 / 15)
    assert view.beyond_chance is False  # the widest of fifteen pairs


def test_questions_that_the_project_cannot_answer(cast):
    from ledger.errors import DomainError

    with pytest.raises(DomainError, match="no attribute “age”"):
        live_view(cast.project, attribute="age")
    with pytest.raises(DomainError, match="no label “hate”"):
        live_view(cast.project, label="hate")
    cast.project.attributes.all().delete()
    view = live_view(cast.project)
    assert view.question is None
    assert view.sources == ()
