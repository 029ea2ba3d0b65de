"""Pages of models and runs: works · role ladder · bad id · wrong verb · bad input."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from annotations.models import Run
from llm_workers.models import Endpoint
from llm_workers.policy import Asked
from llm_workers.services.models import models_refresh
from llm_workers.services.runs import run_pause
from tests.factories import make_items, make_user


@pytest.fixture
def run(cast, start, work):
    make_items(cast.project, 6)
    return work(start(step_size=4))


def form(model, **fields):
    return {"model": model.pk, "step_size": 50, "orders": 1, "max_items": "", **fields}


def test_the_owner_starts_a_run_and_lands_on_its_page(cast, model, page_client):
    make_items(cast.project, 3)
    answer = page_client(cast.olivia).post(reverse("runs", args=[cast.project.pk]), form(model, with_reason="on"))
    run = Run.objects.get()
    assert answer.url == reverse("run_detail", args=[run.pk])
    assert (run.total, run.step_size) == (3, 50)
    assert run.annotator.model_annotator.prompt.with_reason


def test_a_start_that_cannot_be_says_why_in_the_form(cast, model, page_client):
    answer = page_client(cast.olivia).post(reverse("runs", args=[cast.project.pk]), form(model))
    assert answer.status_code == 422
    assert "There is nothing to label" in answer.content.decode()
    answer = page_client(cast.olivia).post(reverse("runs", args=[cast.project.pk]), form(model, step_size=0))
    assert answer.status_code == 422
    assert not Run.objects.exists()


def test_the_list_shows_runs_and_the_prompt(cast, run, page_client):
    page = page_client(cast.olivia).get(reverse("runs", args=[cast.project.pk])).content.decode()
    assert "6 / 6" in page
    assert "Keep what fits." in page
    assert "A. Keep: Fits the rules" in page


def test_the_prompt_preview_follows_the_reason_box(cast, page_client):
    address = reverse("run_prompt", args=[cast.project.pk])
    assert "reason" not in page_client(cast.olivia).get(address).content.decode()
    assert "reason" in page_client(cast.olivia).get(address, {"with_reason": "on"}).content.decode()
    assert page_client(cast.stan).get(address).status_code == 404


def test_the_page_of_a_run_shows_figures_chart_checkpoints_and_prompt(cast, run, page_client):
    page = page_client(cast.audrey).get(reverse("run_detail", args=[run.pk])).content.decode()
    assert "6 of 6" in page
    assert "600 read, 480 of them from the cache; 12 written" in page
    assert page.count('class="bar model"') == 1  # all at 0.8
    assert "0.80" in page
    assert run.annotator.model_annotator.prompt.hash[:16] in page
    assert "hx-trigger" not in page.partition('id="run-live"')[2].partition(">")[0]
    assert "Cancel the run" not in page  # an auditor only reads


def test_a_going_run_keeps_asking_and_a_paused_one_says_why(cast, start, page_client):
    make_items(cast.project, 2)
    run = start()
    address = reverse("run_progress", args=[run.pk])
    fragment = page_client(cast.olivia).get(address).content.decode()
    assert 'hx-trigger="every 2s"' in fragment
    assert "<html" not in fragment
    run_pause(run=run, reason="The server at home went to sleep. Wake it.")
    fragment = page_client(cast.olivia).get(address).content.decode()
    assert "hx-trigger" not in fragment
    assert "The server at home went to sleep. Wake it." in fragment


def test_unanswered_items_are_listed_with_their_reasons(cast, llm, start, work, page_client):
    items = make_items(cast.project, 2)
    llm.fault_for = lambda text: "outside" if text == items[0].payload["text"] else None
    run = work(start())
    client, reason = page_client(cast.olivia), "“Z” is not one of A, B, C."
    address = reverse("run_unanswered", args=[run.pk])
    page = client.get(reverse("run_detail", args=[run.pk])).content.decode()
    assert reason in page
    assert f'href="{address}?{urlencode({"reason": reason})}"' in page
    for query in ({}, {"reason": reason}):
        listed = client.get(address, query).content.decode()
        assert f'href="{reverse("item_detail", args=[items[0].pk])}"' in listed
        assert items[1].external_id not in listed
    assert items[0].external_id not in client.get(address, {"reason": "another"}).content.decode()
    assert page_client(cast.wanda).get(address).status_code == 403
    assert page_client(cast.stan).get(address).status_code == 404


def test_a_run_with_a_probe_and_limits_shows_estimate_limits_and_decisions(cast, model, work, page_client):
    make_items(cast.project, 12)
    client = page_client(cast.olivia)
    limits = {"rules-tokens_bound": 5000, "rules-agreement_bound": 70, "rules-agreement_least": 5}
    client.post(reverse("runs", args=[cast.project.pk]), form(model, probe=4, **limits))
    run = work(Run.objects.get())
    assert (run.status, run.labelled) == ("paused", 4)
    address = reverse("run_detail", args=[run.pk])
    page = client.get(address).content.decode()
    for text in ("What the rest would take", "Label the rest", "408 of 5,000", "at least 70 % of compared labels"):
        assert text in page
    assert "Label the rest" not in page_client(cast.audrey).get(address).content.decode()
    assert client.post(reverse("run_steer", args=[run.pk, "resume"])).status_code == 302
    work(run)
    assert "What the rest would take" not in client.get(address).content.decode()


def test_limits_are_raised_on_the_page(cast, start, work, page_client):
    make_items(cast.project, 10)
    run = work(start(rules=[Asked("items", Decimal(4))]))
    client, address = page_client(cast.olivia), reverse("run_limits", args=[run.pk])
    page = client.get(reverse("run_detail", args=[run.pk])).content.decode()
    assert "The limit of 4 items is reached." in page
    assert 'name="rules-items_bound" value="4"' in page
    refused = client.post(address, {"rules-items_bound": 0})
    assert refused.status_code == 422
    priceless = client.post(address, {"rules-money_bound": 5})
    assert (priceless.status_code, "What this model costs is not known" in priceless.content.decode()) == (422, True)
    assert run.rules.get().bound == 4
    assert client.post(address, {"rules-items_bound": 8, "rules-items_action": "stop"}).status_code == 302
    assert (run.rules.get().bound, run.rules.get().action) == (8, "stop")
    for person, status in ((cast.audrey, 403), (cast.wanda, 403), (cast.stan, 404)):
        assert page_client(person).post(address, {}).status_code == status
    assert client.get(address).status_code == 405
    assert client.post(reverse("run_limits", args=[10**9]), {}).status_code == 404


def test_pause_resume_cancel_by_button(cast, start, page_client):
    make_items(cast.project, 2)
    run, owner = start(), page_client(cast.olivia)
    for action, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        answer = owner.post(reverse("run_steer", args=[run.pk, action]))
        assert answer.status_code == 302
        run.refresh_from_db()
        assert run.status == status
    assert owner.post(reverse("run_steer", args=[run.pk, "resume"])).status_code == 409


@pytest.mark.parametrize("name", ["run_detail", "run_progress"])
def test_only_owner_and_auditor_read_a_run(cast, run, page_client, name):
    address = reverse(name, args=[run.pk])
    answers = {
        who: page_client(getattr(cast, who)).get(address).status_code
        for who in ("olivia", "audrey", "edgar", "wanda", "stan")
    }
    assert answers == {"olivia": 200, "audrey": 200, "edgar": 403, "wanda": 403, "stan": 404}
    assert page_client().get(address).status_code == 302
    assert page_client(cast.olivia).get(reverse(name, args=[run.pk + 999])).status_code == 404
    assert page_client(cast.olivia).post(address).status_code == 405


def test_only_the_owner_starts_and_steers(cast, model, start, page_client):
    make_items(cast.project, 1)
    run = start()
    for who, status in (("audrey", 403), ("edgar", 403), ("wanda", 403), ("stan", 404)):
        client = page_client(getattr(cast, who))
        assert client.post(reverse("run_steer", args=[run.pk, "pause"])).status_code == status
        assert client.post(reverse("runs", args=[cast.project.pk]), form(model)).status_code == status
    assert page_client(cast.olivia).get(reverse("run_steer", args=[run.pk, "pause"])).status_code == 405


def test_the_models_page_lists_models_and_what_ails_their_servers(cast, llm, settings, model, page_client):
    settings.LLM_BASE_URLS = [llm.url, "http://127.0.0.1:9/v1"]
    models_refresh()
    page = page_client(cast.wanda).get(reverse("models")).content.decode()
    assert llm.model in page
    assert "Nothing answers there." in page
    assert page_client().get(reverse("models")).status_code == 302
    assert page_client(cast.wanda).post(reverse("models")).status_code == 405


def test_without_a_server_the_models_page_says_how_to_connect_one(db, settings, page_client):
    settings.LLM_BASE_URLS = []
    page = page_client(make_user("olga")).get(reverse("models")).content.decode()
    assert "No server is connected" in page
    assert "export LLM_BASE_URL=" in page


def test_only_an_operator_asks_the_servers(cast, llm, page_client):
    address = reverse("models_refresh")
    assert page_client(cast.olivia).post(address).status_code == 403
    assert not Endpoint.objects.exists()
    assert page_client(make_user("otto", is_staff=True)).post(address).status_code == 302
    assert Endpoint.objects.get().healthy
    assert page_client(cast.olivia).get(address).status_code == 405


def test_pages_of_many_runs_need_no_more_queries(cast, start, work, page_client, django_assert_max_num_queries):
    make_items(cast.project, 1)
    for orders in (1, 2, 3):
        work(start(orders=orders))
    client = page_client(cast.olivia)
    with django_assert_max_num_queries(14):
        client.get(reverse("runs", args=[cast.project.pk]))
