"""Runs that paused because no server could be used, and go on by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations import watching
from annotations.models import Project, Run
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.limits import LONGEST_RESUME, MOST_RESUMES
from llm_workers.models import Endpoint, RunPlan, RunRule
from llm_workers.services import claims
from llm_workers.services.models import models_refresh
from llm_workers.services.resuming import fault_pause, runs_go_on
from llm_workers.services.runs import run_cancel, run_pause, run_resume
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


@pytest.mark.parametrize("obstacle", ["project", "limit", "finding"])
def test_an_obstacle_that_passes_only_puts_it_off(cast, llm, work, paused, monkeypatch, obstacle):
    Endpoint.objects.update(healthy=True, checked_at=timezone.now())
    later(paused)
    if obstacle == "project":
        Project.objects.update(status="paused")
    elif obstacle == "limit":
        RunPlan.objects.filter(run=paused).update(worked_seconds=120)
        RunRule.objects.create(run=paused, kind="minutes", bound=1, action="pause")
    else:
        monkeypatch.setattr(watching, "held_back", lambda run: "A finding is open.")
    assert runs_go_on() == 0
    rest = RunPlan.objects.get(run=paused).resume_at - timezone.now()
    assert rest == pytest.approx(LONGEST_RESUME, abs=timedelta(seconds=30))
    paused.refresh_from_db()
    assert "goes on by itself" in paused.reason  # as it does
    Project.objects.update(status="active")
    RunRule.objects.all().delete()
    monkeypatch.undo()
    later(paused)
    with ScriptedServer(port=llm.port):
        models_refresh()
        assert runs_go_on() == 1
        assert work(paused).status == "done"


def test_a_person_can_have_it_stay_paused(cast, model, paused):
    run_pause(run=paused, by=cast.olivia)
    paused.refresh_from_db()
    assert (paused.status, paused.reason) == ("paused", "Paused by a person.")
    told = LedgerEvent.objects.filter(kind="run.paused").latest("id")
    assert (told.actor, told.data["reason"]) == (f"user:{cast.olivia.pk}", "Paused by a person.")
    Endpoint.objects.update(healthy=True, checked_at=timezone.now())
    assert runs_go_on() == 0
    with pytest.raises(DomainError, match="told to stay paused"):  # the platform, a moment too late
        run_resume(run=paused, by=None)
    with pytest.raises(DomainError, match="cannot be paused"):
        run_pause(run=paused, by=cast.olivia)
    run_resume(run=paused, by=cast.olivia)


def test_the_page_and_the_api_have_it_stay_paused(client, cast, paused):
    client.force_login(cast.olivia)
    page = client.get(f"/runs/{paused.pk}/").content.decode()
    assert "Stay paused" in page
    assert client.post(f"/api/v1/runs/{paused.pk}/pause/").status_code == 200
    assert client.post(f"/api/v1/runs/{paused.pk}/pause/").status_code == 409
    assert "Stay paused" not in client.get(f"/runs/{paused.pk}/").content.decode()
    later(paused)
    assert client.post(f"/runs/{paused.pk}/pause/").status_code == 302
    assert RunPlan.objects.get(run=paused).resume_at is None


def test_the_platform_confirms_no_probe(cast, llm, start, work, monkeypatch):
    """One lane pauses the run while the answers of another complete the probe: nobody has seen an estimate yet."""
    make_items(cast.project, 30)
    run = start(probe=10)
    work_of = claims.lane_claim(run_id=run.pk, lane=0, generation=0)
    with ScriptedServer() as away:
        monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))
        claims.lane_fault(claim=work_of.claim, reason=f"{away.url} is away.", hopeless=False)
    Run.objects.filter(pk=run.pk).update(labelled=10)
    later(run)
    models_refresh()
    assert runs_go_on() == 1
    assert RunPlan.objects.get(run=run).confirmed_at is None
    run = work(run)
    plan = RunPlan.objects.get(run=run)
    assert (run.status, len(llm.requests), plan.confirmed_at) == ("paused", 0, None)
    assert run.reason.startswith("The probe is done.")
    assert plan.estimate is not None
    run_resume(run=run, by=cast.olivia)
    assert RunPlan.objects.get(run=run).confirmed_at is not None


def test_one_that_was_cancelled_or_is_held_back_stays(cast, model, paused):
    Endpoint.objects.update(healthy=True, checked_at=timezone.now())
    later(paused)
    cast.project.schemas.update(is_current=False)
    assert runs_go_on() == 0
    assert RunPlan.objects.get(run=paused).resume_at is None
    paused.refresh_from_db()
    assert paused.reason.startswith("Labels or guidelines have changed")
    assert LedgerEvent.objects.filter(kind="run.paused").latest("id").data["reason"] == paused.reason
    later(paused)
    run_cancel(run=paused, by=cast.olivia)
    assert runs_go_on() == 0
