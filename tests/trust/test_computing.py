"""What is found in stored labels, when it is due, and what happens beside it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from annotations.calibration import Curve
from annotations.models import Annotation, Assignment, Calibration, Consensus, Item, Suggestion
from annotations.services import recomputing
from ledger.models import LedgerEvent
from ledger.services import SYSTEM, record
from llm_workers.calibration import fitting
from llm_workers.calibration.collecting import SOURCES, checked_labels
from llm_workers.models import StandIn, StandInRules, TrustCheck
from llm_workers.replacing import collecting, testing
from llm_workers.replacing.reading import caution
from llm_workers.tasks import compute_trust, trust_stale
from llm_workers.trust.computing import LOCK_CLASS, stale_projects, trust_compute
from tests.factories import CHOICES, make_annotator, make_cast, make_items
from tests.trust.people import LABELS, decide, give, make_labelled, said

pytestmark = pytest.mark.django_db


def test_a_model_that_is_too_sure_is_mended_overall_and_in_groups(cast):
    _items, model = make_labelled(cast.project, items=400, skill=0.7)
    assert compute_trust(cast.project.pk)
    found = Calibration.objects.get(annotator=model)
    assert found.sources == {"settled": 0, "gold": 0, "consensus": 400}
    assert (found.checked, found.without) == (400, 0)
    assert found.method in {"temperature", "isotonic"}
    assert [(one["attribute"], one["group"]) for one in found.scopes] == [
        ("", ""), ("religion", "christian"), ("religion", "muslim"),
    ]  # fmt: skip
    for scope in found.scopes:
        assert scope["before"]["ece"]["value"] > 0.15
        assert scope["after"]["ece"]["value"] < 0.1
        assert scope["after"]["brier"]["value"] < scope["before"]["brier"]["value"]
    assert float(Curve.from_json(found.curve).apply(0.95)) == pytest.approx(0.7, abs=0.07)
    raw = Annotation.objects.filter(annotator=model).values_list("confidence", flat=True)
    assert min(raw) >= 0.9  # stays as it was stated


def test_what_labels_are_held_against(cast):
    """An expert above gold, gold above the consensus; a bad item and an undecided one check nothing."""
    items = make_items(cast.project, 6)
    model = make_annotator(cast.project, kind="model")
    give(items, model, ["keep"] * 6, [0.9] * 5 + [None])
    Item.objects.filter(pk__in=[items[0].pk, items[1].pk, items[3].pk]).update(gold="remove")
    decide([items[0]], ["keep"], "settled")
    decide([items[1], items[2], items[5]], ["keep", "keep", "keep"])
    Consensus.objects.create(
        item=items[3], project=cast.project, schema=cast.schema, value=None, method="settled", decided_at=timezone.now()
    )
    found = checked_labels(cast.project.pk)[model.pk]
    held = {int(item): (SOURCES[kind], bool(right)) for item, kind, right in
            zip(found.item, found.source, found.right, strict=True)}  # fmt: skip
    assert held == {
        items[0].pk: ("settled", True),
        items[1].pk: ("gold", False),
        items[2].pk: ("consensus", True),
        items[5].pk: ("consensus", True),
    }
    trust_compute(project_id=cast.project.pk)
    row = Calibration.objects.get(annotator=model)
    assert (row.method, row.curve, row.checked, row.without) == ("", None, 3, 1)


def test_superseded_labels_and_other_projects_do_not_count(cast):
    items, model = make_labelled(cast.project, items=120)
    Annotation.objects.filter(annotator=model, item=items[0]).update(status="superseded")
    trust_compute(project_id=cast.project.pk)
    assert Calibration.objects.get(annotator=model).checked == 119
    assert StandIn.objects.get(annotator=model).scopes[0]["items"] == 119


def test_people_who_were_shown_a_model_s_label_judge_nothing(cast):
    items, model = make_labelled(cast.project, items=60, people=(0.9, 0.9, 0.9))
    shown = Annotation.objects.filter(item=items[0], annotator__kind="human").first()
    lease = Assignment.objects.create(
        project=cast.project, item=items[0], annotator=shown.annotator, schema=cast.schema, status="submitted",
        leased_at=timezone.now(), expires_at=timezone.now(),
    )  # fmt: skip
    Annotation.objects.filter(pk=shown.pk).update(assignment=lease)
    Suggestion.objects.create(
        assignment=lease, project=cast.project, model=model, value="keep", shown=True, decided_at=timezone.now()
    )
    assert len(checked_labels(cast.project.pk)[model.pk]) == 59
    found = collecting.compared_labels(cast.project)
    assert len(found.item) == 3 * 60 - 1


@pytest.mark.parametrize(("skill", "passes"), [(0.85, True), (0.4, False)])
def test_where_a_model_may_stand_in(cast, skill, passes):
    _items, model = make_labelled(cast.project, items=500, skill=skill)
    trust_compute(project_id=cast.project.pk)
    found = StandIn.objects.get(annotator=model)
    whole, *groups = found.scopes
    assert (whole["passes"], whole["people"], whole["items"]) == (passes, 4, 500)
    assert {one["group"]: one["items"] for one in groups} == {"christian": 250, "muslim": 250}
    assert found.allowance == 0.1
    assert len(found.people) == 4
    assert all(one["wins"] is passes for one in found.people)


def test_a_model_that_fails_one_group_is_told_apart(cast):
    items, model = make_labelled(cast.project, items=600, skill=0.95)
    christian = [item for item in items if item.groups["religion"] == "christian"]
    rng = random.Random(3)
    for row in Annotation.objects.filter(annotator=model, item__in=christian):
        row.value = rng.choice(LABELS)
        row.save(update_fields=["value"])
    trust_compute(project_id=cast.project.pk)
    passes = {one["group"]: one["passes"] for one in StandIn.objects.get(annotator=model).scopes}
    assert passes["muslim"] is True
    assert passes["christian"] is False


def test_where_one_answer_would_pass_too_that_is_kept(cast):
    chance = random.Random(2)
    items = make_items(cast.project, 400)
    truth = ["remove" if chance.random() < 0.1 else "keep" for _ in items]
    for _person in range(3):
        give(items, make_annotator(cast.project), said(truth, 0.9, chance), [None] * 400)
    give(items, make_annotator(cast.project, kind="model"), said(truth, 0.95, chance), [0.9] * 400)
    trust_compute(project_id=cast.project.pk)
    found = StandIn.objects.get()
    assert found.winning_rate == 1
    assert (found.constant["answer"], found.constant["winning_rate"]) == ("keep", 1)
    schema = cast.project.schemas.get()
    assert "always answers “Keep” would pass this test too" in caution(found, schema)
    found.constant["winning_rate"] = 0.0
    assert caution(found, schema) == ""


def test_more_is_allowed_against_experts(cast):
    _items, model = make_labelled(cast.project, items=600, skill=0.75, people=(0.88,) * 4)
    rates = {}
    for judges in ("crowd", "expert"):
        StandInRules.objects.update_or_create(project=cast.project, defaults={"judges": judges})
        trust_compute(project_id=cast.project.pk)
        found = StandIn.objects.get(annotator=model)
        rates[judges] = (found.allowance, found.winning_rate)
    assert rates["crowd"][0] == 0.1
    assert rates["expert"][0] == 0.2
    assert rates["crowd"][1] < rates["expert"][1] == 1


def test_several_labels_per_answer_are_compared_by_their_overlap(db):
    cast = make_cast(task="multiple_choice", config=CHOICES)
    items = make_items(cast.project, 3)
    give(items, make_annotator(cast.project), [["keep"], ["keep", "review"], ["remove"]], [None] * 3)
    give(items, make_annotator(cast.project, kind="model"), [["keep"], ["keep"], ["keep"]], [0.8] * 3)
    found = collecting.compared_labels(cast.project)
    assert found.similarity.max() == 1
    assert sorted(set(found.similarity.ravel().tolist())) == [0, 0.5, 1]
    trust_compute(project_id=cast.project.pk)
    assert StandIn.objects.get().winning_rate is None


def test_too_many_different_answers_are_not_compared(cast, monkeypatch):
    monkeypatch.setattr(collecting, "MOST_ANSWERS", 2)
    make_labelled(cast.project, items=40)
    trust_compute(project_id=cast.project.pk)
    found = StandIn.objects.get()
    assert (found.too_many_answers, found.winning_rate, found.scopes) == (True, None, [])


def test_of_very_many_checked_labels_a_part_is_drawn(cast, monkeypatch):
    monkeypatch.setattr(fitting, "MOST", 150)
    make_labelled(cast.project, items=200)
    trust_compute(project_id=cast.project.pk)
    found = Calibration.objects.get()
    assert (found.checked, found.scopes[0]["n"]) == (200, 150)
    first = found.curve
    trust_compute(project_id=cast.project.pk)
    assert Calibration.objects.get().curve == first


def test_only_the_people_with_most_items_are_kept_one_by_one(cast, monkeypatch):
    monkeypatch.setattr(testing, "MOST_PEOPLE", 2)
    make_labelled(cast.project, items=60)
    trust_compute(project_id=cast.project.pk)
    found = StandIn.objects.get()
    assert len(found.people) == 2
    assert found.scopes[0]["people"] == 4


def test_imported_annotators_count_as_people_and_a_model_without_company_is_undecided(cast):
    items, _model = make_labelled(cast.project, items=40, people=(0.9, 0.9))
    trust_compute(project_id=cast.project.pk)
    assert StandIn.objects.get().scopes[0]["left_out"] == 2
    give(items, make_annotator(cast.project), said(["keep"] * 40, 0.9, random.Random(1)), [None] * 40)
    trust_compute(project_id=cast.project.pk)
    assert StandIn.objects.get().scopes[0]["people"] == 3


def test_it_is_due_with_news_in_projects_with_models_and_not_before(cast, monkeypatch):
    monkeypatch.setattr(recomputing, "COMMITTING", timedelta(0))
    assert stale_projects() == []  # no model
    make_labelled(cast.project, items=30)
    with transaction.atomic():
        record(kind="annotation.created", actor=SYSTEM, subject="x:1", project_id=cast.project.pk)
    assert stale_projects() == [cast.project.pk]
    made = trust_compute(project_id=cast.project.pk)
    assert made.head == LedgerEvent.objects.latest("id").pk
    TrustCheck.objects.update(computed_at=timezone.now() - timedelta(hours=1))
    assert stale_projects() == []  # nothing new
    with transaction.atomic():
        record(kind="trust.judges_changed", actor=SYSTEM, subject="x:1", project_id=cast.project.pk)
    assert stale_projects() == [cast.project.pk]
    TrustCheck.objects.update(computed_at=timezone.now())
    assert stale_projects() == []  # it was just done


def test_what_is_due_is_sent(cast, monkeypatch):
    sent: list[int] = []
    monkeypatch.setattr(compute_trust, "delay", sent.append)
    make_labelled(cast.project, items=3)
    with transaction.atomic():
        record(kind="annotation.created", actor=SYSTEM, subject="x:1", project_id=cast.project.pk)
    assert trust_stale() == 1
    assert sent == [cast.project.pk]


def test_twice_is_once_and_a_missing_project_is_nothing(cast):
    make_labelled(cast.project, items=120)
    for _time in range(2):
        trust_compute(project_id=cast.project.pk)
    assert (Calibration.objects.count(), StandIn.objects.count(), TrustCheck.objects.count()) == (1, 1, 1)
    assert trust_compute(project_id=10**9) is None
    assert compute_trust(10**9) is False


@pytest.mark.django_db(transaction=True)
def test_one_process_at_a_time():
    cast = make_cast()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, cast.project.pk])
        assert trust_compute(project_id=cast.project.pk) is None
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, cast.project.pk])
    finally:
        other.close()
    assert trust_compute(project_id=cast.project.pk) is not None


def test_constraints(cast):
    model = make_annotator(cast.project, kind="model")
    row = {"annotator": model, "project": cast.project, "checked": 0, "without": 0, "sources": {}, "losses": {},
           "scopes": [], "fitted_at": timezone.now()}  # fmt: skip
    for wrong in ({"method": "isotonic", "curve": None}, {"method": "", "curve": {}}, {"method": "magic", "curve": {}}):
        with pytest.raises(IntegrityError, match="calibration_method_with_its_curve"), transaction.atomic():
            Calibration.objects.create(**row, **wrong)
    test = {"annotator": model, "project": cast.project, "allowance": 0.1, "scopes": [], "people": [],
            "tested_at": timezone.now()}  # fmt: skip
    for rates in ((1.5, 0.5), (0.5, None), (None, 0.5), (0.5, -0.1)):
        with pytest.raises(IntegrityError, match="stand_in_rates_are_shares"), transaction.atomic():
            StandIn.objects.create(**test, winning_rate=rates[0], advantage=rates[1])
    with pytest.raises(IntegrityError, match="stand_in_judges_known"), transaction.atomic():
        StandInRules.objects.create(project=cast.project, judges="friends")
