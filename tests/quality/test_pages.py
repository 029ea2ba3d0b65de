"""The pages and the REST API of checking and reviewing."""

from __future__ import annotations

import pytest

from annotations.models import Annotator, QualityRules, Review
from tests.factories import make_items

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list[int]:
    """The exclusions that were handed to the background."""
    ids: list[int] = []
    monkeypatch.setattr("annotations.tasks.apply_exclusion.delay", ids.append)
    return ids


@pytest.fixture
def base(cast) -> str:
    return f"/projects/{cast.project.pk}"


@pytest.fixture
def rest(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}"


def test_an_owner_switches_the_checks_on(cast, base, gold, page_client):
    gold(2)
    client = page_client(cast.olivia)
    assert "2 items of this project have a known label" in client.get(f"{base}/settings/quality/").content.decode()
    given = {"is_on": "on", "gold_start": "0.3", "gold_floor": "0.05", "limit": "0.7", "min_answers": "20"}
    given |= {"quiz_questions": "0", "quiz_pass": "0.8", "quiz_tries": "3"}
    assert client.post(f"{base}/settings/quality/", given).status_code == 302
    rules = QualityRules.objects.get()
    assert (rules.is_on, rules.gold_start, rules.limit, rules.min_answers) == (True, 0.3, 0.7, 20)
    answer = client.post(f"{base}/settings/quality/", given | {"gold_floor": "0.4"})
    assert answer.status_code == 422
    assert "larger than the one at the start" in answer.content.decode()


def test_who_waits_comes_first_and_names_are_not_shown(cast, base, paused, worker, page_client):
    walt = worker(cast.walt, cast.project)
    text = page_client(cast.olivia).get(f"{base}/people/checks/").content.decode()
    assert "1 person waits for your decision" in text
    assert text.index(paused.pseudonym) < text.index(walt.pseudonym)
    assert "insufficient data" in text
    assert "wanda@example.org" not in text


def test_an_owner_reads_the_evidence_and_decides(
    cast, base, paused, page_client, sent, django_capture_on_commit_callbacks
):
    client, page = page_client(cast.olivia), f"{base}/people/checks/{paused.pk}/"
    text = client.get(page).content.decode()
    assert "0 of 5 answered as known" in text
    assert text.count("Otherwise") == 5
    assert client.post(page, {"do": "keep", "reason": " "}).status_code == 422
    assert client.post(page, {"do": "dance", "reason": "Yes."}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page, {"do": "exclude", "reason": "At random."}).status_code == 302
    assert len(sent) == 1
    assert client.post(page, {"do": "keep", "reason": "At random."}).status_code == 302
    assert Review.objects.get().status == "kept"
    assert client.post(page, {"do": "reinstate", "reason": "A talk helped."}).status_code == 302
    assert client.post(page, {"do": "lift", "reason": "A talk helped."}).status_code == 302
    assert Annotator.objects.get(pk=paused.pk).standing == "active"
    assert client.post(page, {"do": "pause", "reason": "Again."}).status_code == 302
    assert client.get(page).content.decode().count("A talk helped.") == 2
    assert client.get(f"{base}/people/checks/0/").status_code == 404


def test_a_paused_worker_reads_why_and_appeals(cast, base, paused, page_client):
    client = page_client(cast.wanda)
    label = client.get(f"{base}/label/").content.decode()
    assert "Paused until somebody has looked" in label
    assert f"{base}/standing/" in label
    text = client.get(f"{base}/standing/").content.decode()
    assert "0 of 5 answered as known" in text
    assert ">x1<" not in text
    assert "“x1”" not in text
    assert client.post(f"{base}/standing/", {"text": ""}).status_code == 422
    assert client.post(f"{base}/standing/", {"text": "Rule 3 says so."}).status_code == 302
    assert "Rule 3 says so." in page_client(cast.olivia).get(f"{base}/people/checks/{paused.pk}/").content.decode()
    assert client.post(f"{base}/standing/", {"text": "And rule 4."}).status_code == 422


def test_who_is_not_paused_is_told_so(cast, base, page_client):
    assert "You label as usual" in page_client(cast.walt).get(f"{base}/standing/").content.decode()


def test_rest_rules(cast, rest, gold, api):
    client = api(cast.olivia)
    gold(1)
    assert client.get(f"{rest}/quality/").json()["is_on"] is False
    assert client.patch(f"{rest}/quality/", {"is_on": True, "limit": 0.5}, format="json").json()["limit"] == 0.5
    for wrong in ({"limit": 1.5}, {"gold_start": "much"}, {"min_answers": 1}, {"gold_floor": 0.5}):
        assert client.patch(f"{rest}/quality/", wrong, format="json").status_code == 400, wrong
    assert "seed" not in client.get(f"{rest}/quality/").json()


def test_rest_people_and_reviews(cast, rest, paused, api):
    client = api(cast.olivia)
    [person] = client.get(f"{rest}/people/checks/").json()
    assert (person["pseudonym"], person["standing"], person["waits"]) == (paused.pseudonym, "paused", True)
    assert person["trust"]["wrong"] == 5
    [review] = client.get(f"{rest}/reviews/").json()
    address = f"{rest}/reviews/{review['id']}/"
    assert client.post(address, {"reinstate": "perhaps", "reason": "x"}, format="json").status_code == 400
    assert client.post(f"{rest}/reviews/0/", {"reinstate": True, "reason": "x"}, format="json").status_code == 404
    decided = client.post(address, {"reinstate": True, "reason": "Unclear rules."}, format="json")
    assert decided.json()["status"] == "reinstated"
    made = client.post(f"{rest}/reviews/", {"annotator": paused.pk, "note": "Too fast."}, format="json")
    assert (made.status_code, made.json()["cause"]) == (201, "owner")
    assert client.post(f"{rest}/reviews/", {"annotator": 0, "note": "Who?"}, format="json").status_code == 404


def test_rest_exclusions(cast, rest, paused, api, sent, django_capture_on_commit_callbacks):
    client = api(cast.olivia)
    with django_capture_on_commit_callbacks(execute=True):
        made = client.post(f"{rest}/exclusions/", {"annotator": paused.pk, "reason": "Copied."}, format="json")
    assert (made.status_code, sent) == (201, [made.json()["id"]])
    address = f"{rest}/exclusions/{made.json()['id']}/lift/"
    assert client.post(address, {}, format="json").status_code == 400
    assert client.post(address, {"reason": "Right after all."}, format="json").json()["lifted_at"]
    assert client.get(f"{rest}/exclusions/").json()[0]["lift_reason"] == "Right after all."
    assert client.post(f"{rest}/exclusions/0/lift/", {"reason": "x"}, format="json").status_code == 404


def test_rest_own_standing(cast, rest, paused, api):
    client = api(cast.wanda)
    own = client.get(f"{rest}/standing/").json()
    assert (own["standing"], own["may_appeal"], own["review"]["evidence"]["answers"]) == ("paused", True, 5)
    assert client.post(f"{rest}/standing/", {"text": "Rule 3."}, format="json").status_code == 201
    assert client.post(f"{rest}/standing/", {"text": "Rule 4."}, format="json").status_code == 409
    assert client.post(f"{rest}/standing/", {}, format="json").status_code == 400
    answer = client.post(f"{rest}/next/").json()
    assert (answer["assignment"], answer["reason"]) == (None, "paused_for_review")


def test_the_list_asks_as_many_questions_however_many_people(cast, rest, worker, api, django_assert_max_num_queries):
    make_items(cast.project, 1)
    for user in (cast.wanda, cast.walt, cast.edgar):
        worker(user, cast.project)
    client = api(cast.olivia)
    with django_assert_max_num_queries(9):
        assert len(client.get(f"{rest}/people/checks/").json()) == 3
