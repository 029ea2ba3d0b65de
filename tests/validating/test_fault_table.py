"""Validators meet the same table of faults as runs (docs/explanation/llm-labels.md), each line of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from llm_workers.validating import claims
from llm_workers.validating.models import Rating, Validator
from tests.llm_server import PROMPT_TOKENS, ScriptedServer
from tests.llm_workers.test_fault_table import SCRIPTED, TABLE

LABELS = 4
THEN = "Then resume the validator."


@pytest.fixture
def rated_by(labelled, switch_on):
    """Four labels on as many items, to be rated."""
    for _ in range(LABELS):
        labelled("keep")
    switch_on()


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_once(rated_by, llm, work, fault):
    llm.faults.append(fault)
    validator = work()
    outcome = TABLE[fault][0]
    if outcome == "paused":
        assert (validator.status, validator.unanswered) == ("paused", 0)
        assert validator.reason.endswith(THEN)
    else:
        lost = 1 if outcome == "unanswered" else 0
        assert (validator.status, validator.rated, validator.unanswered) == ("idle", LABELS - lost, lost)
        requests = LABELS - lost + (1 if outcome == "asked again" else 0)  # what brought no answer cost nothing
        assert validator.prompt_tokens == requests * PROMPT_TOKENS
    _accounted(validator)


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_always(rated_by, llm, work, fault, no_patience):
    llm.fault_for = lambda text: fault
    validator = work()
    assert validator.rated == 0
    if TABLE[fault][1] == "paused":
        assert (validator.status, validator.unanswered) == ("paused", 0)
        assert validator.reason.endswith("resume the validator.")
    else:
        assert (validator.status, validator.unanswered) == ("idle", LABELS)
    _accounted(validator)


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_a_server_that_comes_back_with_another_model(rated_by, llm, work, dialect):
    llm.dialect, llm.model = dialect, "another-model"
    validator = work()
    assert TABLE["replaced"][0] == validator.status == "paused"
    assert f"{llm.url} does not serve the model “scripted-1”" in validator.reason
    assert validator.rated == 0
    _accounted(validator)


def test_a_server_that_is_down_and_comes_back(rated_by, llm, work):
    llm.stop()
    validator = work(most=1)
    assert (TABLE["down"], validator.status) == (("retried", "paused"), "rating")
    with ScriptedServer(port=llm.port):
        validator = work()
    assert (validator.status, validator.rated) == ("idle", LABELS)
    _accounted(validator)


def test_a_server_that_stays_down(rated_by, llm, work, no_patience):
    llm.stop()
    validator = work()
    assert TABLE["down"][1] == validator.status == "paused"
    _accounted(validator)


def _accounted(validator: Validator) -> None:
    """Every label has one verdict, one stated reason, or waits untouched; what was used is counted once."""
    rows = list(Rating.objects.filter(validator=validator))
    assert len(rows) == LABELS
    for row in rows:
        assert (row.status == "done") == bool(row.verdict)
        assert (row.status == "unanswered") == bool(row.problem)
        assert row.status in ("done", "unanswered", "pending")
    assert validator.prompt_tokens == sum(row.prompt_tokens for row in rows)
