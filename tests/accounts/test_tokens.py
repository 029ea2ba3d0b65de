"""API tokens: made, shown once, used, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.authentication import token_digest
from accounts.models import ApiToken, Scope
from accounts.services import tokens
from accounts.services.tokens import token_create, token_revoke
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_user

URL = "/api/v1/tokens/"


@pytest.fixture
def olivia(db):
    return make_user("olivia")


def bearer(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_only_the_digest_of_a_token_is_kept(olivia):
    token, secret = token_create(user=olivia, name=" nightly  export ", scopes=["export", "read"])
    assert secret.startswith("evh_")
    assert len(secret) == len("evh_") + 43
    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert (stored["name"], stored["scopes"]) == ("nightly export", ["read", "export"])
    assert stored["digest"] == token_digest(secret)
    assert secret not in str(stored)
    assert secret.startswith(stored["prefix"])


def test_making_and_revoking_are_recorded_without_the_secret(olivia):
    token, secret = token_create(user=olivia, name="x", scopes=["read"])
    for _ in range(2):
        token_revoke(user=olivia, token_id=token.pk)
    events = list(LedgerEvent.objects.order_by("id"))
    assert [event.kind for event in events] == ["token.created", "token.revoked"]
    assert {event.subject for event in events} == {f"token:{token.pk}"}
    assert secret not in str([event.data for event in events])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read", "everything"]}, "scopes"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
        ({"expires_at": timezone.now() + timedelta(days=400)}, "expires_at"),
    ],
)
def test_what_cannot_be_is_refused(olivia, change, field):
    with pytest.raises(DomainError) as refused:
        token_create(**{"user": olivia, "name": "x", "scopes": ["read"], **change})
    assert (refused.value.status, list(refused.value.fields)) == (400, [field])
    assert not ApiToken.objects.exists()


def test_an_account_has_a_limit_of_live_tokens(olivia, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_LIVE_TOKENS", 2)
    first, _secret = token_create(user=olivia, name="1", scopes=["read"])
    token_create(user=olivia, name="2", scopes=["read"])
    with pytest.raises(DomainError) as refused:
        token_create(user=olivia, name="3", scopes=["read"])
    assert (refused.value.code, refused.value.status) == ("too_many_tokens", 409)
    token_revoke(user=olivia, token_id=first.pk)
    token_create(user=olivia, name="3", scopes=["read"])


def test_a_token_hands_on_no_more_than_it_has(olivia):
    soon = timezone.now() + timedelta(days=1)
    _parent, secret = token_create(user=olivia, name="ci", scopes=["read", "manage"], expires_at=soon)
    client = bearer(secret)
    more = client.post(URL, {"name": "x", "scopes": ["settle"], "expires_at": soon})
    assert (more.status_code, more.json()["error"]["code"]) == (403, "scope_missing")
    longer = client.post(URL, {"name": "x", "scopes": ["read"]})
    assert (longer.status_code, longer.json()["error"]["code"]) == (403, "token_outlives")
    made = client.post(URL, {"name": "x", "scopes": ["read"], "expires_at": soon})
    assert made.status_code == 201
    assert bearer(made.json()["token"]).get(URL).status_code == 200


def test_a_token_that_cannot_manage_makes_no_tokens(olivia):
    _token, secret = token_create(user=olivia, name="reader", scopes=["read"])
    answer = bearer(secret).post(URL, {"name": "x", "scopes": ["read"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")
    assert "manage" in answer.json()["error"]["message"]


def test_revoked_expired_and_unknown_tokens_are_told_apart(olivia):
    token, secret = token_create(user=olivia, name="x", scopes=["read"])
    assert bearer(secret).get(URL).status_code == 200
    assert ApiToken.objects.get(pk=token.pk).last_used_at is not None
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    expired = bearer(secret).get(URL)
    assert expired.status_code == 401
    assert "expired" in expired.json()["error"]["message"]
    assert expired["WWW-Authenticate"].startswith("Bearer")
    token_revoke(user=olivia, token_id=token.pk)
    assert "revoked" in bearer(secret).get(URL).json()["error"]["message"]
    assert "not known" in bearer("evh_" + "x" * 43).get(URL).json()["error"]["message"]


def test_the_tokens_of_a_deactivated_account_stop(olivia):
    _token, secret = token_create(user=olivia, name="x", scopes=["read"])
    olivia.is_active = False
    olivia.save()
    assert bearer(secret).get(URL).status_code == 401


def test_the_api_shows_the_secret_once(api, olivia):
    client = api(olivia)
    made = client.post(URL, {"name": "x", "scopes": ["read"]})
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    body = made.json()
    assert set(body) == {"id", "name", "prefix", "scopes", "expires_at", "last_used_at", "created_at", "token"}
    listed = client.get(URL).json()["results"]
    assert [row["id"] for row in listed] == [body["id"]]
    assert "token" not in listed[0]
    assert client.delete(f"{URL}{body['id']}/").status_code == 204
    assert client.get(URL).json()["results"] == []


def test_nobody_revokes_somebody_elses_token(api, olivia):
    token, _secret = token_create(user=make_user("eve"), name="x", scopes=["read"])
    assert api(olivia).delete(f"{URL}{token.pk}/").status_code == 404
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None


@pytest.mark.parametrize(
    "body", [{}, {"name": "x", "scopes": ["fly"]}, {"name": "x", "scopes": "read", "expires_at": "soon"}]
)
def test_bad_input_names_its_fields(api, olivia, body):
    answer = api(olivia).post(URL, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"]


def test_the_page_shows_a_new_token_once_and_revokes_it(page_client, olivia):
    client = page_client(olivia)
    sent = client.post(reverse("tokens"), {"name": "grader", "scopes": ["read", "export"], "expires": "30"})
    secret = sent.context["secret"]
    assert secret in sent.content.decode()
    assert "no-store" in sent["Cache-Control"]
    token = ApiToken.objects.get()
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=30)
    again = client.get(reverse("tokens")).content.decode()
    assert secret not in again
    assert "grader" in again
    told = client.post(reverse("token_revoke", args=[token.pk]), follow=True).content.decode()
    assert "The token “grader” was revoked." in told
    assert "grader" not in client.get(reverse("tokens")).content.decode()


def test_the_page_says_what_is_missing(page_client, olivia):
    sent = page_client(olivia).post(reverse("tokens"), {"name": "", "expires": "30"})
    assert sent.status_code == 422
    assert set(sent.context["form"].errors) == {"name", "scopes"}


def test_a_token_that_never_expires_can_be_asked_for(page_client, olivia):
    page_client(olivia).post(reverse("tokens"), {"name": "x", "scopes": ["read"], "expires": "never"})
    assert ApiToken.objects.get().expires_at is None


def test_every_scope_is_offered(page_client, olivia):
    page = page_client(olivia).get(reverse("tokens")).content.decode()
    assert all(f'value="{scope}"' in page for scope in Scope.values)
