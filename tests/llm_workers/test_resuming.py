"""Runs that paused because no server could be used, and go on by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Run
from ledger.models import LedgerEvent
from llm_workers.limits import LONGEST_RESUME, MOST_RESUMES
from llm_workers.models import Endpoint, RunPlan
from llm_workers.services import claims
from llm_workers.services.models import models_refresh
from llm_workers.services.resuming import fault_pause, runs_go_on
from llm_workers.services.runs import run_cancel, run_resume
from tests.factories import make_items
from tests.llm_server import ScriptedServer


@pytest.fixture
def paused(cast, llm, start, work, monkeypatch) -> Run:
    """A run that paused because its server died."""
    monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))
    make_items(cast.project, 3)
    run = start()
    llm.stop()
    run = work(run)
    assert run.status == "paused"
    return run


def later(run: Run) -> None:
    """The rest is over."""
    RunPlan.objects.filter(run=run).update(resume_at=timezone.now() - timedelta(seconds=1))


def test_it_goes_on_once_the_model_is_served_again(llm, work, paused):
    assert runs_go_on() == 0  # it rests
    later(paused)
    models_refresh()
    assert runs_go_on() == 0  # nobody serves the model
    with ScriptedServer(port=llm.port):
        assert runs_go_on() == 0  # nobody knows yet
        models_refresh()
        assert runs_go_on() == 1
        run = work(paused)
    assert (run.status, run.labelled) == ("done", 3)
    resumed = LedgerEvent.objects.get(kind="run.resumed")
    assert (resumed.actor, resumed.data) == ("system", {"labelled": 0})
    plan = RunPlan.objects.get(run=run)
    assert (plan.resume_at, plan.fault_pauses) == (None, 0)


def test_another_model_at_the_same_address_is_not_waited_for(llm, paused):
    later(paused)
    with ScriptedServer(port=llm.port, model="another-model"):
        models_refresh()
        assert runs_go_on() == 0


def test_rests_grow_and_end(cast, start, model):
    make_items(cast.project, 1)
    run, rests = start(), []
    for _ in range(MOST_RESUMES + 1):
        plan = RunPlan.objects.get(run=run)
        plan.resume_at = None
        fault_pause(run, plan, reason="Down.", hopeless=False)
        rests.append(plan.resume_at and round((plan.resume_at - timezone.now()).total_seconds()))
    assert rests[:3] == [15, 30, 60]
    assert rests[-2:] == [LONGEST_RESUME.total_seconds(), None]
    assert run.reason == "Down. Then resume the run."


def test_a_person_gives_it_all_its_tries_again(cast, paused):
    assert RunPlan.objects.get(run=paused).fault_pauses == 1
    run_resume(run=paused, by=cast.olivia)
    plan = RunPlan.objects.get(run=paused)
    assert (plan.fault_pauses, plan.resume_at) == (0, None)


def test_what_trying_again_cannot_mend_is_left_to_people(cast, llm, start, work):
    make_items(cast.project, 1)
    llm.fault_for = lambda text: "401"
    run = work(start())
    assert (run.status, RunPlan.objects.get(run=run).resume_at) == ("paused", None)


def test_one_that_was_cancelled_or_is_held_back_stays(cast, model, paused):
    Endpoint.objects.update(healthy=True, checked_at=timezone.now())
    later(paused)
    cast.project.schemas.update(is_current=False)
    assert runs_go_on() == 0
    assert RunPlan.objects.get(run=paused).resume_at is None
    later(paused)
    run_cancel(run=paused, by=cast.olivia)
    assert runs_go_on() == 0
