"""Servers and models by page and API: operators only, checked addresses, sealed keys, ledger events."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from annotations.models import Run
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from llm_workers.models import Endpoint, ModelVersion, RunServer, Throughput
from llm_workers.services.models import model_describe, models_refresh
from llm_workers.services.servers import server_add, server_change, server_remove
from tests.factories import make_items, make_user
from tests.llm_server import ScriptedServer

SERVERS = "/api/v1/models/servers/"


@pytest.fixture
def otto(db):
    """An operator, who is in no project."""
    return make_user("otto", is_staff=True)


@pytest.fixture
def added(otto, llm, settings):
    settings.LLM_BASE_URLS = []
    return server_add(by=otto, url=llm.url, api_key="sesame", price_per_hour=Decimal("2.5"), notes="In the cellar.")


# --- services ---------------------------------------------------------------------------------------------------------


def test_a_server_is_asked_when_it_is_added_and_the_ledger_never_says_its_key(added, llm):
    assert (added.healthy, added.dialect, added.has_key) == (True, "vllm", True)
    assert ModelVersion.objects.get().name == llm.model
    event = LedgerEvent.objects.get(kind="endpoint.added")
    assert event.data["has_key"]
    assert event.data["price_per_hour"] == "2.5"
    assert "sesame" not in str(event.data)


def test_a_server_is_added_once(added, otto, llm):
    with pytest.raises(DomainError) as refusal:
        server_add(by=otto, url=f" {llm.url}/ ")
    assert (refusal.value.code, refusal.value.status) == ("server_known", 409)


def test_servers_that_were_added_stay_whatever_the_settings_say(added, settings):
    with ScriptedServer() as other:
        settings.LLM_BASE_URLS = [other.url]
        models_refresh()
        settings.LLM_BASE_URLS = []
        models_refresh()
    assert Endpoint.objects.get() == added


def test_only_what_changed_is_recorded(added, otto):
    server_change(endpoint=added, by=otto, notes="On the roof.", price_per_hour=Decimal("2.5"), enabled=True)
    assert LedgerEvent.objects.get(kind="endpoint.changed").data == {"notes": "On the roof."}
    server_change(endpoint=added, by=otto, notes="On the roof.")
    assert LedgerEvent.objects.filter(kind="endpoint.changed").count() == 1


def test_a_new_address_forgets_the_key(added, otto):
    with ScriptedServer(model="other") as second:
        second.api_key = "something else"
        changed = server_change(endpoint=added, by=otto, url=second.url)
        assert not changed.has_key
        assert not changed.healthy
        assert [model.name for model in changed.model_versions.all()] == []
        changed = server_change(endpoint=changed, by=otto, api_key="something else")
    assert (changed.healthy, changed.model_versions.get().name) == (True, "other")


def test_a_server_of_the_settings_is_neither_moved_nor_removed(db, llm, otto):
    models_refresh()
    endpoint = Endpoint.objects.get()
    for act in (
        lambda: server_change(endpoint=endpoint, by=otto, url="http://elsewhere/v1"),
        lambda: server_remove(endpoint=endpoint, by=otto),
    ):
        with pytest.raises(DomainError, match="named by LLM_BASE_URL"):
            act()
    assert server_change(endpoint=endpoint, by=otto, enabled=False).enabled is False
    models_refresh()
    assert Endpoint.objects.get().enabled is False


def test_enabling_a_server_ends_its_rest(added, otto):
    Endpoint.objects.update(breaker="open", opens=4, retry_at=timezone.now() + timedelta(hours=1), fault="It burns.")
    changed = server_change(endpoint=added, by=otto, enabled=True)
    assert (changed.breaker, changed.opens, changed.retry_at, changed.fault) == ("closed", 0, None, "")


def test_no_run_starts_on_disabled_servers(cast, llm, model, start, otto):
    make_items(cast.project, 1)
    server_change(endpoint=Endpoint.objects.get(), by=otto, enabled=False)
    with pytest.raises(DomainError, match="No server offers"):
        start()


def test_what_runs_took_from_a_removed_server_keeps_its_price(cast, added, otto, start, work):
    make_items(cast.project, 2)
    run = work(start())
    server_remove(endpoint=added, by=otto)
    taken = RunServer.objects.get(run=run)
    assert (taken.price_per_hour, taken.currency) == (Decimal("2.5"), "EUR")
    assert LedgerEvent.objects.filter(kind="endpoint.removed").count() == 1


def test_a_server_that_moves_leaves_its_price_with_what_was_taken_from_it(cast, added, otto, start, work):
    make_items(cast.project, 2)
    run = work(start())
    server_change(endpoint=added, by=otto, url="http://127.0.0.1:9/v1")
    assert RunServer.objects.get(run=run).price_per_hour == Decimal("2.5")


def test_a_server_that_leaves_the_settings_leaves_its_price_too(cast, llm, start, work, settings):
    make_items(cast.project, 2)
    run = work(start())
    Endpoint.objects.update(price_per_hour=Decimal("2.5"), currency="USD")
    settings.LLM_BASE_URLS = []
    models_refresh()
    taken = RunServer.objects.get(run=run)
    assert not Endpoint.objects.exists()
    assert (taken.price_per_hour, taken.currency) == (Decimal("2.5"), "USD")


def test_a_price_that_was_kept_is_not_overwritten_by_a_later_one(cast, added, otto, start, work, llm):
    make_items(cast.project, 2)
    run = work(start())
    server_remove(endpoint=added, by=otto)
    server_remove(endpoint=server_add(by=otto, url=llm.url, price_per_hour=Decimal(9)), by=otto)
    assert RunServer.objects.get(run=run).price_per_hour == Decimal("2.5")


def test_what_an_operator_writes_of_a_model_stays_apart_from_what_its_server_says(db, llm, model, otto):
    model_describe(model=model, by=otto, stated_base="mine/base", license="MIT", file_hash="SHA256:" + "AB" * 32)
    models_refresh()
    model.refresh_from_db()
    assert (model.base, model.stated_base, model.facts["base"]) == ("org/scripted-1", "mine/base", "mine/base")
    assert model.file_hash == "ab" * 32
    model_describe(model=model, by=otto, license="MIT")
    (event,) = LedgerEvent.objects.filter(kind="model.described")
    assert event.data == {"stated_base": "mine/base", "license": "MIT", "file_hash": "ab" * 32}
    with pytest.raises(ValueError, match="Not to be described"):
        model_describe(model=model, by=otto, base="x")


# --- constraints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"breaker": "ajar"}, "endpoint_breaker_known"),
        ({"breaker": "open"}, "endpoint_rest_has_end"),
        ({"retry_at": timezone.now()}, "endpoint_rest_has_end"),
        ({"price_per_hour": -1}, "endpoint_price_not_negative"),
        ({"dialect": "esperant"}, "endpoint_dialect_known"),
    ],
)
def test_constraints_of_servers(db, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Endpoint.objects.create(url="http://a/v1", **fields)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"file_hash": "abc"}, "model_hash_is_sha256"),
        ({"price_per_hour": -1}, "model_prices_not_negative"),
        ({"price_per_million_prompt": -1}, "model_prices_not_negative"),
    ],
)
def test_constraints_of_models(db, model, fields, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ModelVersion.objects.update(**fields)


def test_constraints_of_what_was_measured(cast, model, start):
    make_items(cast.project, 1)
    run = start()
    endpoint = Endpoint.objects.get()
    speed = {
        "endpoint": endpoint, "model": model, "prompt_tokens_per_second": 1, "completion_tokens_per_second": 1,
        "labels_per_second": 1, "seen_at": timezone.now(),
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="throughput_over_time"), transaction.atomic():
        Throughput.objects.create(**speed, seconds=0)
    Throughput.objects.create(**speed, seconds=1)
    with pytest.raises(IntegrityError, match="throughput_once"), transaction.atomic():
        Throughput.objects.create(**speed, seconds=1)
    with pytest.raises(IntegrityError, match="run_server_time_not_negative"), transaction.atomic():
        RunServer.objects.create(run=run, url="x", busy_seconds=-1)
    RunServer.objects.create(run=run, url="x")
    with pytest.raises(IntegrityError, match="run_server_once"), transaction.atomic():
        RunServer.objects.create(run=run, url="x")


# --- REST -------------------------------------------------------------------------------------------------------------


def test_an_operator_adds_changes_and_removes_by_rest(api, otto, llm, settings):
    settings.LLM_BASE_URLS = []
    llm.api_key = "sesame"
    client = api(otto)
    answer = client.post(SERVERS, {"url": llm.url, "api_key": "sesame", "price_per_hour": "1.5", "currency": "usd"})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"{SERVERS}{made['id']}/"
    assert (made["healthy"], made["has_key"], made["currency"], made["added"]) == (True, True, "USD", True)
    assert "sesame" not in answer.content.decode()
    assert made["models"] == [ModelVersion.objects.get().pk]
    changed = client.patch(f"{SERVERS}{made['id']}/", {"enabled": False, "notes": "Later."}).json()
    assert (changed["enabled"], changed["notes"], changed["has_key"]) == (False, "Later.", True)
    changed = client.patch(f"{SERVERS}{made['id']}/", {"enabled": True, "api_key": ""}).json()
    assert (changed["has_key"], changed["healthy"]) == (False, False)
    assert [one["id"] for one in client.get(SERVERS).json()["results"]] == [made["id"]]
    assert client.delete(f"{SERVERS}{made['id']}/").status_code == 204
    assert client.get(f"{SERVERS}{made['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"url": "http://me:secret@gpu1/v1"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({}, "url"),
        ({"url": "http://gpu1/v1", "price_per_hour": "-1"}, "price_per_hour"),
        ({"url": "http://gpu1/v1", "currency": "€"}, "currency"),
        ({"url": "http://gpu1/v1", "api_key": "sésame"}, "api_key"),
    ],
)
def test_bad_input_names_the_field_and_stores_nothing(api, otto, fields, at_fault):
    answer = api(otto).post(SERVERS, fields)
    assert answer.status_code == 400
    assert at_fault in answer.json()["error"]["fields"]
    assert not Endpoint.objects.exists()


def test_only_operators_reach_servers(api, cast, added):
    for who in (cast.olivia, cast.audrey, cast.wanda, cast.stan):
        for address in (SERVERS, f"{SERVERS}{added.pk}/", f"{SERVERS}{10**9}/"):
            assert api(who).get(address).status_code == 403
        assert api(who).post(SERVERS, {"url": "http://gpu1/v1"}).status_code == 403
        assert api(who).delete(f"{SERVERS}{added.pk}/").status_code == 403
    assert api().get(SERVERS).status_code == 401
    assert Endpoint.objects.count() == 1


def test_a_model_is_described_by_rest(api, otto, cast, model):
    address = f"/api/v1/models/{model.pk}/"
    answer = api(otto).patch(address, {"price_per_hour": "3", "currency": "eur", "stated_context_tokens": 2048})
    assert answer.status_code == 200
    assert (answer.json()["price_per_hour"], answer.json()["stated_context_tokens"]) == ("3.0000", 2048)
    for wrong in ({"file_hash": "xyz"}, {"currency": "1"}, {"price_per_hour": "-1"}):
        assert api(otto).patch(address, wrong).status_code == 400
    assert api(cast.olivia).patch(address, {"license": "MIT"}).status_code == 403


# --- pages ------------------------------------------------------------------------------------------------------------


def test_an_operator_adds_a_server_by_page(page_client, otto, llm, settings):
    settings.LLM_BASE_URLS = []
    client = page_client(otto)
    assert "Add a server" in client.get(reverse("models")).content.decode()
    answer = client.post(reverse("server_new"), {"url": llm.url, "currency": "EUR", "api_key": "sesame"}, follow=True)
    assert "The server answers, and runs use it within seconds." in answer.content.decode()
    endpoint = Endpoint.objects.get()
    page = client.get(reverse("server", args=[endpoint.pk])).content.decode()
    assert "A key is stored." in page
    assert "sesame" not in page
    again = client.post(reverse("server_new"), {"url": llm.url, "currency": "EUR"})
    assert again.status_code == 422
    assert "is known already" in again.content.decode()


def test_an_operator_changes_and_removes_a_server_by_page(page_client, otto, added):
    client, address = page_client(otto), reverse("server", args=[added.pk])
    form = {"url": added.url, "currency": "EUR", "notes": "Moved.", "price_per_hour": "4"}
    assert client.post(address, form).status_code == 302  # without “may be used”
    added.refresh_from_db()
    assert (added.enabled, added.notes, added.price_per_hour, added.has_key) == (False, "Moved.", 4, True)
    assert client.post(address, {**form, "enabled": "on", "drop_key": "on"}).status_code == 302
    added.refresh_from_db()
    assert (added.enabled, added.has_key) == (True, False)
    assert client.post(address, {**form, "url": "http://me:x@gpu/v1"}).status_code == 422
    assert client.post(reverse("server_remove", args=[added.pk])).status_code == 302
    assert not Endpoint.objects.exists()
    assert client.get(address).status_code == 404


def test_the_page_of_a_server_of_the_settings_has_no_button_to_remove_it(page_client, otto, llm):
    models_refresh()
    endpoint = Endpoint.objects.get()
    client = page_client(otto)
    page = client.get(reverse("server", args=[endpoint.pk])).content.decode()
    assert "Named by LLM_BASE_URL" in page
    assert "data-confirm" not in page
    assert client.post(reverse("server_remove", args=[endpoint.pk]), follow=True).status_code == 200
    assert Endpoint.objects.exists()


def test_the_page_of_a_model_tells_the_server_s_word_from_the_operator_s(page_client, otto, cast, model):
    address = reverse("model", args=[model.pk])
    client = page_client(otto)
    form = {"license": "Apache-2.0", "stated_base": "mine/base", "currency": "EUR", "price_per_hour": "2"}
    assert client.post(address, form).status_code == 302
    page = page_client(cast.wanda).get(address).content.decode()
    assert "org/scripted-1" in page
    assert "mine/base" in page
    assert "differs" in page
    assert "2.00 EUR per hour of a server" in page
    assert '<form class="form"' not in page
    assert client.post(address, {**form, "file_hash": "short"}).status_code == 422
    assert page_client(cast.wanda).post(address, form).status_code == 403
    assert client.get(reverse("model", args=[10**9])).status_code == 404


def test_the_models_page_says_how_fast_and_what_rests(page_client, cast, llm, model, start, work, monkeypatch):
    monkeypatch.setattr("llm_workers.services.routing.LEAST_SECONDS", 0.01)
    llm.latency = 0.05
    make_items(cast.project, 4)
    assert work(start()).status == "done"
    Endpoint.objects.update(breaker="open", retry_at=timezone.now() + timedelta(minutes=1), fault="It burns.")
    page = page_client(cast.wanda).get(reverse("models")).content.decode()
    assert "labels/s" in page
    assert "rests after faults" in page
    assert "It burns." in page
    assert Run.objects.get().labelled == 4


def test_many_models_and_servers_need_no_more_queries(page_client, otto, django_assert_max_num_queries):
    now = timezone.now()
    for number in range(12):
        endpoint = Endpoint.objects.create(url=f"http://gpu{number}/v1", added=True)
        made = ModelVersion.objects.create(name=f"m{number}", first_seen_at=now, last_seen_at=now)
        made.endpoints.add(endpoint)
        Throughput.objects.create(
            endpoint=endpoint, model=made, prompt_tokens_per_second=1, completion_tokens_per_second=1,
            labels_per_second=1, seconds=1, seen_at=now,
        )  # fmt: skip
    client = page_client(otto)
    with django_assert_max_num_queries(14):
        client.get(reverse("models"))
