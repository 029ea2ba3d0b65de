"""Several replicas of one model in a run: shared load, hanging, dying, coming back, coming back as another model."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Annotation
from llm_workers import limits
from llm_workers.client import BreakerState, Patience, Server, upkeep
from llm_workers.client import breaker as rules
from llm_workers.models import Endpoint, ModelVersion, RunServer, Throughput
from llm_workers.recipe import Recipe
from llm_workers.services.models import models_refresh
from llm_workers.services.prompting import prompt_create
from llm_workers.services.routing import breaker_moved, servers_for, trial_claim
from llm_workers.services.runs import run_start
from llm_workers.services.servers import server_add, server_change
from tests.factories import make_items, make_user
from tests.llm_server import PROMPT_TOKENS, ScriptedServer


@pytest.fixture
def second(llm, settings, model):
    """A second replica beside ``llm``."""
    with ScriptedServer() as server:
        settings.LLM_BASE_URLS = [llm.url, server.url]
        models_refresh()
        yield server


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(upkeep, "RENEW_EVERY", 0.05)
    monkeypatch.setattr(upkeep, "LOAD_EVERY", 0.05)
    monkeypatch.setattr(rules, "REST", 0.2)


def breaker_of(server):
    return Endpoint.objects.get(url=server.url).breaker


def test_two_replicas_share_the_load_evenly(cast, llm, second, start, work, monkeypatch):
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 8)
    llm.latency = second.latency = 0.02
    make_items(cast.project, 120)
    assert work(start()).labelled == 120
    shares = sorted([len(llm.requests), len(second.requests)])
    assert sum(shares) == 120
    assert shares[0] >= 45
    assert max(llm.peak, second.peak) <= 5


def test_a_slow_replica_gets_fewer(cast, llm, second, start, work, monkeypatch):
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 8)
    llm.latency, second.latency = 0.15, 0.01
    make_items(cast.project, 100)
    assert work(start()).labelled == 100
    assert len(llm.requests) < 40


def test_others_requests_at_a_replica_are_seen_by_its_metrics(cast, llm, second, start, work, monkeypatch):
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 4)
    llm.elsewhere, second.elsewhere = (30, 10), (0, 0)
    llm.latency = second.latency = 0.02
    make_items(cast.project, 100)
    assert work(start()).labelled == 100
    assert len(llm.requests) < 30


def test_one_that_hangs_does_not_slow_the_other(cast, llm, second, start, work, monkeypatch):
    monkeypatch.setattr(limits, "PATIENCE", Patience(read=30, pause=0.01, stall=0.3))
    monkeypatch.setattr(rules, "REST", 30.0)
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 8)
    llm.fault_for = lambda text: "hang"
    second.latency = 0.01
    make_items(cast.project, 200)
    started = time.monotonic()
    run = work(start())
    assert (run.status, run.labelled) == ("done", 200)
    assert time.monotonic() - started < 10  # and not the 30 seconds that one request may take
    assert len(llm.requests) <= 8
    assert breaker_of(llm) == "open"
    assert "answers nothing while other servers do" in Endpoint.objects.get(url=llm.url).fault


def test_one_that_answers_503_is_left_alone_until_it_is_tried_again(cast, llm, second, start, work, monkeypatch):
    monkeypatch.setattr(rules, "REST", 30.0)
    llm.fault_for = lambda text: "503"
    second.latency = 0.01
    make_items(cast.project, 150)
    run = work(start())
    assert (run.status, run.labelled) == ("done", 150)
    assert len(llm.requests) <= 64 + rules.FAILURES  # those that were sent at once, and no more
    assert breaker_of(llm) == "open"
    taken = RunServer.objects.get(run=run, url=llm.url)
    # What came while it was open, once all else had failed, ended at the look at its models: a fault, never sent.
    assert taken.faults == taken.requests >= len(llm.requests)


def test_one_that_dies_and_comes_back_is_used_again(cast, llm, second, start, work, monkeypatch):
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 4)
    llm.latency = second.latency = 0.02
    make_items(cast.project, 300)
    run = start()
    timer = threading.Timer(0.3, llm.stop)
    timer.start()
    back = ScriptedServer(port=0)
    try:
        late = threading.Timer(1.0, lambda: _come_back(back, llm.port))
        late.start()
        run = work(run)
        timer.join()
        late.join()
    finally:
        back.revived.stop()
    assert (run.status, run.labelled) == ("done", 300)
    assert len(back.revived.requests) > 0
    assert breaker_of(llm) == "closed"


def _come_back(holder, port, **options):
    holder.revived = ScriptedServer(port=port, latency=0.02, **options).__enter__()


@pytest.mark.parametrize("dialect", ["vllm", "llamacpp"])
def test_one_that_comes_back_with_another_model_is_not_used_for_the_old_one(cast, settings, work, monkeypatch, dialect):
    """llama.cpp answers with whatever it has loaded, whatever model is asked for."""
    monkeypatch.setitem(limits.CONCURRENCY, dialect, 4)
    make_items(cast.project, 150)
    with ScriptedServer(dialect=dialect, latency=0.02) as one, ScriptedServer(dialect=dialect, latency=0.02) as two:
        settings.LLM_BASE_URLS = [one.url, two.url]
        models_refresh()
        old = ModelVersion.objects.get()
        run = run_start(project=cast.project, model=old, started_by=cast.olivia)
        holder = ScriptedServer()

        def swap():
            one.stop()
            _come_back(holder, one.port, model="another-7b", dialect=dialect, choose=lambda text, names: ["Remove"])

        two.choose = one.choose = lambda text, names: ["Keep"]
        timer = threading.Timer(0.3, swap)
        timer.start()
        run = work(run)
        timer.join()
        holder.revived.stop()
    assert (run.status, run.labelled) == ("done", 150)
    assert set(Annotation.objects.filter(run=run).values_list("value", flat=True)) == {"keep"}
    assert [server.url for server in servers_for(old)] == [two.url]
    assert Endpoint.objects.get(url=one.url).model_versions.get().name == "another-7b"


def test_where_only_another_model_is_left_the_run_pauses_and_says_so(cast, llm, model, start, work):
    make_items(cast.project, 2)
    run = start()
    llm.model = "another-7b"
    run = work(run, most=1)
    assert (run.status, run.labelled) == ("paused", 0)
    assert "does not serve the model “scripted-1”" in run.reason
    assert "Then resume the run." in run.reason
    assert not servers_for(model)


@pytest.mark.django_db(transaction=True)
def test_a_replica_that_is_added_while_a_run_goes_on_is_used_within_seconds(cast, settings, work, monkeypatch):
    monkeypatch.setattr(upkeep, "RENEW_EVERY", 0.2)
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 4)
    make_items(cast.project, 200)
    operator = make_user("otto", is_staff=True)
    with ScriptedServer(latency=0.05) as first, ScriptedServer(latency=0.05) as added:
        settings.LLM_BASE_URLS = [first.url]
        models_refresh()
        run = run_start(project=cast.project, model=ModelVersion.objects.get(), started_by=cast.olivia)

        def add():
            server_add(by=operator, url=added.url)
            connection.close()

        timer = threading.Timer(0.4, add)
        timer.start()
        run = work(run, most=1)  # one task, with the client that it began with
        timer.join()
        assert run.labelled > 0
        assert len(added.requests) > 20
        server_change(endpoint=Endpoint.objects.get(url=added.url), by=operator, enabled=False)
        asked = len(added.requests)
        assert work(run).status == "done"
        assert len(added.requests) == asked


# --- what all processes see -------------------------------------------------------------------------------------------


def test_a_breaker_is_shared_and_one_of_all_processes_may_try(db, llm, model):
    soon = time.time() - 1
    breaker_moved(url=llm.url, state=BreakerState("open", 3, 2, soon), fault="It burns.")
    (server,) = servers_for(model)
    assert (server.breaker.phase, server.breaker.opens) == ("open", 2)
    assert server.breaker.retry_at == pytest.approx(soon)
    assert trial_claim(url=llm.url)
    assert not trial_claim(url=llm.url)
    assert servers_for(model)[0].breaker.phase == "half_open"
    Endpoint.objects.update(retry_at=timezone.now() - timedelta(seconds=1))  # whoever tried it has died
    assert trial_claim(url=llm.url)
    breaker_moved(url=llm.url, state=BreakerState(), fault="")
    assert servers_for(model)[0].breaker == BreakerState()
    assert not trial_claim(url=llm.url)


def test_a_late_report_does_not_shorten_a_rest(db, llm, model):
    now = time.time()
    breaker_moved(url=llm.url, state=BreakerState("open", 3, 3, now + 60), fault="Later.")
    breaker_moved(url=llm.url, state=BreakerState("open", 3, 1, now + 2), fault="Earlier.")
    endpoint = Endpoint.objects.get()
    assert (endpoint.opens, endpoint.fault) == (3, "Later.")


@pytest.mark.parametrize("twice", ["orders", "samples"])
def test_what_a_run_took_and_how_fast_it_was_is_written_down(cast, llm, model, start, work, monkeypatch, twice):
    monkeypatch.setattr("llm_workers.services.routing.LEAST_SECONDS", 0.05)
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 2)
    llm.latency = 0.05
    make_items(cast.project, 12)
    prompt = prompt_create(project=cast.project, by=cast.olivia, name="Twice", recipe=Recipe(**{twice: 2}))
    run = work(start(prompt=prompt))
    taken = RunServer.objects.get(run=run)
    assert (taken.url, taken.requests, taken.faults, taken.joules) == (llm.url, 24, 0, None)
    assert 0.5 < taken.busy_seconds < run.model_seconds + 0.5
    seen = Throughput.objects.get()
    assert (seen.endpoint.url, seen.model, seen.whole) == (llm.url, model, False)
    assert 0 < seen.labels_per_second < 25
    assert seen.prompt_tokens_per_second == pytest.approx(2 * PROMPT_TOKENS * seen.labels_per_second, rel=0.2)


def test_tokens_of_everybody_are_read_from_the_server_s_counters(cast, llm, model, start, work, monkeypatch):
    monkeypatch.setattr("llm_workers.services.routing.LEAST_SECONDS", 0.05)
    monkeypatch.setattr(upkeep, "RENEW_EVERY", 0.5)
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 2)
    llm.latency, llm.elsewhere = 0.05, (0, 0)
    make_items(cast.project, 50)
    work(start())
    assert Throughput.objects.get().whole


def test_energy_is_shared_by_time_among_servers_of_this_machine(cast, llm, model, start, work, monkeypatch):
    readings = iter(range(0, 10_000, 100))
    monkeypatch.setattr("llm_workers.client.gpus.Gpus.joules", lambda gpus: float(next(readings)))
    llm.latency = 0.1
    make_items(cast.project, 4)
    run = work(start())
    assert RunServer.objects.get(run=run).joules > 0


def test_a_server_without_a_readable_key_is_not_used(db, llm, settings):
    settings.LLM_BASE_URLS = []
    operator = make_user("otto", is_staff=True)
    llm.api_key = "sesame"
    endpoint = server_add(by=operator, url=llm.url, api_key="sesame")
    model = ModelVersion.objects.get()
    assert servers_for(model)[0].api_key == "sesame"
    settings.SECRET_KEY = "another secret " * 5
    assert servers_for(model) == ()
    models_refresh()
    endpoint.refresh_from_db()
    assert "Give the key again" in endpoint.problem
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]


def test_the_installation_s_key_goes_to_no_server_that_was_added_by_address(db, llm, settings):
    settings.LLM_BASE_URLS, settings.LLM_API_KEY = [], "the installation's"
    server_add(by=make_user("otto", is_staff=True), url=llm.url)
    (server,) = servers_for(ModelVersion.objects.get())
    assert server == Server(
        url=llm.url, dialect="vllm", api_key="", identity=("scripted-1", "org/scripted-1", "", ""), doubtful=False
    )
