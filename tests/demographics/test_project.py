"""What an owner chooses, and what owners and auditors see: pages and API."""

from __future__ import annotations

import pytest

from annotations.demographics.releasing import demographics_release
from annotations.models import DemographicsRules
from ledger.models import LedgerEvent
from tests.demographics.people import ask, make_workers, tell

pytestmark = pytest.mark.django_db


def settings_page(cast) -> str:
    return f"/projects/{cast.project.pk}/settings/demographics/"


def address(cast) -> str:
    return f"/api/v1/projects/{cast.project.pk}/demographics/"


def groups_page(cast) -> str:
    return f"/projects/{cast.project.pk}/people/groups/"


def test_an_owner_chooses_with_a_reason_and_the_record_says_which_questions(cast, page_client):
    client = page_client(cast.olivia)
    assert " checked" not in client.get(settings_page(cast)).content.decode()
    sent = {"questions": ["religion", "gender"], "reason": "  Who is \n heard? "}
    assert client.post(settings_page(cast), sent).status_code == 302
    rules = DemographicsRules.objects.get()
    assert (rules.questions, rules.reason) == (["gender", "religion"], "Who is heard?")
    event = LedgerEvent.objects.get(kind="demographics.chosen")
    assert event.data == {"before": [], "after": ["gender", "religion"], "reason_changed": True}
    assert client.get(settings_page(cast)).content.decode().count(" checked") == 2
    client.post(settings_page(cast), sent)
    assert LedgerEvent.objects.filter(kind="demographics.chosen").count() == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"questions": ["gender"]},
        {"questions": ["gender"], "reason": "   "},
        {"questions": ["mood"], "reason": "x"},
        {"questions": ["gender"], "reason": "x" * 601},
    ],
)
def test_a_choice_without_a_reason_or_off_the_list_is_refused(cast, page_client, api, sent):
    assert page_client(cast.olivia).post(settings_page(cast), sent).status_code == 422
    assert api(cast.olivia).put(address(cast), sent).status_code == 400
    assert not DemographicsRules.objects.exists()


def test_asking_nothing_again_needs_no_reason(cast, page_client):
    ask(cast.project, "gender")
    assert page_client(cast.olivia).post(settings_page(cast), {"reason": ""}).status_code == 302
    assert DemographicsRules.objects.get().questions == []


def test_a_closed_project_and_an_installation_without_a_key_take_no_choice(cast, api, settings):
    body = {"questions": ["gender"], "reason": "x"}
    cast.project.status = "closed"
    cast.project.save()
    assert api(cast.olivia).put(address(cast), body).json()["error"]["code"] == "project_closed"
    cast.project.status = "active"
    cast.project.save()
    settings.DEMOGRAPHICS_KEYS = ()
    assert api(cast.olivia).put(address(cast), body).json()["error"]["code"] == "demographics_off"
    assert api(cast.olivia).get(address(cast)).json()["enabled"] is False


def test_the_pages_say_when_it_is_off(cast, page_client, settings):
    settings.DEMOGRAPHICS_KEYS = ()
    for page in (settings_page(cast), groups_page(cast), f"/projects/{cast.project.pk}/people/"):
        assert "EVENHAND_DEMOGRAPHICS_KEY" in page_client(cast.olivia).get(page).content.decode()


def test_owner_and_auditor_see_the_same_groups_of_five_and_nobody_else_any(cast, page_client, api):
    ask(cast.project, "gender", "religion")
    users = make_workers(cast.project, 30)
    tell(users[:12], cast.project, "gender", "woman")
    tell(users[12:16], cast.project, "gender", "man")
    demographics_release(project_id=cast.project.pk)
    for person in (cast.olivia, cast.audrey):
        text = page_client(person).get(groups_page(cast)).content.decode()
        assert "at least 10" in text
        assert "Of 30 people" in text
        assert "At most 20 people are in other groups" in text
        assert "Insufficient data" in text  # religion
        assert ">Man<" not in text
    assert "at least 10" in page_client(cast.olivia).get(f"/projects/{cast.project.pk}/people/").content.decode()
    told = api(cast.audrey).get(address(cast)).json()
    gender = next(one for one in told["figures"] if one["question"] == "gender")
    assert {group["key"]: group["least"] for group in gender["groups"]} == {
        "woman": 10, "man": None, "non_binary": None, "another": None,
    }  # fmt: skip
    assert (gender["rest"], told["crowd"]) == (20, 30)
    for person in (cast.wanda, cast.edgar):
        assert page_client(person).get(groups_page(cast)).status_code == 403
        assert api(person).get(address(cast)).status_code == 403
    assert api(cast.stan).get(address(cast)).status_code == 404


def test_pages_and_api_never_open_a_box_of_somebody_else(cast, page_client, api, monkeypatch):
    ask(cast.project, "gender")
    users = make_workers(cast.project, 30)
    tell(users[:12], cast.project, "gender", "woman")
    demographics_release(project_id=cast.project.pk)

    def refuse(*args, **values):
        raise AssertionError("a box was opened for somebody else")

    monkeypatch.setattr("accounts.demographics.boxes._opened", refuse)
    for page in (groups_page(cast), settings_page(cast), f"/projects/{cast.project.pk}/people/"):
        assert page_client(cast.olivia).get(page).status_code == 200
    assert api(cast.olivia).get(address(cast)).status_code == 200
    assert api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/members/").status_code == 200


def test_the_groups_page_asks_the_database_the_same_for_a_large_crowd(cast, page_client, django_assert_max_num_queries):
    ask(cast.project, "gender", "religion", "age_band")
    make_workers(cast.project, 60)
    client = page_client(cast.audrey)
    with django_assert_max_num_queries(9):
        client.get(groups_page(cast))
