"""kill -9 of workers, broker and model servers while an audit is asked: every probe has one answer, paid for once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.models import Sum

from annotations.models import Annotation, Item
from benchmarks._llm_server import COMPLETION_TOKENS, PROMPT_TOKENS
from fairness.audits.services import audit_start
from fairness.audits.sets import set_from_templates
from fairness.models import Audit, AuditAnswer, AuditStatus, CandidateStatus
from ledger.models import LedgerEvent
from tests.killing import Crew, crew_at_work
from tests.local.scripts import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(180)]

PROBES = 200  # at least
LATENCY = 0.7  # seconds
UNTIL = 6  # seconds for which something is killed every second or so
ENOUGH = 60  # seconds after that
MEND = "audits_wake(stale=timedelta(seconds=3))"


@pytest.fixture
def crew(tmp_path) -> Iterator[Crew]:
    load = "from fairness.audits.services import audits_wake"
    with crew_at_work(tmp_path, latency=LATENCY, load=load, mend=MEND) as made:
        yield made


def test_kills_at_random_moments_lose_no_probe_and_double_none(cast, settings, crew):
    model = crew.model(settings)
    probes = set_from_templates(
        project=cast.project, by=cast.olivia, tasks=["sentiment", "screening"], attributes=["gender", "origin"],
        families=14,
    )  # fmt: skip
    assert probes.size >= PROBES
    audit = audit_start(project=cast.project, by=cast.olivia, probe_set=probes, candidates=[str(model.pk)])
    wait_until(lambda: AuditAnswer.objects.exists(), 60, "the first answer")
    crew.kill_for_a_while(UNTIL)
    assert Audit.objects.get(pk=audit.pk).status == AuditStatus.RUNNING  # so that every kill was felt
    wait_until(lambda: Audit.objects.get(pk=audit.pk).status != AuditStatus.RUNNING, ENOUGH, "the end of the audit")
    _one_answer_or_one_reason(audit)


def _one_answer_or_one_reason(audit: Audit) -> None:
    audit.refresh_from_db()
    candidate = audit.candidates.get()
    assert (audit.status, candidate.status, candidate.reason) == (AuditStatus.DONE, CandidateStatus.DONE, "")
    answers = AuditAnswer.objects.filter(candidate=candidate)
    assert set(answers.values_list("probe_id", flat=True)) == set(audit.probe_set.probes.values_list("pk", flat=True))
    assert answers.count() == audit.probe_set.size == candidate.asked
    said = [(answer.value is not None, answer.problem != "") for answer in answers]
    assert set(said) <= {(True, False), (False, True)}  # an answer, or the reason why there is none
    assert said.count((True, False)) == candidate.answered
    assert candidate.requests >= 2 * audit.probe_set.size
    assert candidate.prompt_tokens == candidate.requests * PROMPT_TOKENS
    assert candidate.completion_tokens == candidate.requests * COMPLETION_TOKENS
    used = answers.aggregate(tokens=Sum("tokens"), seconds=Sum("seconds"))
    assert used["tokens"] == candidate.prompt_tokens + candidate.completion_tokens
    assert used["seconds"] == pytest.approx(candidate.seconds)
    kinds = LedgerEvent.objects.filter(subject=f"audit:{audit.pk}").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["audit.started", "audit.candidate_measured", "audit.finished", "audit.model_proposed"]
    assert not Item.objects.exists()
    assert not Annotation.objects.exists()
