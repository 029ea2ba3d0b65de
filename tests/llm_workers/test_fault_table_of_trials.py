"""Trials of prompts meet the same table of faults as runs (docs/explanation/llm-labels.md); what would pause a run ends
a trial, because somebody waits for it."""

from __future__ import annotations

import pytest

from llm_workers.models import ModelVersion, Trial
from llm_workers.recipe import Recipe
from llm_workers.services.trials import Pick, trial_run, trial_start
from tests.factories import make_items
from tests.llm_server import PROMPT_TOKENS
from tests.llm_workers.test_fault_table import SCRIPTED, TABLE

ITEMS = 4
THEN = "Then try again."


@pytest.fixture
def tried(cast, model):
    """``tried(fault)``: a trial over four items, asked at once."""
    make_items(cast.project, ITEMS)

    def done(fault: str = "", before=lambda: None) -> Trial:
        recipe = Recipe(thinking="after") if fault == "cut" else Recipe()
        asked = ModelVersion.objects.get(pk=model.pk)
        trial = trial_start(project=cast.project, model=asked, by=cast.olivia, recipe=recipe, pick=Pick())
        before()
        trial_run(trial_id=trial.pk)
        trial.refresh_from_db()
        return trial

    return done


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_once(llm, tried, fault):
    llm.faults.append(fault)
    trial = tried(fault)
    outcome = TABLE[fault][0]
    if outcome == "paused":
        _failed(trial)
        return
    lost = 1 if outcome == "unanswered" else 0
    rows = list(trial.answers.all())
    assert (trial.status, trial.problem) == ("done", "")
    assert [row.value is None for row in rows].count(True) == lost == [row.problem != "" for row in rows].count(True)
    requests = ITEMS - lost + (1 if outcome == "asked again" else 0)  # what brought no answer cost nothing
    assert sum(row.prompt_tokens for row in rows) == requests * PROMPT_TOKENS


@pytest.mark.parametrize("fault", sorted(SCRIPTED))
def test_always(llm, tried, fault):
    llm.fault_for = lambda text: fault
    trial = tried(fault)
    if TABLE[fault][1] == "paused":
        _failed(trial)
        return
    assert (trial.status, trial.problem) == ("done", "")
    assert all(row.value is None and row.problem for row in trial.answers.all())


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_a_server_that_comes_back_with_another_model(llm, tried, dialect):
    def replaced() -> None:
        llm.dialect, llm.model = dialect, "another-model"

    trial = tried(before=replaced)
    _failed(trial)
    assert f"{llm.url} does not serve the model “scripted-1”" in trial.problem
    assert not trial.answers.exclude(answered_at=None).exists()


def test_a_server_that_is_down(llm, tried):
    _failed(tried(before=llm.stop))


def _failed(trial: Trial) -> None:
    assert trial.status == "failed"
    assert trial.problem.endswith(THEN)
    assert trial.finished_at is not None
