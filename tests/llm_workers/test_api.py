"""REST of models and runs: works · role ladder · bad id · wrong verb · bad input · token scope."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.authentication import token_digest
from accounts.models import ApiToken
from annotations.models import Run
from ledger.models import LedgerEvent
from llm_workers.costs.money import run_spent
from llm_workers.limits import PROBE_ITEMS
from llm_workers.models import ModelVersion
from tests.factories import make_items, make_user


@pytest.fixture
def run(cast, start, work):
    make_items(cast.project, 5)
    return work(start(step_size=2))


def test_start_watch_and_read_a_run(cast, model, api, work):
    make_items(cast.project, 4)
    client = api(cast.olivia)
    answer = client.post(f"/api/v1/projects/{cast.project.pk}/runs/", {"model": model.pk, "step_size": 2, "seed": 7})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"/api/v1/runs/{made['id']}/"
    assert (made["status"], made["total"], made["seed"], made["model"]) == (
        "queued", 4, 7, {"id": model.pk, "name": model.name},
    )  # fmt: skip
    work(Run.objects.get())
    found = client.get(f"/api/v1/runs/{made['id']}/").json()
    assert (found["status"], found["labelled"], found["unanswered"]) == ("done", 4, 0)
    assert [checkpoint["labelled"] for checkpoint in found["checkpoints"]] == [2, 4]
    assert found["prompt"].startswith("You label items")
    (listed,) = client.get(f"/api/v1/projects/{cast.project.pk}/runs/", {"status": "done"}).json()["results"]
    assert listed["id"] == made["id"]
    assert not client.get(f"/api/v1/projects/{cast.project.pk}/runs/", {"status": "paused"}).json()["results"]


def test_items_with_their_reasons(cast, llm, api, start, work):
    items = make_items(cast.project, 3)
    llm.fault_for = lambda text: "400" if text == items[1].payload["text"] else None
    run = work(start())
    (row,) = api(cast.audrey).get(f"/api/v1/runs/{run.pk}/items/", {"status": "unanswered"}).json()["results"]
    assert row["item"] == items[1].pk
    assert "scripted fault 400" in row["reason"]
    assert len(api(cast.audrey).get(f"/api/v1/runs/{run.pk}/items/").json()["results"]) == 3


def test_pause_resume_cancel(cast, start, api):
    make_items(cast.project, 2)
    run, client = start(), api(cast.olivia)
    for action, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        answer = client.post(f"/api/v1/runs/{run.pk}/{action}/")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    again = client.post(f"/api/v1/runs/{run.pk}/pause/")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_state")


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({}, "model"),
        ({"model": 10**9}, "model"),
        ({"step_size": 0}, "step_size"),
        ({"max_items": 0}, "max_items"),
        ({"orders": 51}, "orders"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_bad_input_names_the_field(cast, model, api, fields, at_fault):
    make_items(cast.project, 1)
    if at_fault != "model":
        fields = {"model": model.pk, **fields}
    answer = api(cast.olivia).post(f"/api/v1/projects/{cast.project.pk}/runs/", fields)
    assert answer.status_code == 400
    assert at_fault in answer.json()["error"]["fields"]


def test_a_second_run_of_the_same_model_waits(cast, model, start, api):
    make_items(cast.project, 2)
    start()
    answer = api(cast.olivia).post(f"/api/v1/projects/{cast.project.pk}/runs/", {"model": model.pk})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "run_active")


@pytest.mark.parametrize("status", ["draft", "paused", "closed"])
def test_nothing_starts_in_a_project_that_is_not_active(cast, model, api, status):
    make_items(cast.project, 1)
    type(cast.project).objects.update(status=status)
    answer = api(cast.olivia).post(f"/api/v1/projects/{cast.project.pk}/runs/", {"model": model.pk})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "project_not_active")


def test_a_model_that_nobody_serves_cannot_start(cast, model, api):
    make_items(cast.project, 1)
    model.endpoints.clear()
    answer = api(cast.olivia).post(f"/api/v1/projects/{cast.project.pk}/runs/", {"model": model.pk})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "model_not_served")


def test_who_reads_and_who_steers(cast, run, api):
    reading = [f"/api/v1/projects/{cast.project.pk}/runs/", f"/api/v1/runs/{run.pk}/", f"/api/v1/runs/{run.pk}/items/"]
    steering = [f"/api/v1/runs/{run.pk}/{action}/" for action in ("pause", "resume", "cancel")]
    for who, reads, steers in (
        ("olivia", 200, 409), ("audrey", 200, 403), ("edgar", 403, 403), ("wanda", 403, 403), ("stan", 404, 404),
    ):  # fmt: skip
        client = api(getattr(cast, who))
        assert [client.get(address).status_code for address in reading] == [reads] * 3
        assert [client.post(address).status_code for address in steering] == [steers] * 3
    nobody = api()
    assert [nobody.get(address).status_code for address in reading] == [401] * 3
    assert [nobody.post(address).status_code for address in steering] == [401] * 3


def test_bad_ids_and_wrong_verbs(cast, run, api):
    client = api(cast.olivia)
    for address in ("/api/v1/runs/999999/", "/api/v1/runs/999999/items/", "/api/v1/projects/999999/runs/"):
        assert client.get(address).status_code == 404
    assert client.post("/api/v1/runs/999999/pause/").status_code == 404
    assert client.delete(f"/api/v1/runs/{run.pk}/").status_code == 405
    assert client.get(f"/api/v1/runs/{run.pk}/pause/").status_code == 405
    assert client.post("/api/v1/models/").status_code == 405


def test_models_are_listed_to_anyone_signed_in(cast, model, api):
    (found,) = api(cast.stan).get("/api/v1/models/").json()["results"]
    assert (found["name"], found["base"], found["context_tokens"]) == ("scripted-1", "org/scripted-1", 4096)
    assert (found["endpoints"][0]["dialect"], found["endpoints"][0]["healthy"]) == ("vllm", True)
    assert api().get("/api/v1/models/").status_code == 401


def test_only_an_operator_asks_the_servers(cast, llm, api):
    assert api(cast.olivia).post("/api/v1/models/refresh/").status_code == 403
    answer = api(make_user("otto", is_staff=True)).post("/api/v1/models/refresh/")
    assert [model["name"] for model in answer.json()] == [llm.model]


def test_an_operator_says_what_no_server_says_and_runs_show_their_cost(cast, model, api, page_client, start, work):
    address = f"/api/v1/models/{model.pk}/"
    operator = api(make_user("otto", is_staff=True))
    facts = {"license": "Apache-2.0", "price_per_million_prompt": "2.5", "price_per_million_completion": "10"}
    answer = operator.patch(address, facts)
    assert (answer.status_code, answer.json()["license"]) == (200, "Apache-2.0")
    assert LedgerEvent.objects.get(kind="model.described").data["price_per_million_prompt"] == "2.5000"
    assert api(cast.stan).get(address).json()["price_per_million_completion"] == "10.0000"
    make_items(cast.project, 4)
    run = work(start())  # 400 tokens read, 8 written
    assert run_spent(run, ModelVersion.objects.get()).amount == Decimal("0.00108")
    assert "Cost" in page_client(cast.olivia).get(f"/runs/{run.pk}/").content.decode()
    assert operator.patch(address, {"price_per_million_prompt": "-1"}).status_code == 400
    assert api(cast.olivia).patch(address, facts).status_code == 403
    assert api().patch(address, facts).status_code == 401
    assert operator.get("/api/v1/models/999999/").status_code == 404
    assert operator.delete(address).status_code == 405


@pytest.mark.parametrize(("scopes", "status"), [(["read"], 403), (["read", "run"], 201)])
def test_a_token_needs_the_scope_run(cast, model, scopes, status):
    make_items(cast.project, 1)
    ApiToken.objects.create(
        user=cast.olivia, name="ci", prefix="evh_x", digest=token_digest("evh_secret"), scopes=scopes
    )
    client = APIClient(HTTP_AUTHORIZATION="Bearer evh_secret")
    answer = client.post(f"/api/v1/projects/{cast.project.pk}/runs/", {"model": model.pk})
    assert answer.status_code == status


def test_lists_need_as_many_queries_for_many_as_for_few(cast, start, work, api, django_assert_max_num_queries):
    make_items(cast.project, 2)
    for orders in (1, 2, 3):
        work(start(orders=orders))
    client = api(cast.olivia)
    with django_assert_max_num_queries(5):
        client.get(f"/api/v1/projects/{cast.project.pk}/runs/")
    with django_assert_max_num_queries(6):
        client.get("/api/v1/models/")


@pytest.mark.parametrize(("named", "status", "labelled"), [({}, "paused", 20), ({"probe": 0}, "done", 30)])
def test_a_run_by_api_begins_with_a_probe_as_one_by_page_unless_told_otherwise(
    api, cast, model, work, named, status, labelled
):
    make_items(cast.project, 30)
    client = api(cast.olivia)
    made = client.post(f"/api/v1/projects/{cast.project.pk}/runs/", {"model": model.pk, **named}, format="json").json()
    assert made["probe"] == named.get("probe", PROBE_ITEMS)
    work(Run.objects.get(pk=made["id"]))
    found = client.get(f"/api/v1/runs/{made['id']}/").json()
    assert (found["status"], found["labelled"], found["estimate"] is not None) == (status, labelled, not named)


def test_rules_and_probe_by_api(api, cast, model, work):
    make_items(cast.project, 10)
    client = api(cast.olivia)
    rules = [{"kind": "items", "bound": "6", "action": "stop"}]
    body = {"model": model.pk, "probe": 3, "rules": rules}
    made = client.post(f"/api/v1/projects/{cast.project.pk}/runs/", body, format="json").json()
    assert made["rules"] == [{"kind": "items", "bound": "6.0000", "least": 1, "action": "stop"}]
    work(Run.objects.get())
    found = client.get(f"/api/v1/runs/{made['id']}/").json()
    assert (found["status"], found["probe"], found["estimate"]["items"]) == ("paused", 3, 7)
    assert [checkpoint["decision"] for checkpoint in found["checkpoints"]] == ["pause"]
    address = f"/api/v1/runs/{made['id']}/rules/"
    for bad in ({}, {"rules": [{"kind": "weather", "bound": 1}]}, {"rules": [{"kind": "items", "bound": 0}]}):
        assert client.put(address, bad, format="json").status_code == 400
    changed = client.put(address, {"rules": [{"kind": "items", "bound": 5, "action": "stop"}]}, format="json")
    assert (changed.status_code, changed.json()["rules"][0]["bound"]) == (200, "5.0000")
    client.post(f"/api/v1/runs/{made['id']}/resume/")
    work(Run.objects.get())
    ended = client.get(f"/api/v1/runs/{made['id']}/").json()
    assert (ended["status"], ended["labelled"]) == ("stopped", 5)
    assert client.put(address, {"rules": []}, format="json").status_code == 409
