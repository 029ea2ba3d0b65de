"""REST of labelling: what works, who may, what is refused, what never shows."""

from __future__ import annotations

import json

import pytest

from accounts.authentication import token_digest
from accounts.models import ApiToken
from annotations.models import Annotation, Assignment
from tests.factories import add_label, make_annotator, make_items

VERBS = ("submit", "undo", "skip", "flag", "renew", "release")


@pytest.fixture
def items(cast):
    return make_items(cast.project, 3)


@pytest.fixture
def wanda(cast, items, api):
    return api(cast.wanda)


def next_url(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/next/"


def url(assignment_id: int, verb: str) -> str:
    return f"/api/v1/assignments/{assignment_id}/{verb}/"


@pytest.fixture
def claimed(cast, wanda) -> dict:
    return wanda.post(next_url(cast)).json()["assignment"]


def test_claim_label_and_the_next_in_one_answer(cast, wanda, claimed):
    body = {"value": "keep", "active_ms": 0, "claim_next": True}
    answer = wanda.post(url(claimed["id"], "submit"), body, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 200
    data = answer.json()
    assert (data["assignment"], data["status"], data["replayed"]) == (claimed["id"], "current", False)
    assert data["next"]["item"] != claimed["item"]
    again = wanda.post(url(claimed["id"], "submit"), body, headers={"Idempotency-Key": "k1"}).json()
    assert again == {**data, "replayed": True, "next": again["next"]}
    assert again["next"]["id"] == data["next"]["id"]


def test_an_assignment_shows_the_item_and_nothing_that_could_sway(cast, api):
    (item,) = make_items(cast.project, 1, gold="remove", extra={"verdict": "hateful"}, external_id="hateful-17")
    add_label(item, make_annotator(cast.project), "review", reason="seemed odd")
    add_label(item, make_annotator(cast.project, kind="model"), "remove", reason="slur", confidence=0.98765)
    answer = api(cast.wanda).post(next_url(cast))
    assignment = answer.json()["assignment"]
    assert assignment["payload"] == item.payload
    assert item.payload["text"] in assignment["html"]
    assert set(assignment) == {
        "id", "project", "item", "status", "modality", "payload", "html", "schema", "leased_at", "expires_at",
        "taken_back", "suggestion",
    }  # fmt: skip
    assert assignment["suggestion"] is None
    secret = ("hateful", "muslim", "christian", "seemed odd", "slur", "0.98765", "gold")
    assert not [word for word in secret if word in json.dumps(assignment)]


def test_markup_in_an_item_is_shown_as_text(cast, api):
    (item,) = make_items(cast.project)
    item.payload = {"text": "<script>alert(1)</script>"}
    item.save()
    html = api(cast.wanda).post(next_url(cast)).json()["assignment"]["html"]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_undo_brings_the_label_back_to_choose_again(cast, wanda, claimed):
    wanda.post(url(claimed["id"], "submit"), {"value": "keep"})
    again = wanda.post(url(claimed["id"], "undo")).json()
    assert (again["id"], again["status"], again["taken_back"]) == (claimed["id"], "leased", "keep")
    assert wanda.post(next_url(cast)).json()["assignment"]["taken_back"] == "keep"


def test_skip_flag_renew_release(cast, wanda, claimed):
    assert wanda.post(url(claimed["id"], "flag"), {"reason": "broken"}).json() == {"reason": "broken"}
    renewed = wanda.post(url(claimed["id"], "renew")).json()
    assert renewed["expires_at"] >= claimed["expires_at"]
    assert wanda.post(url(claimed["id"], "release"), {"grace_seconds": 20}).json()["status"] == "leased"
    assert wanda.post(url(claimed["id"], "release")).json()["status"] == "released"
    assert wanda.post(url(claimed["id"], "skip"), {"reason": "unclear"}).json()["status"] == "skipped"


def test_nothing_left_is_an_answer_not_an_error(cast, api):
    answer = api(cast.wanda).post(next_url(cast))
    assert (answer.status_code, answer.json()) == (200, {"assignment": None, "reason": "nothing_left"})


@pytest.mark.parametrize("status", ["paused", "closed", "draft"])
def test_a_project_that_serves_nothing_refuses_with_the_reason(cast, wanda, status):
    cast.project.status = status
    cast.project.save()
    answer = wanda.post(next_url(cast))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, f"project_{status}")


def test_my_work_counts_labels_time_and_pay(cast, wanda, claimed):
    cast.project.wage_per_hour, cast.project.expected_seconds = 36, 10
    cast.project.save()
    wanda.post(url(claimed["id"], "submit"), {"value": "keep"})
    Annotation.objects.update(active_ms=5000)
    work = wanda.get(f"/api/v1/projects/{cast.project.pk}/work/").json()
    assert (work["labels"], work["session_labels"], work["median_seconds"]) == (1, 1, 5.0)
    assert (float(work["pay_per_label"]), work["earned"], work["per_hour"]) == (0.1, "0.10", "72.00")
    assert work["progress"] == {"done": 1, "needed": 9}


def test_my_work_before_the_first_label_has_no_rate(cast, wanda):
    work = wanda.get(f"/api/v1/projects/{cast.project.pk}/work/").json()
    assert (work["labels"], work["per_hour"], work["median_seconds"]) == (0, None, None)


@pytest.mark.parametrize(
    ("who", "status"),
    [("stan", 404), ("olivia", 403), ("edgar", 403), ("audrey", 403), ("walt", 404), (None, 401)],
)
def test_only_the_worker_who_holds_an_assignment_reaches_it(cast, api, claimed, who, status):
    client = api(getattr(cast, who) if who else None)
    for verb in VERBS:
        answer = client.post(url(claimed["id"], verb), {"value": "keep", "reason": "x"})
        assert answer.status_code == status, verb
        assert answer.json()["error"]["message"]
    assert Assignment.objects.get().status == "leased"


@pytest.mark.parametrize(
    ("who", "status"), [("stan", 404), ("olivia", 403), ("edgar", 403), ("audrey", 403), (None, 401), ("walt", 200)]
)
def test_only_workers_claim_and_see_their_work(cast, items, api, who, status):
    client = api(getattr(cast, who) if who else None)
    assert client.post(next_url(cast)).status_code == status
    assert client.get(f"/api/v1/projects/{cast.project.pk}/work/").status_code == status


def test_what_is_not_there_is_404_and_the_wrong_verb_405(cast, wanda, claimed):
    assert wanda.post("/api/v1/projects/999999/next/").status_code == 404
    assert wanda.get(next_url(cast)).status_code == 405
    for verb in VERBS:
        body = {"value": "keep", "reason": "x"}
        assert wanda.post(url(999_999, verb), body).status_code == 404
        assert wanda.get(url(claimed["id"], verb)).status_code == 405


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("submit", {}, "value"),
        ("submit", {"value": "keep", "active_ms": -1}, "active_ms"),
        ("submit", {"value": "keep", "active_ms": "long"}, "active_ms"),
        ("submit", {"value": "keep", "holding": ["x"]}, "holding.0"),
        ("skip", {}, "reason"),
        ("skip", {"reason": "x" * 301}, "reason"),
        ("flag", {"reason": ""}, "reason"),
        ("release", {"grace_seconds": 100_000}, "grace_seconds"),
    ],
)
def test_bad_input_names_the_field(wanda, claimed, verb, body, field):
    answer = wanda.post(url(claimed["id"], verb), body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_an_unknown_label_says_which_there_are(wanda, claimed):
    answer = wanda.post(url(claimed["id"], "submit"), {"value": "spam"})
    assert answer.status_code == 400
    assert "keep, review, remove" in answer.json()["error"]["message"]


def test_a_key_that_is_too_long_is_refused(wanda, claimed):
    answer = wanda.post(url(claimed["id"], "submit"), {"value": "keep"}, headers={"Idempotency-Key": "k" * 81})
    assert answer.status_code == 400


def test_several_labels_at_once(cast, items, api):
    schema = cast.project.schemas.get()
    schema.task_type = "multiple_choice"
    schema.config = {**schema.config, "min_choices": 1, "max_choices": 2}
    schema.save()
    client = api(cast.wanda)
    claimed = client.post(next_url(cast)).json()["assignment"]
    assert client.post(url(claimed["id"], "submit"), {"value": ["keep", "review", "remove"]}).status_code == 400
    assert client.post(url(claimed["id"], "submit"), {"value": ["remove", "keep"]}).status_code == 200
    assert Annotation.objects.get().value == ["keep", "remove"]


@pytest.mark.parametrize(("scopes", "status"), [(["label"], 200), (["read", "settle", "manage"], 403)])
def test_a_token_needs_the_scope_to_label(cast, items, api, scopes, status):
    ApiToken.objects.create(user=cast.wanda, name="x", prefix="evh_x", digest=token_digest("evh_x1"), scopes=scopes)
    client = api()
    client.credentials(HTTP_AUTHORIZATION="Bearer evh_x1")
    assert client.post(next_url(cast)).status_code == status
    assert client.get(f"/api/v1/projects/{cast.project.pk}/work/").status_code == status


def test_a_submit_costs_a_bounded_number_of_queries(wanda, claimed, django_assert_max_num_queries):
    body = {"value": "keep", "claim_next": True}
    with django_assert_max_num_queries(60):
        wanda.post(url(claimed["id"], "submit"), body, headers={"Idempotency-Key": "k1"})
