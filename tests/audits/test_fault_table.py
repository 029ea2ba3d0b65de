"""Audits meet the same table of faults as runs (docs/explanation/llm-labels.md); what would pause a run gives the
candidate up, so that the others have their turn."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest

from fairness.audits import asking
from fairness.audits.sets import set_from_templates
from fairness.models import Audit, CandidateStatus, ProbeSet
from llm_workers.client.tries import MOST_DEATHS
from llm_workers.services.models import models_refresh
from tests.llm_server import PROMPT_TOKENS, ScriptedServer
from tests.llm_workers.test_fault_table import SCRIPTED, TABLE


@pytest.fixture
def few(cast) -> ProbeSet:
    """Two families of one task."""
    return set_from_templates(
        project=cast.project, by=cast.olivia, tasks=["sentiment"], attributes=["gender"], families=2
    )


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr(asking, "FAULTS_BORNE", timedelta(0))
    monkeypatch.setattr(asking, "MAX_UNANSWERED_IN_ROW", 10**6)  # that breaker has its own test


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_once(few, start, work, llm, fault):
    llm.faults.append(fault)
    audit = work(start(few, orders=1))
    candidate, outcome = audit.candidates.get(), TABLE[fault][0]
    assert audit.status == "done"
    if outcome == "paused":
        assert (candidate.status, candidate.unanswered) == (CandidateStatus.FAILED, 0)
        assert candidate.reason
    else:
        lost = 1 if outcome == "unanswered" else 0
        assert (candidate.status, candidate.unanswered) == (CandidateStatus.DONE, lost)
        assert candidate.answered == few.size - lost
        requests = few.size - lost + (1 if outcome == "asked again" else 0)  # what brought no answer cost nothing
        assert candidate.prompt_tokens == requests * PROMPT_TOKENS
    _accounted(audit)


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_always(few, start, work, llm, fault, no_patience):
    llm.fault_for = lambda text: fault
    audit = work(start(few, orders=1))
    candidate = audit.candidates.get()
    assert (audit.status, candidate.answered) == ("done", 0)
    if TABLE[fault][1] == "paused":
        assert (candidate.status, candidate.unanswered) == (CandidateStatus.FAILED, 0)
        assert candidate.reason
    else:
        assert (candidate.status, candidate.unanswered) == (CandidateStatus.DONE, few.size)
    _accounted(audit)


@pytest.mark.parametrize("says_so", [False, True])
def test_no_more_than_two_of_four_servers_die_of_a_probe(few, start, work, llm, model, settings, no_patience, says_so):
    """And then the candidate is given up."""
    with ExitStack() as stack:
        fleet = [llm, *(stack.enter_context(ScriptedServer()) for _ in range(3))]
        settings.LLM_BASE_URLS = [server.url for server in fleet]
        models_refresh()
        deadly = few.probes.first().payload["text"]
        for server in fleet:
            server.latency, server.away, server.says_so = 0.03, 30.0, says_so
            server.deadly = lambda text: text == deadly
        audit = work(start(few, orders=1))
    candidate = audit.candidates.get()
    assert (audit.status, candidate.status) == ("done", CandidateStatus.FAILED)
    assert sum(len(server.deaths) for server in fleet) == MOST_DEATHS


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_a_server_that_comes_back_with_another_model(few, start, work, llm, dialect):
    audit = start(few)
    llm.dialect, llm.model = dialect, "another-model"
    audit = work(audit)
    candidate = audit.candidates.get()
    assert candidate.status == CandidateStatus.FAILED
    assert f"{llm.url} does not serve the model “scripted-1”" in candidate.reason
    assert candidate.asked == 0
    _accounted(audit)


def test_a_server_that_is_down_and_comes_back(few, start, work, llm):
    audit = start(few)
    llm.stop()
    assert work(audit, most=1).status == "running"
    with ScriptedServer(port=llm.port):
        audit = work(audit)
    assert audit.candidates.get().status == CandidateStatus.DONE
    _accounted(audit)


def test_a_server_that_stays_down(few, start, work, llm, no_patience):
    audit = start(few)
    llm.stop()
    audit = work(audit)
    assert audit.candidates.get().status == CandidateStatus.FAILED
    _accounted(audit)


def _accounted(audit: Audit) -> None:
    """Every probe has one answer, one stated reason, or was left; what was used is counted once."""
    candidate = audit.candidates.get()
    answers = list(candidate.answers.all())
    assert len(answers) == candidate.asked
    for answer in answers:
        assert (answer.value is None) == bool(answer.problem)
    assert candidate.prompt_tokens + candidate.completion_tokens == sum(answer.tokens for answer in answers)
