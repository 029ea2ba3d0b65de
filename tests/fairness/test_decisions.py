"""What an owner decides about a finding: what is accepted, for good or for a while, and what is found again."""

from __future__ import annotations

import pytest

from fairness.models import Decision
from fairness.monitors.services import finding_decide
from ledger.errors import DomainError
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
