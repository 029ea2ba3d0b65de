"""The owner's decision, by service, page and API; and who sees what."""

from __future__ import annotations

import pytest

from annotations.models import Annotator, Exclusion, Review, Suspicion
from annotations.suspicion.checking import project_check
from annotations.suspicion.services import suspicion_decide
from ledger.errors import DomainError
from ledger.models import LedgerEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list[int]:
    """What was handed to the background."""
    ids: list[int] = []
    monkeypatch.setattr("annotations.tasks.apply_exclusion.delay", ids.append)
    monkeypatch.setattr("annotations.tasks.check_project.delay", ids.append)
    return ids


@pytest.fixture
def found(cast, stored) -> dict[str, Suspicion]:
    project_check(project_id=cast.project.pk)
    return {one.kind: one for one in Suspicion.objects.all()}


@pytest.fixture
def pages(cast) -> str:
    return f"/projects/{cast.project.pk}/people/suspicions/"


@pytest.fixture
def rest(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/suspicions/"


def refused(**given) -> tuple[str, int]:
    with pytest.raises(DomainError) as error:
        suspicion_decide(**given)
    return error.value.code, error.value.status


def test_dismissing_needs_a_reason_and_does_nothing_to_the_person(cast, stored, found, owner):
    one = {"access": owner, "suspicion_id": found["speed"].pk, "action": "dismiss"}
    assert refused(**one, reason=" ") == ("invalid", 400)
    for _twice in range(2):
        decided = suspicion_decide(**one, reason="Knows the messages by heart.").suspicion
    assert (decided.status, decided.decided_by, decided.action) == ("dismissed", cast.olivia, "dismiss")
    assert Annotator.objects.get(pk=stored.people[6].pk).standing == "active"
    event = LedgerEvent.objects.get(kind="suspicion.dismissed")
    assert event.actor == f"user:{cast.olivia.pk}"
    assert "heart" not in str(event.data)
    assert refused(**one | {"action": "pause"}, reason="No, pause.") == ("already_decided", 409)


def test_pausing_opens_a_review_that_the_person_can_answer(stored, found, owner):
    given = {"access": owner, "suspicion_id": found["speed"].pk, "action": "pause"}
    decided = suspicion_decide(**given, reason="Faster than reading.")
    assert decided.suspicion.status == "acted"
    review = Review.objects.get()
    assert (review.annotator, review.cause, review.note) == (stored.people[6], "owner", "Faster than reading.")
    assert Annotator.objects.get(pk=stored.people[6].pk).standing == "paused"
    assert LedgerEvent.objects.get(kind="suspicion.acted").data["named"] == [stored.people[6].pk]


def test_of_a_group_the_owner_names_whom(stored, found, owner):
    given = {"access": owner, "suspicion_id": found["copying"].pk, "action": "exclude", "reason": "Copied."}
    assert refused(**given) == ("invalid", 400)
    assert refused(**given, annotator_ids=[stored.people[0].pk]) == ("invalid", 400)
    decided = suspicion_decide(**given, annotator_ids=[stored.people[7].pk])
    assert [made.annotator for made in decided.exclusions] == [stored.people[7]]
    assert Exclusion.objects.count() == 1


def test_what_cannot_be_decided(cast, stored, found, owner):
    one = {"access": owner, "suspicion_id": found["speed"].pk, "reason": "Hm."}
    assert refused(**one, action="reject") == ("invalid", 400)
    assert refused(**one | {"suspicion_id": 0}, action="dismiss") == ("not_found", 404)
    stored.forget(6)
    assert refused(**one, action="exclude") == ("nothing_to_exclude", 409)
    assert Suspicion.objects.get(pk=found["speed"].pk).status == "open"
    project_check(project_id=cast.project.pk)
    assert refused(**one, action="dismiss") == ("no_longer_holds", 409)


def test_the_list_says_in_plain_words_what_was_seen(cast, stored, found, pages, page_client):
    text = page_client(cast.olivia).get(pages).content.decode()
    assert "3 suspicions wait for the owner" in text
    assert "Answered 150 of 150 timed items faster than they can be read." in text
    assert f"Said “Keep” on {found['constant'].telling} of the {found['constant'].n} items" in text
    assert stored.people[6].pseudonym in text
    assert "8 of 8 people" in text
    assert "insufficient data" in text  # nobody saw several orders of options
    checks = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/people/checks/").content.decode()
    assert "3 patterns look like spam or copying" in checks
    person = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/people/checks/{stored.people[6].pk}/")
    assert "Always the same answer" in person.content.decode()


def test_before_anything_was_looked_through(cast, pages, page_client):
    assert "Not looked through yet" in page_client(cast.audrey).get(pages).content.decode()
    project_check(project_id=cast.project.pk)
    assert "Nothing suspicious" in page_client(cast.audrey).get(pages).content.decode()


def test_the_evidence_stands_side_by_side(cast, stored, found, pages, page_client):
    text = page_client(cast.olivia).get(f"{pages}{found['copying'].pk}/").content.decode()
    assert stored.people[5].pseudonym in text
    assert stored.people[7].pseudonym in text
    assert text.count("The council meets on Tuesday") == len(found["copying"].evidence)
    assert "Half of these same answers were given less than" in text
    speed = page_client(cast.olivia).get(f"{pages}{found['speed'].pk}/").content.decode()
    assert "0.7 s" in speed
    assert "Too fast under" in speed
    assert 'name="annotators"' not in speed


def test_an_auditor_reads_and_cannot_decide(cast, found, pages, page_client):
    client = page_client(cast.audrey)
    text = client.get(f"{pages}{found['copying'].pk}/").content.decode()
    assert "Your decision" not in text
    assert "/people/checks/" not in text
    assert "Look through anew" not in client.get(pages).content.decode()
    assert client.post(f"{pages}{found['copying'].pk}/", {"action": "dismiss", "reason": "x"}).status_code == 403


def test_an_owner_decides_on_the_page(
    cast, stored, found, pages, page_client, sent, django_capture_on_commit_callbacks
):
    client, page = page_client(cast.olivia), f"{pages}{found['copying'].pk}/"
    assert client.post(page, {"action": "exclude", "reason": ""}).status_code == 422
    answer = client.post(page, {"action": "exclude", "reason": "Copied."})
    assert answer.status_code == 422
    assert "Name whom of the people" in answer.content.decode()
    assert client.post(page, {"action": "exclude", "reason": "x", "annotators": ["0"]}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        given = {"action": "exclude", "reason": "Copied.", "annotators": [stored.people[7].pk]}
        assert client.post(page, given).status_code == 302
    assert sent == [Exclusion.objects.get().pk]
    text = client.get(page).content.decode()
    assert "Acted on" in text
    assert "Your decision" not in text
    for kind, action in (("speed", "pause"), ("constant", "dismiss")):
        given = {"action": action, "reason": "Looked at it."}
        assert client.post(f"{pages}{found[kind].pk}/", given).status_code == 302
    assert client.get(f"{pages}0/").status_code == 404


def test_looking_through_on_demand(cast, pages, page_client, api, rest, sent):
    assert page_client(cast.olivia).post(f"{pages}check/").status_code == 302
    assert api(cast.olivia).post(rest).status_code == 202
    assert sent == [cast.project.pk] * 2


def test_rest(cast, stored, found, rest, api):
    client = api(cast.olivia)
    rows = client.get(rest).json()
    assert [row["kind"] for row in rows] == ["copying", "constant", "speed"]
    assert rows[2]["reading"].startswith("Answered 150 of 150")
    assert rows[2]["people"] == [
        {"annotator": stored.people[6].pk, "pseudonym": stored.people[6].pseudonym},
    ]
    one = client.get(f"{rest}{found['copying'].pk}/").json()
    first = one["evidence"][0]
    assert [label["annotator"] for label in first["labels"]] == [stored.people[5].pk, stored.people[7].pk]
    assert first["labels"][0]["value"] == first["labels"][1]["value"] != first["others"]
    assert len(one["context_texts"]) == 3
    address = f"{rest}{found['copying'].pk}/"
    assert client.post(address, {"action": "pause", "reason": "Copied."}, format="json").status_code == 400
    given = {"action": "pause", "reason": "Copied.", "annotators": [stored.people[7].pk]}
    assert client.post(address, given, format="json").json()["status"] == "acted"
    assert len(client.get(f"{rest}?status=open").json()) == 2
    assert client.get(f"{rest}?status=lost").status_code == 400
    assert client.get(f"{rest}0/").status_code == 404


def test_workers_and_experts_see_nothing_of_it(cast, found, rest, pages, api, page_client):
    for user in (cast.wanda, cast.edgar):
        assert api(user).get(rest).status_code == 403
        assert page_client(user).get(pages).status_code == 403
    assert api(cast.stan).get(f"{rest}{found['speed'].pk}/").status_code == 404


def test_another_project_s_suspicion_is_not_found(cast, found, api):
    from tests.factories import make_project

    other = make_project(cast.olivia)
    assert api(cast.olivia).get(f"/api/v1/projects/{other.pk}/suspicions/{found['speed'].pk}/").status_code == 404


def test_pages_and_lists_ask_as_many_questions_however_much_there_is(
    cast, found, rest, pages, api, page_client, django_assert_max_num_queries
):
    client, browser = api(cast.olivia), page_client(cast.olivia)
    with django_assert_max_num_queries(9):
        assert len(client.get(rest).json()) == 3
    with django_assert_max_num_queries(11):
        client.get(f"{rest}{found['copying'].pk}/")
    with django_assert_max_num_queries(14):
        browser.get(pages)
    with django_assert_max_num_queries(14):
        browser.get(f"{pages}{found['copying'].pk}/")
