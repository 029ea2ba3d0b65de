"""How long a server may take for one answer: the installation's word, or the server's own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers import limits
from llm_workers.client import ChatClient, Constraint, Patience, Request, Server, Unavailable
from llm_workers.client.errors import Transient
from llm_workers.models import Endpoint, TrialAnswer
from llm_workers.recipe import Recipe
from llm_workers.services import claims
from llm_workers.services.routing import servers_for
from llm_workers.services.servers import server_add, server_change
from llm_workers.services.trials import Pick, trial_run, trial_start
from llm_workers.validating.models import Validator, ValidatorLane
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.services import validator_rules_update, validators_wake
from tests.factories import add_label, make_annotator, make_items, make_user
from tests.llm_server import ScriptedServer

SERVERS = "/api/v1/models/servers/"
SLOW = 0.8  # seconds of the server for an answer
WORDS = "A. Keep\n\n# Item\n\nHello.\n\nAnswer."
REQUEST = Request("scripted-1", [{"role": "user", "content": WORDS}], Constraint(("A",), {}, 16))


@pytest.fixture
def otto(db):
    return make_user("otto", is_staff=True)


@pytest.fixture
def slow(llm, model, otto, monkeypatch):
    """``slow(seconds)``: the server takes longer than the installation allows; what it may take itself."""
    monkeypatch.setattr(limits, "PATIENCE", Patience(read=0.2, whole=0.3, rounds=1, rounds_late=1, pause=0.01))
    monkeypatch.setattr(claims, "FAULTS_BORNE", timedelta(0))
    llm.latency = SLOW

    def named(seconds: int | None) -> None:
        server_change(endpoint=Endpoint.objects.get(), by=otto, answer_seconds=seconds)

    return named


@pytest.mark.parametrize(("seconds", "status"), [(None, "paused"), (5, "done")])
def test_a_run_waits_as_long_as_the_server_may_take(cast, slow, start, work, seconds, status):
    slow(seconds)
    make_items(cast.project, 2)
    assert work(start()).status == status


@pytest.mark.parametrize(("seconds", "answered"), [(None, 0), (5, 2)])
def test_a_trial_of_a_prompt_does(cast, slow, model, seconds, answered):
    slow(seconds)
    make_items(cast.project, 2)
    trial = trial_start(project=cast.project, model=model, by=cast.olivia, recipe=Recipe(), pick=Pick())
    trial_run(trial_id=trial.pk)
    assert TrialAnswer.objects.filter(trial=trial, value__isnull=False).count() == answered


def test_a_server_may_also_have_less_patience_than_the_installation():
    async def asked(server: Server) -> None:
        async with ChatClient([server], patience=Patience(read=30, whole=0.1, rounds=1, pause=0.01)) as client:
            await client.complete(REQUEST)

    with ScriptedServer(latency=3) as llm, pytest.raises(Unavailable, match="no answer within 1 seconds"):
        asyncio.run(asked(Server(llm.url, "vllm", answer_seconds=1)))


@pytest.mark.parametrize(("seconds", "hangs"), [(None, True), (20, False)])
def test_a_patient_server_is_not_taken_for_one_that_hangs(seconds, hangs):
    """It has answered nothing for longer than another one needs; the one that may take longer is waited for."""

    async def both(slow: Server, quick: Server) -> list[Any]:
        async with ChatClient([slow, quick], patience=Patience(read=2, stall=0.2, pause=0.01)) as client:
            first = asyncio.create_task(client.ask(client.router.replicas[slow.url], REQUEST))
            while not first.done():
                await client.ask(client.router.replicas[quick.url], REQUEST)
                await asyncio.sleep(0.02)
            return await asyncio.gather(first, return_exceptions=True)

    with ScriptedServer(latency=1.2) as slow, ScriptedServer(latency=0.01) as quick:
        servers = Server(slow.url, "vllm", answer_seconds=seconds), Server(quick.url, "vllm")
        assert isinstance(asyncio.run(both(*servers))[0], Transient) == hangs


def test_the_others_do_not_wait_for_one_that_hangs(cast, llm, start, work, monkeypatch):
    """One task: it may begin new requests for a fifth of a second only, and then would wait for what hangs."""
    monkeypatch.setattr(limits, "TASK_SECONDS", 0.2)
    monkeypatch.setattr(limits, "TASK_ANSWERS", 1)
    monkeypatch.setattr(limits, "PATIENCE", Patience(connect=1.0, read=2.0, whole=2.4, pause=0.01, least=0.0))
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 4)
    make_items(cast.project, 60)
    llm.latency, asked = 0.05, []
    llm.fault_for = lambda text: asked.append(text) or ("hang" if text == asked[0] else None)
    run = work(start(), most=1)
    assert (run.labelled, run.unanswered) == (59, 1)


# --- saying it --------------------------------------------------------------------------------------------------------


def test_an_operator_says_it_by_rest_and_takes_it_back(api, otto, llm, settings, model):
    settings.LLM_BASE_URLS = []
    Endpoint.objects.all().delete()
    client = api(otto)
    made = client.post(SERVERS, {"url": llm.url, "answer_seconds": 300}, format="json").json()
    assert made["answer_seconds"] == 300
    assert servers_for(model)[0].answer_seconds == 300
    assert LedgerEvent.objects.get(kind="endpoint.added").data["answer_seconds"] == 300
    address = f"{SERVERS}{made['id']}/"
    assert client.patch(address, {"notes": "Slow."}, format="json").json()["answer_seconds"] == 300
    assert client.patch(address, {"answer_seconds": None}, format="json").json()["answer_seconds"] is None
    assert servers_for(model)[0].answer_seconds is None
    assert LedgerEvent.objects.filter(kind="endpoint.changed").latest("pk").data == {"answer_seconds": None}


@pytest.mark.parametrize("seconds", [0, -1, 3601, "soon", 1.5])
def test_what_cannot_be_is_refused(api, otto, llm, model, page_client, seconds):
    endpoint = Endpoint.objects.get()
    for answer in (
        api(otto).post(SERVERS, {"url": "http://gpu1/v1", "answer_seconds": seconds}, format="json"),
        api(otto).patch(f"{SERVERS}{endpoint.pk}/", {"answer_seconds": seconds}, format="json"),
    ):
        assert answer.status_code == 400
        assert "answer_seconds" in answer.json()["error"]["fields"]
    form = {"url": endpoint.url, "currency": "EUR", "answer_seconds": seconds}
    for address in (reverse("server", args=[endpoint.pk]), reverse("server_new")):
        assert page_client(otto).post(address, form).status_code == 422
    assert Endpoint.objects.get().answer_seconds is None


@pytest.mark.parametrize("seconds", [0, 3601])
def test_services_and_the_database_hold_the_bounds(otto, llm, model, seconds):
    endpoint = Endpoint.objects.get()
    for act in (
        lambda: server_add(by=otto, url="http://gpu1/v1", answer_seconds=seconds),
        lambda: server_change(endpoint=endpoint, by=otto, answer_seconds=seconds),
    ):
        with pytest.raises(DomainError, match="Between 1 and 3600 seconds"):
            act()
    with pytest.raises(IntegrityError, match="endpoint_patience_in_range"), transaction.atomic():
        Endpoint.objects.update(answer_seconds=seconds)


def test_an_operator_says_it_by_page(page_client, otto, llm, model, settings):
    endpoint = Endpoint.objects.get()
    client, address = page_client(otto), reverse("server", args=[endpoint.pk])
    assert f"Empty: {settings.LLM_ANSWER_SECONDS}, as LLM_ANSWER_SECONDS says." in client.get(address).content.decode()
    form = {"url": endpoint.url, "currency": "EUR", "enabled": "on"}
    assert client.post(address, {**form, "answer_seconds": "120"}).status_code == 302
    assert 'value="120"' in client.get(address).content.decode()
    endpoint.refresh_from_db()
    assert endpoint.answer_seconds == 120
    client.post(address, form)
    endpoint.refresh_from_db()
    assert endpoint.answer_seconds is None


def test_nobody_but_operators_says_it(api, cast, page_client, llm, model):
    endpoint = Endpoint.objects.get()
    for who in (cast.olivia, cast.audrey, cast.edgar, cast.wanda, cast.stan):
        answer = api(who).patch(f"{SERVERS}{endpoint.pk}/", {"answer_seconds": 60}, format="json")
        assert answer.status_code == 403
        form = {"url": endpoint.url, "currency": "EUR", "answer_seconds": "60"}
        assert page_client(who).post(reverse("server", args=[endpoint.pk]), form).status_code == 403
    assert api().patch(f"{SERVERS}{endpoint.pk}/", {"answer_seconds": 60}, format="json").status_code == 401
    endpoint.refresh_from_db()
    assert endpoint.answer_seconds is None


def test_labels_are_rated_with_the_same_patience(cast, slow, model, monkeypatch):
    add_label(make_items(cast.project, 1)[0], make_annotator(cast.project), "keep")
    slow(5)
    validator_rules_update(project=cast.project, by=cast.olivia, values={"enabled": True, "model": model})
    validators_wake(stale_before=timezone.now())
    lane = ValidatorLane.objects.get()
    rate_for_a_while(validator_id=lane.validator_id, lane=0, generation=lane.generation)
    assert Validator.objects.get().rated == 1
