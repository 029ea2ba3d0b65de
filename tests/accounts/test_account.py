"""One's own account: sign in, throttling, profile."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from accounts.services.profile import profile_update
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_user

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


@pytest.fixture
def olivia(db):
    return make_user("olivia")


@pytest.mark.parametrize("address", ["olivia@example.org", "OLIVIA@Example.Org"])
def test_people_sign_in_by_their_address_in_any_case(client, olivia, address):
    answer = client.post(LOGIN, {"login": address, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get(reverse("home")).context["user"] == olivia


def test_guessing_a_password_locks_that_address_out_from_there(client, olivia, settings):
    for number in range(settings.AXES_FAILURE_LIMIT):
        spelling = "olivia@example.org" if number % 2 else "Olivia@Example.org "
        last = client.post(LOGIN, {"login": spelling, "password": "wrong"})
    assert last.status_code == 429
    assert client.post(LOGIN, {"login": "olivia@example.org", "password": PASSWORD}).status_code == 429
    elsewhere = client.post(LOGIN, {"login": "olivia@example.org", "password": PASSWORD}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 302


def test_somebody_else_behind_the_same_address_still_gets_in(client, olivia, settings):
    make_user("walt")
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post(LOGIN, {"login": "olivia@example.org", "password": "wrong"})
    assert client.post(LOGIN, {"login": "walt@example.org", "password": PASSWORD}).status_code == 302


def test_a_right_password_forgives_the_wrong_ones_before(client, olivia, settings):
    for _ in range(2):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            client.post(LOGIN, {"login": "olivia@example.org", "password": "wrong"})
        assert client.post(LOGIN, {"login": "olivia@example.org", "password": PASSWORD}).status_code == 302
        client.post(reverse("account_logout"))


def test_signing_up_makes_an_account_and_its_event(client, db):
    form = {"email": "New@Example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form).status_code == 302
    user = User.objects.get()
    assert user.email == "new@example.org"
    event = LedgerEvent.objects.get()
    assert (event.kind, event.actor, event.data) == ("account.created", f"user:{user.pk}", {})


def test_one_address_is_one_account_in_any_case(olivia):
    with pytest.raises(IntegrityError, match="user_email_once_in_any_case"), transaction.atomic():
        User.objects.create(email="Olivia@example.org")


def test_a_name_is_tidied_saved_and_not_in_the_record(olivia):
    profile_update(user=olivia, display_name="  Olivia   Owens ")
    olivia.refresh_from_db()
    assert olivia.display_name == "Olivia Owens"
    profile_update(user=olivia, display_name="Olivia Owens")
    event = LedgerEvent.objects.get()
    assert (event.kind, event.data) == ("account.changed", {"fields": ["display_name"]})
    with pytest.raises(DomainError) as refused:
        profile_update(user=olivia, display_name="o" * 81)
    assert list(refused.value.fields) == ["display_name"]


def test_the_profile_page_saves_the_name(page_client, olivia):
    client = page_client(olivia)
    assert client.post(reverse("profile"), {"display_name": "Olivia"}, follow=True).status_code == 200
    olivia.refresh_from_db()
    assert olivia.display_name == "Olivia"
    assert client.post(reverse("profile"), {"display_name": "o" * 81}).status_code == 422


def test_the_profile_page_lists_what_one_is_where(page_client, cast):
    page = page_client(cast.wanda).get(reverse("profile")).content.decode()
    assert "Moderation" in page
    assert "Worker" in page
    assert "No project yet" in page_client(cast.stan).get(reverse("profile")).content.decode()


def test_the_api_tells_and_changes_ones_own_account(api, olivia):
    client = api(olivia)
    assert client.get("/api/v1/me/").json() == {
        "id": olivia.pk,
        "email": "olivia@example.org",
        "display_name": "",
        "simulated": False,
    }
    changed = client.patch("/api/v1/me/", {"display_name": "Olivia", "email": "other@example.org"})
    assert (changed.json()["display_name"], changed.json()["email"]) == ("Olivia", "olivia@example.org")
    assert client.patch("/api/v1/me/", {"display_name": "o" * 81}).status_code == 400
    assert api().get("/api/v1/me/").status_code == 401
