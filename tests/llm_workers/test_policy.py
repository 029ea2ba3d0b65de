"""Limits and figures that a run must keep: what they decide, and what is written down of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations import watching
from annotations.models import Annotation, Run
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.models import ModelVersion, RunItem, RunPlan, RunRule
from llm_workers.policy import Asked, Progress, judge, room
from llm_workers.services.rules import run_rules_set
from llm_workers.services.runs import run_resume
from tests.factories import add_label, make_annotator, make_items
from tests.llm_server import PROMPT_TOKENS

EACH = PROMPT_TOKENS + 2  # tokens of an item


def limited(kind: str, bound, action: str = "pause", least: int = 1) -> list[Asked]:
    return [Asked(kind, Decimal(str(bound)), least, action)]


@pytest.mark.parametrize(
    ("kind", "bound", "says"),
    [
        ("items", 12, "The limit of 12 items is reached."),
        ("tokens", 12 * EACH, "The limit of 1,224 tokens is reached: 1,224 were read and written."),
        ("money", "0.0012", "The limit of 0.0012 EUR is reached: 0.0012 were spent."),
    ],
)
@pytest.mark.usefixtures("patient")
def test_a_run_pauses_at_a_limit_and_never_goes_past_it(cast, llm, start, work, model, kind, bound, says):
    ModelVersion.objects.update(price_per_million_prompt=1, price_per_million_completion=0)
    model.refresh_from_db()  # the one that `start` starts
    make_items(cast.project, 20)
    run = work(start(rules=limited(kind, bound)))
    assert (run.status, run.labelled) == ("paused", 12)
    assert run.reason == f"{says} Raise the limit to go on, or cancel the run."
    assert len(llm.requests) == 12
    last = run.checkpoints.last()
    assert (last.decision, last.reason, last.labelled) == ("pause", run.reason, 12)


def test_a_limit_on_minutes_counts_work_and_not_pauses(cast, start, work):
    make_items(cast.project, 5)
    run = start(rules=limited("minutes", 10))
    RunPlan.objects.filter(run=run).update(worked_seconds=599.0, working_since=None)
    assert work(run).status == "done"
    make_items(cast.project, 5)
    run = start(rules=limited("minutes", 10))
    RunPlan.objects.filter(run=run).update(worked_seconds=600.0)
    run = work(run)
    assert (run.status, run.labelled) == ("paused", 0)
    assert run.reason.startswith("The limit of 10 minutes is reached.")


def test_the_clock_stands_while_the_run_does(cast, start, work):
    make_items(cast.project, 8)
    run = work(start(rules=limited("items", 4)))
    plan = RunPlan.objects.get(run=run)
    assert plan.working_since is None
    assert 0 < plan.worked_seconds < 60


def test_a_limit_may_stop_for_good(cast, start, work):
    make_items(cast.project, 20)
    run = work(start(rules=limited("items", 5, "stop")))
    assert (run.status, run.labelled, run.reason) == ("stopped", 5, "The limit of 5 items is reached.")
    assert run.finished_at is not None
    assert LedgerEvent.objects.get(kind="run.stopped").data["labelled"] == 5
    with pytest.raises(DomainError, match="cannot be resumed"):
        run_resume(run=run, by=cast.olivia)
    assert work(start()).labelled == 15  # another run takes the rest, and pays for nothing twice


def test_a_limit_must_be_raised_before_the_run_goes_on(cast, start, work):
    make_items(cast.project, 10)
    run = work(start(rules=limited("items", 4)))
    with pytest.raises(DomainError, match="The limit of 4 items is reached") as refusal:
        run_resume(run=run, by=cast.olivia)
    assert (refusal.value.code, refusal.value.status) == ("limit_reached", 409)
    run_rules_set(run=run, rules=limited("items", 7), by=cast.olivia)
    run = work(run_resume(run=run, by=cast.olivia))
    assert (run.status, run.labelled) == ("paused", 7)
    run_rules_set(run=run, rules=[], by=cast.olivia)
    assert work(run_resume(run=run, by=cast.olivia)).labelled == 10
    changed = LedgerEvent.objects.filter(kind="run.rules_changed").first()
    assert (changed.data["before"][0]["bound"], changed.data["after"][0]["bound"]) == ("4.0000", "7")
    with pytest.raises(DomainError, match="decide nothing any more"):
        run_rules_set(run=run, rules=[], by=cast.olivia)


def decided(cast, count: int, value: str):
    items = make_items(cast.project, count)
    for item in items:
        for _ in range(2):
            add_label(item, make_annotator(cast.project), value)
    return items


def test_too_little_agreement_with_people_pauses_at_the_checkpoint(cast, llm, start, work):
    llm.choose = lambda text, names: ["Keep"]
    decided(cast, 3, "keep")
    decided(cast, 7, "remove")
    make_items(cast.project, 10)
    run = work(start(step_size=10, rules=limited("agreement", 0.8, least=2)))
    assert run.status == "paused"
    assert "of the labels that can be compared equal what people decided, fewer than 80 %" in run.reason
    figures = run.checkpoints.first().figures
    assert figures["agreed"] < figures["compared"]
    # The owner has looked, and lets it go on until the next checkpoint; at the end nothing is left to be decided.
    run = work(run_resume(run=run, by=cast.olivia))
    assert (run.status, run.labelled) == ("done", 20)
    figures = run.checkpoints.last().figures
    assert (figures["compared"], figures["agreed"]) == (10, 3)


def test_agreement_decides_nothing_on_too_few_labels(cast, llm, start, work):
    llm.choose = lambda text, names: ["Keep"]
    decided(cast, 4, "remove")
    make_items(cast.project, 8)
    assert work(start(step_size=3, rules=limited("agreement", 0.8, least=5))).status == "done"


def test_too_many_items_without_an_answer_stop_the_run(cast, llm, start, work):
    items = make_items(cast.project, 40)
    bad = {item.payload["text"] for item in items[:20]}
    llm.fault_for = lambda text: "400" if text in bad else None
    run = work(start(step_size=5, rules=limited("unanswered", 0.2, "stop", least=5)))
    assert run.status == "stopped"
    assert "of the items had no usable answer, more than 20 %." in run.reason
    assert "stop" in run.checkpoints.values_list("decision", flat=True)  # later ones count what was under way


def test_a_checkpoint_holds_cost_calibration_and_groups(cast, llm, start, work, model):
    ModelVersion.objects.update(price_per_million_prompt=1, price_per_million_completion=2)
    llm.choose = lambda text, names: ["Keep"]
    decided(cast, 4, "keep")
    decided(cast, 1, "remove")
    make_items(cast.project, 3, groups={"religion": "sikh"})
    run = work(start(step_size=100))
    (checkpoint,) = run.checkpoints.all()
    figures = checkpoint.figures
    assert Decimal(figures["money"]) == Decimal(8 * (PROMPT_TOKENS + 4)) / 1_000_000
    calibration = figures["calibration"]
    assert calibration["labels"] == 5
    assert calibration["mean_confidence"] == pytest.approx(0.8, abs=1e-4)
    assert calibration["ece"] == pytest.approx(0.0, abs=1e-4)  # 4 of 5 are right, and it says 80 %
    assert calibration["brier"] == pytest.approx((4 * 0.04 + 0.64) / 5, abs=1e-4)
    sikh = figures["groups"]["religion"]["sikh"]
    assert sikh == {"labelled": 3, "favourable": 3, "compared": 0, "agreed": 0, "calibration": None}
    assert (checkpoint.decision, checkpoint.reason) == ("go_on", "")


# --- what others have to say ----------------------------------------------------------------------------------------


@pytest.fixture
def watch():
    names = []

    def registered(name, check):
        watching.register(name, check)
        names.append(name)

    yield registered
    for name in names:
        watching.unregister(name)


def test_a_registered_check_pauses_the_run_and_its_figures_are_kept(cast, start, work, watch):
    text = "One group gets “Keep” 20 points less often. See the fairness page, then resume or cancel the run."
    watch("disparity", lambda run: watching.Finding({"gap": 0.2}, text if run.labelled >= 4 else ""))
    make_items(cast.project, 9)
    run = work(start(step_size=2))
    assert (run.status, run.reason) == ("paused", text)
    assert [checkpoint.decision for checkpoint in run.checkpoints.all()][:2] == ["go_on", "pause"]
    assert run.checkpoints.last().figures["checks"] == {"disparity": {"gap": 0.2}}


def test_a_check_that_breaks_pauses_rather_than_leave_the_run_unwatched(cast, start, work, watch):
    def broken(run: Run) -> watching.Finding:
        Annotation.objects.raw("SELECT nonsense")[0]
        raise AssertionError("not reached")

    watch("disparity", broken)
    make_items(cast.project, 5)
    run = work(start(step_size=2))
    assert run.status == "paused"
    assert "The check “disparity” failed" in run.reason
    assert run.labelled == Annotation.objects.filter(run=run).count() >= 2


def test_a_name_belongs_to_one_check(watch):
    watch("disparity", lambda run: watching.Finding())
    with pytest.raises(ValueError, match="Another check"):
        watching.register("disparity", lambda run: watching.Finding())


# --- rules that make no sense ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (limited("items", 0), "A limit is greater than 0."),
        (limited("tokens", -5), "A limit is greater than 0."),
        (limited("agreement", 1.5), "A share lies between 0 and 1."),
        (limited("unanswered", 0.5, least=0), "At least one label must be compared."),
        (limited("weather", 1), "There is no such rule."),
        (limited("items", 1, "explode"), "There is no such rule."),
        ([*limited("items", 1), *limited("items", 2)], "There can be one rule of a kind."),
        (limited("money", 5), "What this model costs is not known"),
    ],
)
def test_rules_that_make_no_sense_are_refused(cast, start, rules, says):
    make_items(cast.project, 1)
    with pytest.raises(DomainError, match=says):
        start(rules=rules)
    assert not Run.objects.exists()


def test_the_strictest_rule_decides():
    rules = [*limited("items", 5), *limited("tokens", 100, "stop")]
    assert judge(rules, Progress(items=5, tokens=10), shares=False).decision == "pause"
    assert judge(rules, Progress(items=5, tokens=100), shares=False).decision == "stop"
    assert judge(rules, Progress(items=4, tokens=10), shares=False).decision == "go_on"


def test_room_under_limits():
    assert room([], Progress(), leased=0) is None
    assert room(limited("minutes", 5), Progress(minutes=1), leased=0) is None
    assert room(limited("items", 10), Progress(items=4), leased=4) == 2
    assert room(limited("tokens", 1000), Progress(), leased=0) == 8
    assert room(limited("tokens", 1000), Progress(items=5, tokens=500), leased=2) == 3
    assert room(limited("tokens", 1000), Progress(items=9, tokens=999), leased=0) == 1
    assert room(limited("tokens", 1000), Progress(items=9, tokens=1000), leased=0) == 0
    assert room(limited("money", 10), Progress(items=5, money=Decimal(2)), leased=3) == 17
    assert room(limited("money", 10), Progress(items=5, money=None), leased=0) == 0


def test_rules_have_constraints(cast, start):
    make_items(cast.project, 1)
    run = start(rules=limited("items", 3))

    def refused(constraint: str):
        return pytest.raises(IntegrityError, match=constraint)

    with refused("run_rule_once"), transaction.atomic():
        RunRule.objects.create(run=run, kind="items", bound=4)
    for fields, constraint in [
        ({"kind": "weather"}, "run_rule_(kind_known|bound_in_range)"),
        ({"action": "explode"[:5]}, "run_rule_action_known"),
        ({"bound": 0}, "run_rule_bound_in_range"),
        ({"kind": "agreement", "bound": 2}, "run_rule_bound_in_range"),
        ({"least": 0}, "run_rule_least_at_least_one"),
    ]:
        with refused(constraint), transaction.atomic():
            RunRule.objects.filter(run=run).update(**fields)
    with refused("checkpoint_decision_known"), transaction.atomic():
        run.checkpoints.create(number=1, labelled=0, decision="maybe")


# --- never paid twice -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("patient")
def test_what_is_labelled_is_never_paid_again_whatever_became_of_run_or_label(cast, llm, start, work):
    items = make_items(cast.project, 6)
    stopped = work(start(rules=limited("items", 4, "stop")))
    taken_out = Annotation.objects.filter(run=stopped).first()
    Annotation.objects.filter(pk=taken_out.pk).update(status="excluded")
    run = work(start())
    assert (run.total, run.labelled) == (2, 2)
    assert len(llm.requests) == len(items)
    assert RunItem.objects.filter(status="done").count() == len(items)


def test_what_changes_the_question_is_asked_anew(cast, llm, start, work):
    make_items(cast.project, 3)
    work(start())
    assert work(start(with_reason=True)).labelled == 3
    assert len(llm.requests) == 6


def test_a_run_that_stands_for_long_is_not_charged_for_it(cast, start):
    make_items(cast.project, 2)
    run = start(rules=limited("minutes", 1))
    Run.objects.filter(pk=run.pk).update(status="paused", created_at=timezone.now() - timedelta(days=1))
    assert run_resume(run=run, by=cast.olivia).status == "running"
