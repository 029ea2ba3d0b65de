"""Fits of a project's labels: what they find, what they leave alone, when they are due."""

from __future__ import annotations

import random
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection, connections
from django.utils import timezone

from annotations.aggregation import Skills, dawid_skene, labels_of, posterior
from annotations.deciding.arrays import collect
from annotations.deciding.cases import expected_error_of, settling_time
from annotations.deciding.fitting import LOCK_CLASS, consensus_refit, stale_projects
from annotations.deciding.selectors import disputed_items, fit_of, posterior_of, skills_of_project
from annotations.models import (
    Annotation,
    AnnotatorSkill,
    Case,
    Consensus,
    ConsensusFit,
    ConsensusRules,
    Item,
    ItemPosterior,
)
from annotations.services.changes import item_changes
from annotations.settling.services import claim_next, settle
from ledger.models import LedgerEvent
from ledger.services import SYSTEM, record
from tests.factories import add_label, make_annotator, make_items

pytestmark = pytest.mark.django_db
LABELS = ["keep", "review", "remove"]


def crowd(cast, *, items: int = 60, seed: int = 3) -> tuple[list[Item], list[str]]:
    """Three good annotators and two who answer by chance, on every item; the true labels."""
    chance = random.Random(seed)
    made = make_items(cast.project, items)
    truth = [chance.choice(LABELS) for _ in made]
    for skill in (0.95, 0.9, 0.9, 0.35, 0.35):
        annotator = make_annotator(cast.project)
        for item, true in zip(made, truth, strict=True):
            add_label(item, annotator, true if chance.random() < skill else chance.choice(LABELS))
    return made, truth


def mixed(cast, *, items: int = 80, seed: int = 5) -> list[Item]:
    """Items with the labels of two careful annotators and three who answer by chance."""
    chance = random.Random(seed)
    made = make_items(cast.project, items)
    careful = [make_annotator(cast.project) for _ in range(3)]
    careless = [make_annotator(cast.project) for _ in range(4)]
    for item in made:
        true = chance.choice(LABELS)
        for annotator in chance.sample(careful, 2) + chance.sample(careless, 3):
            sure = annotator in careful and chance.random() < 0.95
            add_label(item, annotator, true if sure else chance.choice(LABELS))
    return made


def test_the_fit_is_that_of_the_method_on_the_same_rows(cast):
    items, _truth = crowd(cast)
    fit = consensus_refit(project_id=cast.project.pk)
    assert fit is not None
    rows = Annotation.objects.filter(project=cast.project).order_by("item_id", "annotator_id")
    triples = [(row.item_id, row.annotator_id, row.value) for row in rows]
    labels, item_ids, annotator_ids, names = labels_of(triples, LABELS)
    expected = dawid_skene(labels)
    assert (fit.method, fit.items, fit.labels, fit.annotators) == ("dawid_skene", 60, 300, 5)
    stored = ItemPosterior.objects.in_bulk(items and [item.pk for item in items])
    for number, item_id in enumerate(item_ids):
        found = [stored[item_id].probabilities.get(name, 0) for name in names]
        assert found == pytest.approx(expected.posterior[number].tolist(), abs=2e-3)
    skills = dict(AnnotatorSkill.objects.values_list("annotator_id", "skill"))
    found = [skills[pk] for pk in annotator_ids]
    assert found == pytest.approx(expected.skill.tolist(), abs=1e-3)


def test_it_tells_the_careful_from_those_who_answer_by_chance(cast):
    crowd(cast)
    fit = consensus_refit(project_id=cast.project.pk)
    skills = [row.skill for row in AnnotatorSkill.objects.order_by("annotator_id")]
    assert min(skills[:3]) > 0.85 > max(skills[3:])
    shown = skills_of_project(fit)
    assert all(one.low < one.skill < one.high for one in shown)
    assert all(one.name.startswith("a-") for one in shown)


def test_a_second_fit_begins_where_the_first_ended(cast):
    crowd(cast)
    first = consensus_refit(project_id=cast.project.pk)
    before = dict(ItemPosterior.objects.values_list("item_id", "certainty"))
    second = consensus_refit(project_id=cast.project.pk)
    assert second.iterations < first.iterations
    after = dict(ItemPosterior.objects.values_list("item_id", "certainty"))
    assert after == pytest.approx(before, abs=1e-3)


def test_withdrawn_labels_leave_the_fit(cast):
    item, other = make_items(cast.project, 2)
    annotator = make_annotator(cast.project)
    given = add_label(item, annotator, "keep")
    add_label(other, annotator, "keep")
    consensus_refit(project_id=cast.project.pk)
    assert ItemPosterior.objects.count() == 2
    with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
        Annotation.objects.filter(pk=given.pk).update(status="undone")
        changes.withdraw(item_id=item.pk, annotator_id=annotator.pk)
    consensus_refit(project_id=cast.project.pk)
    assert list(ItemPosterior.objects.values_list("item_id", flat=True)) == [other.pk]
    Annotation.objects.update(status="undone")
    assert consensus_refit(project_id=cast.project.pk) is None
    assert not ItemPosterior.objects.exists()
    assert not AnnotatorSkill.objects.exists()
    assert not ConsensusFit.objects.exists()


def test_gold_and_settled_items_are_anchors(cast):
    gold, settled, free = make_items(cast.project, 3)
    Item.objects.filter(pk=gold.pk).update(gold="remove")
    people = [make_annotator(cast.project) for _ in range(3)]
    for item in (gold, settled, free):
        for person in people[:2]:
            add_label(item, person, "keep")
    add_label(settled, people[2], "review")
    case = claim_next(expert=cast.edgar, project=cast.project)
    settle(expert=cast.edgar, case_id=case.pk, value="review", cause="human_error", recurrent=False, reason="It is so.")
    fit = consensus_refit(project_id=cast.project.pk)
    assert fit.anchors == 2
    assert posterior_of(gold) == [("Remove", 1.0)]
    assert posterior_of(settled) == [("Review", 1.0)]


def test_models_count_only_where_the_owner_says_so_and_prompts_of_one_model_once(cast):
    (item,) = make_items(cast.project, 1)
    person = make_annotator(cast.project)
    add_label(item, person, "keep")
    for number in range(3):
        model = make_annotator(cast.project, kind="model", name=f"m · {number}", base_model="m")
        add_label(item, model, "remove")
    assert len(collect(schema=cast.schema, count_models=False).labels) == 1
    found = collect(schema=cast.schema, count_models=True).labels
    assert len(found) == 4
    assert found.weights.sum() == pytest.approx(2)  # the person 1, all three prompts together 1
    ConsensusRules.objects.create(project=cast.project, method="majority", count_models=True)
    consensus_refit(project_id=cast.project.pk)
    assert dict(posterior_of(item)) == pytest.approx({"Keep": 0.5, "Remove": 0.5})


def test_too_many_different_answers_fall_back_on_votes(cast, monkeypatch):
    crowd(cast, items=10)
    monkeypatch.setattr("annotations.deciding.fitting.MOST_CLASSES", 2)
    fit = consensus_refit(project_id=cast.project.pk)
    assert fit.method == "weighted_majority"
    assert "3 different answers" in fit.note


@pytest.mark.parametrize("method", ["majority", "weighted_majority", "wawa", "dawid_skene", "glad", "mace"])
def test_every_method_can_be_stored_and_shown(cast, method):
    crowd(cast, items=12)
    ConsensusRules.objects.create(project=cast.project, method=method)
    fit = consensus_refit(project_id=cast.project.pk)
    assert fit.method == method
    for row in ItemPosterior.objects.all():
        assert sum(row.probabilities.values()) == pytest.approx(1, abs=0.01)
        assert row.certainty == max(row.probabilities.values())
    shown = fit_of(cast.project)
    assert 0 <= shown.errors <= shown.decided


def test_the_consensus_stays_with_the_people(cast):
    """Where those who answer by chance outvote the careful, the fit says so; the consensus stays."""
    items = mixed(cast)
    before = dict(Consensus.objects.values_list("item_id", "value"))
    consensus_refit(project_id=cast.project.pk)
    assert dict(Consensus.objects.values_list("item_id", "value")) == before
    stored = ItemPosterior.objects.in_bulk([item.pk for item in items])
    expected = {pk for pk, value in before.items() if stored[pk].value != value}
    assert expected
    assert {row.item_id for row in disputed_items(cast.project)} == expected
    shown = fit_of(cast.project)
    assert shown.decided == len(before)
    errors = sum(1 - stored[pk].probabilities.get(value, 0) for pk, value in before.items())
    assert shown.errors == pytest.approx(errors, abs=1e-6)
    assert shown.disputed == len(expected)


def test_cases_are_ordered_by_expected_errors_per_minute(cast):
    items, _truth = crowd(cast)
    long = items[0]
    Item.objects.filter(pk=long.pk).update(payload={"text": "word " * 2000})
    consensus_refit(project_id=cast.project.pk)
    cases = {case.item_id: case for case in Case.objects.filter(status="open")}
    assert len(cases) > 5
    consensus = dict(Consensus.objects.values_list("item_id", "value"))
    for row in ItemPosterior.objects.filter(item_id__in=cases):
        case = cases[row.item_id]
        assert case.priority == pytest.approx(
            expected_error_of(consensus.get(row.item_id), row.probabilities), abs=1e-3
        )
        assert case.at_stake == pytest.approx(case.priority / case.minutes)
    if long.pk in cases:
        assert cases[long.pk].minutes == max(case.minutes for case in cases.values())
    taken = claim_next(expert=cast.edgar, project=cast.project)
    assert taken.at_stake == max(case.at_stake for case in cases.values())


def test_expected_error():
    assert expected_error_of("a", {"a": 0.7, "b": 0.3}) == pytest.approx(0.3)
    assert expected_error_of("c", {"a": 0.7, "b": 0.3}) == 1
    assert expected_error_of(None, {"a": 0.7, "b": 0.3}) == pytest.approx(0.3)


def test_settling_time_is_learnt_from_settlements(cast):
    (item,) = make_items(cast.project, 1)
    for value in ("keep", "remove"):
        add_label(item, make_annotator(cast.project), value)
    typical = settling_time(cast.project.pk).minutes(50)
    case = claim_next(expert=cast.edgar, project=cast.project)
    settled = settle(
        expert=cast.edgar, case_id=case.pk, value="keep", cause="human_error", recurrent=False, reason="It is so."
    )
    assert settled is not None
    assert settling_time(cast.project.pk).minutes(50) < typical  # settled within a second


def test_posteriors_between_fits_agree_with_the_fit(cast):
    """The skills that are stored are enough to work out the stored posteriors."""
    items, _truth = crowd(cast)
    fit = consensus_refit(project_id=cast.project.pk)
    matrices = dict(AnnotatorSkill.objects.values_list("annotator_id", "confusion"))
    common = np.mean(list(matrices.values()), axis=0).tolist()
    skills = Skills(labels=tuple(fit.tokens), prior=tuple(fit.prior), common=common, matrices=matrices)
    for item in items[:10]:
        votes = list(Annotation.objects.filter(item=item).values_list("annotator_id", "value"))
        stored = ItemPosterior.objects.get(item=item)
        found = posterior(votes, skills, fit.tokens)
        assert {k: v for k, v in found.items() if v > 0.01} == pytest.approx(
            {k: v for k, v in stored.probabilities.items() if v > 0.01}, abs=0.02
        )


def age(seconds: float) -> None:
    ConsensusFit.objects.update(fitted_at=timezone.now() - timedelta(seconds=seconds))


def test_when_a_fit_is_due(cast):
    (item,) = make_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")

    def event(kind: str) -> None:
        record(kind=kind, actor=SYSTEM, subject="x", project_id=cast.project.pk, data={})

    event("annotation.submitted")
    assert stale_projects() == [cast.project.pk]
    consensus_refit(project_id=cast.project.pk)
    assert stale_projects() == []  # just fitted
    age(30)
    assert stale_projects() == [cast.project.pk]  # what was numbered before may have been committed after
    newest = LedgerEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    ConsensusFit.objects.update(head=newest)
    assert stale_projects() == []
    event("assignment.leased")
    assert stale_projects() == []  # a lease says nothing about labels
    event("annotation.submitted")
    assert stale_projects() == [cast.project.pk]
    ConsensusFit.objects.update(seconds=10)
    assert stale_projects() == []  # a slow fit is not repeated at once
    age(250)
    assert stale_projects() == [cast.project.pk]
    cast.project.status = "archived"
    cast.project.save()
    assert stale_projects() == []


@pytest.mark.django_db(transaction=True)
def test_one_at_a_time(cast):
    (item,) = make_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, cast.project.pk])
            assert consensus_refit(project_id=cast.project.pk) is None
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, cast.project.pk])
    finally:
        other.close()
    assert consensus_refit(project_id=cast.project.pk) is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [LOCK_CLASS])
        assert cursor.fetchone()[0] == 0
