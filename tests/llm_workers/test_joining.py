"""Servers that join in the middle of a run: added by page or by REST, or a router that comes to list the model."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.urls import reverse

from llm_workers import limits
from llm_workers.client import upkeep
from llm_workers.models import Endpoint, ModelVersion
from llm_workers.services.lanes import lanes_join
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_start
from tests.factories import make_items, make_user
from tests.llm_server import PROMPT_TOKENS, ScriptedServer

ITEMS = 160


@pytest.fixture
def join(api, page_client, db):
    """``join(way, server)`` as operators do, or as a router's list changes."""
    otto = make_user("otto", is_staff=True)
    page, rest = page_client(otto), api(otto)

    def joined(way: str, server: ScriptedServer) -> None:
        if way == "page":
            answer = page.post(reverse("server_new"), {"url": server.url, "currency": "EUR"})
            assert answer.status_code == 302
        elif way == "rest":
            assert rest.post("/api/v1/models/servers/", {"url": server.url}, format="json").status_code == 201
        else:  # its engine is up: the router lists the model, and beat asks it once a minute
            server.model = "scripted-1"
            models_refresh()

    return joined


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["page", "rest", "router"])
def test_a_server_that_joins_takes_part_at_once_and_gets_a_lane(cast, settings, work, monkeypatch, join, way):
    monkeypatch.setattr(upkeep, "RENEW_EVERY", 0.2)
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 4)
    make_items(cast.project, ITEMS)
    with ScriptedServer(latency=0.05) as first, ScriptedServer(latency=0.05, model="scripted-1") as other:
        settings.LLM_BASE_URLS = [first.url]
        if way == "router":
            settings.LLM_BASE_URLS = [first.url, other.url]
            other.model = "something-else"
        models_refresh()
        model = ModelVersion.objects.get(name="scripted-1")
        run = run_start(project=cast.project, model=model, started_by=cast.olivia)
        assert run.lanes.count() == 1

        def later() -> None:
            join(way, other)
            connection.close()

        timer = threading.Timer(0.3, later)
        timer.start()
        run = work(run, most=1)  # one task, with the client that it began with
        timer.join()
        assert 0 < run.labelled <= ITEMS
        assert len(other.requests) > 10
        assert set(model.endpoints.values_list("url", flat=True)) == {first.url, other.url}
        if run.status != "done":
            assert lanes_join() == 1
            run = work(run)
    assert (run.status, run.labelled, run.prompt_tokens) == ("done", ITEMS, ITEMS * PROMPT_TOKENS)


def test_nobody_else_adds_one(api, page_client, cast, llm, model):
    for who in (cast.olivia, cast.audrey, cast.wanda):
        assert api(who).post("/api/v1/models/servers/", {"url": "http://gpu9/v1"}, format="json").status_code == 403
        assert page_client(who).post(reverse("server_new"), {"url": "http://gpu9/v1"}).status_code == 403
    assert Endpoint.objects.count() == 1
