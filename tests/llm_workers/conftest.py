"""A scripted server that the settings point at, and runs that are worked on in the test's own process."""

from __future__ import annotations

import pytest

from annotations.models import Run
from llm_workers import limits
from llm_workers.client import Patience
from llm_workers.models import ModelVersion, RunLane
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_start
from tests.llm_server import ScriptedServer


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """The same behaviour in less time."""
    quick = Patience(connect=1.0, read=1.0, whole=1.2, rounds=3, pause=0.01, longest_wait=0.2)
    monkeypatch.setattr(limits, "PATIENCE", quick)
    monkeypatch.setattr(limits, "STORE_EVERY", 0.05)


@pytest.fixture
def patient(monkeypatch):
    """For tests that count requests: on a busy machine an answer may take a second, and would be asked for again."""
    monkeypatch.setattr(limits, "PATIENCE", Patience())


@pytest.fixture
def llm(settings):
    """A scripted vLLM server."""
    with ScriptedServer() as server:
        settings.LLM_BASE_URLS = [server.url]
        yield server


@pytest.fixture
def model(db, llm) -> ModelVersion:
    models_refresh()
    return ModelVersion.objects.get(name=llm.model)


@pytest.fixture
def start(cast, model):
    """``start(**options)`` starts a run of the cast's project."""

    def started(**options) -> Run:
        return run_start(project=cast.project, model=model, started_by=cast.olivia, **options)

    return started


@pytest.fixture
def work():
    """``work(run)`` does what workers would do, one task after another, until none follows; returns the run."""

    def worked(run: Run, *, most: int = 50) -> Run:
        for lane in RunLane.objects.filter(run=run):
            generation = lane.generation
            for _ in range(most):
                follow = label_for_a_while(run_id=run.pk, lane=lane.number, generation=generation)
                if follow is None:
                    break
                generation = follow.generation
        run.refresh_from_db()
        return run

    return worked
