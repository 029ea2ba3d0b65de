"""One's own answers: given once, allowed project by project, changed, deleted, and seen by nobody else."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.demographics.boxes import box_of
from accounts.demographics.questions import QUESTIONS
from accounts.models import DemographicBox
from accounts.services.demographics import (
    demographics_as_data,
    demographics_change,
    demographics_delete,
    demographics_erase,
)
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.demographics.people import ask, tell
from tests.factories import make_project, make_user

PAGE = "/account/demographics/"
API = "/api/v1/account/demographics/"


def test_the_list_is_one_that_forms_and_tables_can_rely_on():
    keys = [question.key for question in QUESTIONS]
    assert len(keys) == len(set(keys)) >= 12
    for question in QUESTIONS:
        assert len(question.key) <= 32
        options = [option.key for option in question.options]
        assert len(options) == len(set(options)) >= 2
        assert all((question.title, question.ask, question.why))
    special = {question.key for question in QUESTIONS if question.special}
    assert {"ethnicity", "religion", "disability", "orientation", "politics"} <= special


def test_nothing_is_asked_until_an_owner_chose_something(cast, page_client, api):
    assert "None of your projects asks anything" in page_client(cast.wanda).get(PAGE).content.decode()
    assert api(cast.wanda).get(API).json()["questions"] == []


def test_every_question_starts_at_prefer_not_to_say_and_saving_that_stores_nothing(cast, page_client):
    ask(cast.project, *(question.key for question in QUESTIONS), reason="To see who labels.")
    client = page_client(cast.wanda)
    text = client.get(PAGE).content.decode()
    assert text.count("Prefer not to say") == sum(not question.several for question in QUESTIONS)
    assert text.count("nothing ticked means: prefer not to say") == sum(question.several for question in QUESTIONS)
    assert "Why we ask: To see who labels." in text
    form = client.get(PAGE).context["form"]
    sent = {field.name: field.value() for field in form if field.value()}
    assert set(sent.values()) == {"prefer_not_to_say"}
    assert client.post(PAGE, sent).status_code == 302
    assert not DemographicBox.objects.exists()


def test_answers_are_given_once_and_each_project_is_allowed_by_itself(cast, page_client):
    other = make_project(cast.olivia, name="Second")
    other.memberships.create(user=cast.wanda, role="worker")
    ask(cast.project, "gender", "religion")
    ask(other, "gender")
    client = page_client(cast.wanda)
    assert client.get(PAGE).content.decode().count("What is your gender?") == 1
    sent = {"gender": "woman", "religion": "prefer_not_to_say", f"project-{other.pk}": "gender"}
    client.post(PAGE, sent)
    box = box_of(cast.wanda.pk)
    assert (box.answers, box.consents) == ({"gender": ("woman",)}, {other.pk: frozenset({"gender"})})
    assert box.usable(other.pk, "gender") == ("woman",)
    assert box.usable(cast.project.pk, "gender") == ()
    client.post(PAGE, {"gender": "woman"})
    assert box_of(cast.wanda.pk).consents == {}


def test_what_a_project_asks_later_needs_consent_anew_and_the_old_one_stays(cast, page_client):
    ask(cast.project, "gender")
    tell([cast.wanda], cast.project, "gender", "woman")
    ask(cast.project, "gender", "religion")
    client = page_client(cast.wanda)
    assert "asked since you agreed" in client.get(PAGE).content.decode()
    client.post(PAGE, {"gender": "woman", "religion": "sikh", f"project-{cast.project.pk}": "gender"})
    box = box_of(cast.wanda.pk)
    assert box.usable(cast.project.pk, "gender") == ("woman",)
    assert box.usable(cast.project.pk, "religion") == ()
    client.post(PAGE, {"gender": "woman", "religion": "sikh", f"project-{cast.project.pk}": ["gender", "religion"]})
    assert box_of(cast.wanda.pk).usable(cast.project.pk, "religion") == ("sikh",)


def test_one_s_own_page_and_api_show_them_and_nobody_else_s_do(cast, page_client, api):
    ask(cast.project, "religion")
    body = {"answers": {"religion": ["sikh"]}, "consents": [{"project": cast.project.pk, "questions": ["religion"]}]}
    told = api(cast.wanda).patch(API, body).json()
    assert told["answers"] == {"religion": ["sikh"]}
    assert told["projects"][0]["agreed"] == ["religion"]
    assert 'value="sikh" required' not in page_client(cast.wanda).get(PAGE).content.decode()
    assert page_client(cast.wanda).get(PAGE).context["form"]["religion"].value() == "sikh"
    assert api(cast.walt).get(API).json()["answers"] == {}
    assert page_client(cast.walt).get(PAGE).context["form"]["religion"].value() == "prefer_not_to_say"
    assert "no-store" in page_client(cast.wanda).get(PAGE)["Cache-Control"]
    assert api(cast.wanda).get(API)["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answers": {"mood": ["good"]}}, "mood"),
        ({"answers": {"gender": ["purple"]}}, "gender"),
        ({"answers": {"gender": ["woman", "man"]}}, "gender"),
        ({"answers": {"religion": ["none"]}}, "religion"),  # on the list, but nobody asks it
        ({"answers": {"disability": ["none", "hearing"]}}, "disability"),
        ({"consents": [{"project": 0, "questions": ["gender"]}]}, "consents"),
    ],
)
def test_the_api_says_what_is_wrong_and_stores_nothing(cast, api, body, field):
    ask(cast.project, "gender", "disability")
    answer = api(cast.wanda).patch(API, body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]
    assert not DemographicBox.objects.exists()


def test_a_project_of_others_cannot_be_agreed_to(cast, api):
    other = make_project(make_user())
    ask(other, "gender")
    ask(cast.project, "gender")
    body = {"consents": [{"project": other.pk, "questions": ["gender"]}]}
    assert api(cast.wanda).patch(API, body).status_code == 400
    assert api(cast.olivia).patch(API, {"answers": {"gender": ["woman"]}}).status_code == 400  # nobody asks an owner


def test_an_answer_is_taken_away_by_preferring_not_to_say(cast, api):
    ask(cast.project, "gender", "ethnicity")
    api(cast.wanda).patch(API, {"answers": {"gender": ["woman"], "ethnicity": ["white", "roma"]}})
    assert box_of(cast.wanda.pk).answers["ethnicity"] == ("white", "roma")
    api(cast.wanda).patch(API, {"answers": {"gender": ["prefer_not_to_say"], "ethnicity": []}})
    assert not DemographicBox.objects.exists()


def test_who_has_left_can_still_take_back_what_was_agreed(cast, page_client):
    ask(cast.project, "gender")
    tell([cast.wanda], cast.project, "gender", "woman")
    cast.project.memberships.filter(user=cast.wanda).delete()
    client = page_client(cast.wanda)
    assert "Moderation" in client.get(PAGE).content.decode()
    client.post(PAGE, {"gender": "woman"})
    assert box_of(cast.wanda.pk).consents == {}


def test_deleting_takes_all_and_again_is_no_error(cast, page_client, api):
    ask(cast.project, "gender")
    tell([cast.wanda], cast.project, "gender", "woman")
    assert page_client(cast.wanda).post(f"{PAGE}delete/").status_code == 302
    assert not DemographicBox.objects.exists()
    assert api(cast.wanda).delete(API).status_code == 204


def test_the_ledger_and_the_log_learn_nothing(cast, api, caplog):
    ask(cast.project, "religion")
    before = LedgerEvent.objects.count()
    api(cast.wanda).patch(API, {"answers": {"religion": ["sikh"]}})
    api(cast.wanda).delete(API)
    demographics_erase(user=cast.wanda)
    assert LedgerEvent.objects.count() == before
    assert "sikh" not in caplog.text


def test_what_is_handed_out_and_what_an_erased_account_leaves(cast):
    ask(cast.project, "gender")
    tell([cast.wanda], cast.project, "gender", "woman")
    assert demographics_as_data(cast.wanda) == {
        "answers": {"gender": ["woman"]},
        "consents": {cast.project.pk: ["gender"]},
        "counted_in": {},
    }
    demographics_erase(user=cast.wanda)
    assert not DemographicBox.objects.exists()
    assert demographics_as_data(cast.wanda) == {"answers": {}, "consents": {}, "counted_in": {}}
    demographics_erase(user=cast.wanda)


def test_without_a_key_it_is_off_says_so_and_stores_nothing(cast, settings, page_client, api):
    ask(cast.project, "gender")
    settings.DEMOGRAPHICS_KEYS = ()
    assert "Nothing is asked here" in page_client(cast.wanda).get(PAGE).content.decode()
    assert api(cast.wanda).get(API).json() == {"enabled": False, "questions": [], "answers": {}, "projects": []}
    refused = api(cast.wanda).patch(API, {"answers": {"gender": ["woman"]}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "demographics_off")
    said = page_client(cast.wanda).post(f"{PAGE}delete/", follow=True).content.decode()
    assert "EVENHAND_DEMOGRAPHICS_KEY" in said
    with pytest.raises(DomainError, match="switched off"):
        demographics_change(user=cast.wanda, answers={"gender": ["woman"]})
    demographics_erase(user=cast.wanda)
    assert demographics_as_data(cast.wanda)["answers"] == {}


@pytest.mark.django_db(transaction=True)
def test_two_first_answers_at_once_end_in_one_box_with_both():
    user, ready = make_user(), threading.Barrier(2)

    def answer(question: str, chosen: str) -> None:
        try:
            ready.wait(10)
            demographics_change(user=user, answers={question: [chosen]})
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=pair) for pair in (("gender", "woman"), ("religion", "none"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert box_of(user.pk).answers == {"gender": ("woman",), "religion": ("none",)}


def test_a_worker_is_told_once_on_the_overview_and_nowhere_on_the_way_to_work(cast, page_client):
    url = f"/projects/{cast.project.pk}/"
    assert "See the questions" not in page_client(cast.wanda).get(url).content.decode()
    ask(cast.project, "gender", "age_band")
    assert "it asks 2 questions" in page_client(cast.wanda).get(url).content.decode()
    assert "See the questions" not in page_client(cast.wanda).get(f"{url}label/").content.decode()
    assert page_client(cast.wanda).get(f"{url}label/").status_code == 200


def test_deleting_twice_by_the_service_is_the_same(cast):
    tell([cast.wanda], cast.project, "gender", "woman")
    demographics_delete(user=cast.wanda)
    demographics_delete(user=cast.wanda)
    assert box_of(cast.wanda.pk).is_empty
