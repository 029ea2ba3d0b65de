"""What an owner decides about a finding: what is accepted, for good or for a while, and what is found again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from fairness.models import Decision
from fairness.monitors.evaluating import due_projects
from fairness.monitors.models import LONGEST_TRIAL
from fairness.monitors.selectors import trial_of
from fairness.monitors.services import finding_decide
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.fairness.conftest import fold_all
from tests.fairness.test_monitors import biased, evaluate, give, make_run, watch

pytestmark = pytest.mark.django_db


def test_what_was_accepted_is_not_found_again_but_what_is_worse_is(cast):
    watch(cast)
    run = make_run(cast)
    give(cast, run.annotator, "muslim", 24, 80)
    give(cast, run.annotator, "christian", 64, 80)  # .3 against .8
    fold_all()
    (finding,) = evaluate(cast)
    finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="The texts differ.", resume=True)
    give(cast, run.annotator, "muslim", 24, 80)
    give(cast, run.annotator, "christian", 64, 80)
    fold_all()
    assert evaluate(cast) == []
    give(cast, run.annotator, "muslim", 0, 260)
    give(cast, run.annotator, "christian", 260, 260)
    fold_all()
    (worse,) = evaluate(cast)
    assert worse.certificate["certain"] > 0.5
    run.refresh_from_db()
    assert run.status == "paused"


def test_a_remedy_is_given_time_and_judged_anew(cast):
    watch(cast)
    run = make_run(cast)
    biased(cast, run.annotator)
    (finding,) = evaluate(cast)
    decided = finding_decide(finding=finding, actor=cast.olivia, action="people", ask_again=50)
    assert decided.until == 120 + 50
    give(cast, run.annotator, "muslim", 20, 40)
    fold_all()
    assert evaluate(cast) == []
    give(cast, run.annotator, "muslim", 5, 10)
    fold_all()
    (again,) = evaluate(cast)
    assert again.certificate["found"] == [{"groups": ["christian", "muslim"], "plain": pytest.approx(0.6182, abs=1e-4),
                                           "rate": ""}]  # fmt: skip


@pytest.mark.parametrize("labels", [0, 1_000_001])
def test_a_remedy_is_judged_after_a_sensible_number_of_labels(cast, labels):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    with pytest.raises(DomainError, match="from 1 to 1000000"):
        finding_decide(finding=finding, actor=cast.olivia, action="people", ask_again=labels)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"action": "shrug"}, "Choose one"),
        ({"action": "accept"}, "Write why"),
        ({"action": "prompt", "resume": True}, "Write why"),
        ({"action": "accept", "reason": "x" * 2001}, "at most 2000"),
    ],
)
def test_a_decision_needs_a_known_action_and_its_reason(cast, given, message):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    with pytest.raises(DomainError, match=message):
        finding_decide(finding=finding, actor=cast.olivia, **given)
    finding_decide(finding=finding, actor=cast.olivia, action="experts")
    with pytest.raises(DomainError, match="answered already"):
        finding_decide(finding=finding, actor=cast.olivia, action="experts")
    assert Decision.objects.count() == 1


def on_trial(cast, **run):
    """A finding that a remedy was chosen for, with a run that goes on, which will give too few labels."""
    watch(cast)
    made = make_run(cast, **run)
    biased(cast, made.annotator)
    (finding,) = evaluate(cast)
    decision = finding_decide(finding=finding, actor=cast.olivia, action="experts", reason="They look.", resume=True)
    assert evaluate(cast) == []
    assert evaluate(cast) == []
    assert due_projects() == []
    return made, decision


def end(run, status: str = "done") -> None:
    run.status, run.finished_at = status, timezone.now()
    run.save()


def test_a_remedy_ends_with_the_run_though_nothing_moves_any_more(cast, page_client, api):
    run, decision = on_trial(cast)
    address = reverse("fairness_finding", args=[cast.project.pk, decision.finding_id])
    text = page_client(cast.olivia).get(address).content.decode()
    assert "once the monitor has counted 320 labels (120 so far)" in text
    end(run)
    assert due_projects() == [cast.project.pk]
    (again,) = evaluate(cast)
    assert again.pk != decision.finding_id
    decision.refresh_from_db()
    assert decision.over_at is not None
    assert LedgerEvent.objects.get(kind="finding.trial_over").subject == f"finding:{decision.finding_id}"
    evaluate(cast)
    assert due_projects() == []
    assert LedgerEvent.objects.filter(kind="finding.trial_over").count() == 1
    text = page_client(cast.olivia).get(address).content.decode()
    assert "though fewer labels came than was said" in text
    shown = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/findings/{decision.finding_id}/").json()
    assert shown["decision"]["over_at"]
    assert shown["decision"]["latest"] > shown["decision"]["over_at"]


def test_a_remedy_of_a_finished_run_is_given_its_week(cast):
    """Else it would be found again before anybody could have done anything."""
    run, decision = on_trial(cast, status="done", finished_at=timezone.now() - 9 * LONGEST_TRIAL)
    assert due_projects() == []
    Decision.objects.update(made_at=timezone.now() - LONGEST_TRIAL + timedelta(minutes=5))
    assert due_projects() == []
    Decision.objects.update(made_at=timezone.now() - LONGEST_TRIAL - timedelta(minutes=5))
    assert due_projects() == [cast.project.pk]
    (again,) = evaluate(cast)
    assert again.annotator == run.annotator
    finding_decide(finding=again, actor=cast.olivia, action="accept", reason="They agree with it.")
    assert evaluate(cast) == []
    decision.refresh_from_db()
    assert decision.over_at is not None


@pytest.mark.parametrize("status", ["paused", "cancelled", "stopped"])
def test_a_run_that_did_not_come_to_its_end_ends_no_remedy(cast, status):
    run, _decision = on_trial(cast)
    end(run, status)
    assert due_projects() == []


def test_what_is_accepted_for_good_has_no_trial_that_could_be_over(cast):
    watch(cast)
    biased(cast, make_run(cast).annotator)
    (finding,) = evaluate(cast)
    decision = finding_decide(finding=finding, actor=cast.olivia, action="accept", reason="It is so.")
    assert (trial_of(finding), decision.latest) == (None, None)
    with pytest.raises(IntegrityError, match="finding_trial_over_of_a_trial"), transaction.atomic():
        Decision.objects.update(over_at=timezone.now())
