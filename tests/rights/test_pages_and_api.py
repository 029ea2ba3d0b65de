"""The pages, the API and the operators' commands: how an erasure is confirmed, and what is told before."""

from __future__ import annotations

from html import unescape

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from accounts.rights.parts import parts
from accounts.rights.services import person_erase
from ledger.models import LedgerEvent
from tests.factories import make_user
from tests.rights.conftest import EMAIL, PASSWORD, unpacked

ERASE = "/api/v1/account/erase/"


def erased(user: User) -> bool:
    return User.objects.get(pk=user.pk).erased_at is not None


# --- pages ------------------------------------------------------------------------------------------------------------


def test_your_data_says_what_there_is_and_what_erasing_does_to_it(life, page_client):
    page = unescape(page_client(life.paula).get(reverse("your_data")).content.decode())
    for part in parts():
        assert str(part.title) in page
        assert str(part.afterwards) in page
    assert "Nothing is stored of" not in page
    assert reverse("your_data_download") in page
    assert reverse("your_data_erase") in page


def test_kinds_of_which_there_is_nothing_stand_apart(cast, page_client):
    shown = page_client(cast.stan).get(reverse("your_data"))
    assert {one.part.name for one in shown.context["stored"] if one.count != 0} == {"profile", "sign_ins"}
    assert f"Nothing is stored of {len(parts()) - 2} other kinds" in shown.content.decode()
    assert "Nothing of yours." in page_client(cast.stan).get(reverse("your_data_erase")).content.decode()


def test_erasing_says_what_goes_and_what_stays_of_what_there_is(life, page_client):
    page = page_client(life.paula).get(reverse("your_data_erase"))
    goes, stays = page.context["ahead"].goes, page.context["ahead"].stays
    assert {part.name for part in (*goes, *stays)} == {part.name for part in parts()}
    text = unescape(page.content.decode())
    assert all(str(part.title) in text and str(part.afterwards) in text for part in (*goes, *stays))
    assert "Labels that you gave" in text.partition("What stays, and why")[2]


def test_a_worker_finds_it_from_home(life, page_client):
    assert reverse("your_data") in page_client(life.paula).get("/").content.decode()


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({}, "understood"),
        ({"password": PASSWORD, "paid": "on"}, "understood"),
        ({"understood": "on", "password": PASSWORD}, "paid"),
        ({"understood": "on", "paid": "on"}, "password"),
        ({"understood": "on", "paid": "on", "password": "wrong"}, "password"),
        ({"understood": "on", "paid": "on", "email": EMAIL}, "password"),
    ],
)
def test_nothing_is_erased_without_every_confirmation(life, page_client, sent, fault):
    answer = page_client(life.paula).post(reverse("your_data_erase"), sent)
    assert answer.status_code == 422
    assert fault in answer.context["form"].errors
    assert not erased(life.paula)


def test_confirmed_it_is_done_and_says_so_to_somebody_signed_out(life, page_client):
    client = page_client(life.paula)
    sent = {"understood": "on", "paid": "on", "password": PASSWORD}
    answer = client.post(reverse("your_data_erase"), sent, follow=True)
    assert erased(life.paula)
    assert answer.redirect_chain == [("/", 302)]
    assert not answer.context["user"].is_authenticated
    assert "Your account was erased" in answer.content.decode()


def test_who_has_no_password_types_the_address(db, page_client):
    user = make_user("nopass")
    user.set_unusable_password()
    user.save()
    client = page_client(user)
    page = client.get(reverse("your_data_erase"))
    assert set(page.context["form"].fields) == {"understood", "email"}
    answer = client.post(reverse("your_data_erase"), {"understood": "on", "email": "other@example.org"})
    assert (answer.status_code, erased(user)) == (422, False)
    answer = client.post(reverse("your_data_erase"), {"understood": "on", "email": " NoPass@example.org "})
    assert (answer.status_code, erased(user)) == (302, True)


def test_guessing_the_password_here_locks_out_like_signing_in(cast, page_client, settings):
    client = page_client(cast.stan)
    sent = {"understood": "on", "password": "wrong"}
    answers = [client.post(reverse("your_data_erase"), sent).status_code for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert answers[-1] == 429
    sent["password"] = PASSWORD
    assert client.post(reverse("your_data_erase"), sent).status_code == 429
    assert not erased(cast.stan)


def test_a_last_owner_reads_which_projects_and_gets_no_button(cast, page_client):
    client = page_client(cast.olivia)
    page = client.get(reverse("your_data_erase")).content.decode()
    assert "last owner of “Moderation”" in page
    assert "Erase my account for good" not in page
    answer = client.post(reverse("your_data_erase"), {"understood": "on", "password": PASSWORD})
    assert answer.status_code == 422
    assert "last owner of “Moderation”" in answer.content.decode()
    assert not erased(cast.olivia)


# --- REST -------------------------------------------------------------------------------------------------------------


def test_the_api_tells_what_is_stored(life, api):
    told = api(life.paula).get("/api/v1/account/data/").json()
    assert [row["name"] for row in told] == [part.name for part in parts()]
    labels = next(row for row in told if row["name"] == "labels")
    assert (labels["count"], labels["erased"]) == (3, False)


def test_the_api_says_what_stands_against_it(life, cast, api):
    ahead = api(life.paula).get(ERASE).json()
    assert (ahead["hindrances"], ahead["confirm_with"]) == ([], "password")
    assert ahead["warnings"][0]["project"] == cast.project.pk
    assert api(cast.olivia).get(ERASE).json()["hindrances"] == []  # Paula owns it too
    person_erase(user=life.paula)
    assert [one["project_name"] for one in api(cast.olivia).get(ERASE).json()["hindrances"]] == [
        "Moderation",
        "Paula's own",
    ]


def test_the_api_erases_with_the_same_confirmation(life):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {life.token}")
    refused = client.post(ERASE, {"understood": True, "password": PASSWORD})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["paid"])
    refused = client.post(ERASE, {"understood": True, "paid": True, "password": "wrong"})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["password"])
    answer = client.post(ERASE, {"understood": True, "paid": True, "password": PASSWORD})
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.post(ERASE, {"understood": True, "paid": True, "password": PASSWORD}).status_code == 401


def test_the_api_refuses_a_last_owner(cast, api):
    answer = api(cast.olivia).post(ERASE, {"understood": True, "password": PASSWORD})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "erasure_hindered")
    assert answer.json()["error"]["data"] == {"projects": [{"id": cast.project.pk, "name": "Moderation"}]}


# --- operators --------------------------------------------------------------------------------------------------------


def test_an_operator_erases_who_asked_by_letter(life, capsys):
    call_command("erase_person", "Paula.Persson@Example.net", "--yes")
    assert erased(life.paula)
    shown = capsys.readouterr().out
    assert "1.60 EUR" in shown
    assert f"number {life.paula.pk}" in shown
    event = LedgerEvent.objects.get(kind="person.erased")
    assert (event.actor, event.data) == ("system", {"by": "operator"})
    with pytest.raises(CommandError, match="was not found"):
        call_command("erase_person", EMAIL, "--yes")


def test_an_operator_is_asked_once_more(life, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _question: "other@example.org")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_person", EMAIL)
    assert not erased(life.paula)
    monkeypatch.setattr("builtins.input", lambda _question: EMAIL)
    call_command("erase_person", EMAIL)
    assert erased(life.paula)


def test_an_operator_cannot_take_a_project_s_last_owner_either(cast):
    with pytest.raises(CommandError, match="last owner of “Moderation”"):
        call_command("erase_person", "olivia@example.org", "--yes")


def test_an_operator_writes_the_data_of_who_asked_by_letter(life, tmp_path):
    target = tmp_path / "paula.zip"
    call_command("person_data", EMAIL, str(target))
    assert unpacked([target.read_bytes()])["profile.json"]["email"] == EMAIL
    assert target.stat().st_mode & 0o077 == 0
    event = LedgerEvent.objects.get(kind="person.data_downloaded")
    assert (event.actor, event.data) == ("system", {"by": "operator"})
    with pytest.raises(CommandError, match="exists"):
        call_command("person_data", EMAIL, str(target))
    with pytest.raises(CommandError, match="was not found"):
        call_command("person_data", "nobody@example.org", str(tmp_path / "nobody.zip"))
