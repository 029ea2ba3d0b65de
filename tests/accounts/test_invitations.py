"""Invitation links: made, shown once, used by so many, over."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.authentication import token_digest
from accounts.models import Invitation, Membership, User
from accounts.services.invitations import invitation_accept, invitation_create, invitation_revoke
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_cast, make_user

PASSWORD = "correct horse battery"


def invite(cast, **fields):
    soon = timezone.now() + timedelta(days=7)
    given = {"role": "worker", "expires_at": soon} | fields
    return invitation_create(project_id=cast.project.pk, actor=cast.olivia, **given)


def test_only_the_digest_of_a_link_is_kept_and_recorded_without_an_address(cast):
    invitation, secret = invite(cast, email="New.Person@Example.org")
    stored = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert stored["digest"] == token_digest(secret)
    assert stored["email"] == "new.person@example.org"
    assert secret not in str(stored)
    event = LedgerEvent.objects.get()
    assert (event.kind, event.subject, event.data["bound"]) == (
        "invitation.created",
        f"invitation:{invitation.pk}",
        True,
    )
    assert "@" not in str(event.data)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "king"}, "role"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 1001}, "max_uses"),
        ({"max_uses": 2, "email": "a@example.org"}, "max_uses"),
        ({"email": "nobody"}, "email"),
        ({"expires_at": timezone.now() - timedelta(minutes=1)}, "expires_at"),
        ({"expires_at": timezone.now() + timedelta(days=91)}, "expires_at"),
    ],
)
def test_what_cannot_be_is_refused(cast, change, field):
    with pytest.raises(DomainError) as refused:
        invite(cast, **change)
    assert (refused.value.status, list(refused.value.fields)) == (400, [field])
    assert not Invitation.objects.exists()


def test_accepting_gives_the_role_spends_a_use_and_is_recorded(cast):
    invitation, secret = invite(cast, role="expert")
    membership, created = invitation_accept(user=cast.stan, raw=secret)
    assert (membership.role, created) == ("expert", True)
    invitation.refresh_from_db()
    assert invitation.uses == 1
    event = LedgerEvent.objects.get(kind="member.joined")
    assert event.data == {"role": "expert", "how": f"invitation:{invitation.pk}"}


def test_who_is_in_already_keeps_the_role_and_spends_nothing(cast):
    invitation, secret = invite(cast, role="owner")
    assert invitation_accept(user=cast.wanda, raw=secret)[0].role == "worker"
    invitation.refresh_from_db()
    assert invitation.uses == 0


def over(cast, invitation):
    """Every way in which a link is over, with the code that says so."""
    live = Invitation.objects.filter(pk=invitation.pk)
    yield "invitation_used", lambda: live.update(uses=1)
    yield "invitation_expired", lambda: live.update(uses=0, expires_at=timezone.now())
    yield (
        "invitation_revoked",
        lambda: invitation_revoke(project_id=cast.project.pk, invitation_id=invitation.pk, actor=cast.olivia),
    )


def test_a_link_that_is_over_says_why(cast, page_client):
    invitation, secret = invite(cast)
    for code, end in over(cast, invitation):
        end()
        with pytest.raises(DomainError) as refused:
            invitation_accept(user=cast.stan, raw=secret)
        assert (refused.value.code, refused.value.status) == (code, 410)
        assert page_client().get(reverse("join", args=[secret])).status_code == 410
    assert not Membership.objects.filter(user=cast.stan).exists()
    with pytest.raises(DomainError) as refused:
        invitation_accept(user=cast.stan, raw="no such link")
    assert refused.value.status == 404


def test_a_link_for_one_address_is_for_that_address(cast, settings):
    _invitation, secret = invite(cast, email="stan@example.org")
    with pytest.raises(DomainError) as refused:
        invitation_accept(user=make_user("eve"), raw=secret)
    assert (refused.value.code, refused.value.status) == ("other_address", 403)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with pytest.raises(DomainError) as refused:
        invitation_accept(user=cast.stan, raw=secret)
    assert refused.value.code == "address_unconfirmed"
    cast.stan.emailaddress_set.create(email="stan@example.org", verified=True, primary=True)
    assert invitation_accept(user=cast.stan, raw=secret)[1] is True


@pytest.mark.django_db(transaction=True)
def test_a_link_is_never_used_more_often_than_it_may_be():
    cast = make_cast()
    _invitation, secret = invite(cast, max_uses=3)
    people = [make_user(f"newcomer{number}") for number in range(8)]
    start, outcomes = threading.Barrier(len(people)), []

    def accept(user: User) -> None:
        try:
            start.wait(10)
            outcomes.append(invitation_accept(user=user, raw=secret)[1])
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes.count(True) == 3
    assert outcomes.count("invitation_used") == 5
    assert Membership.objects.filter(user__in=people).count() == 3
    assert Invitation.objects.get().uses == 3


def test_the_database_refuses_an_overused_link(cast):
    invitation, _secret = invite(cast)
    with pytest.raises(IntegrityError, match="invitation_not_overused"), transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk).update(uses=2)


def test_the_api_makes_lists_and_withdraws_links(api, cast):
    url = f"/api/v1/projects/{cast.project.pk}/invitations/"
    soon = (timezone.now() + timedelta(days=1)).isoformat()
    made = api(cast.olivia).post(url, {"role": "expert", "expires_at": soon, "max_uses": 2})
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    assert made.json()["url"] == f"http://testserver/join/{made.json()['token']}/"
    (listed,) = api(cast.olivia).get(url).json()["results"]
    assert (listed["role"], listed["uses"], listed["max_uses"]) == ("expert", 0, 2)
    assert "token" not in listed
    assert "url" not in listed
    accepted = api(cast.stan).post("/api/v1/invitations/accept/", {"token": made.json()["token"]})
    assert (accepted.status_code, accepted.json()["role"], accepted.json()["created"]) == (200, "expert", True)
    assert api(cast.olivia).delete(f"{url}{listed['id']}/").status_code == 204
    assert api(cast.olivia).get(url).json()["results"] == []
    assert api(cast.olivia).delete(f"{url}999999/").status_code == 404
    assert api(cast.olivia).post(url, {"role": "king", "expires_at": "soon"}).status_code == 400


def test_the_page_shows_a_link_once(page_client, cast):
    client, url = page_client(cast.olivia), reverse("people", args=[cast.project.pk])
    sent = client.post(url, {"role": "worker", "max_uses": "5", "expires": "7", "email": ""})
    link = sent.context["link"]
    assert link in sent.content.decode()
    assert link not in client.get(url).content.decode()
    refused = client.post(url, {"role": "worker", "max_uses": "5", "expires": "7", "email": "a@example.org"})
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"max_uses"})
    revoke = reverse("people_invitation_revoke", args=[cast.project.pk, Invitation.objects.get().pk])
    assert "does not work any more" in client.post(revoke, follow=True).content.decode()
    assert page_client().get(link.replace("http://testserver", "")).status_code == 410


def test_somebody_without_an_account_follows_the_link_signs_up_and_joins(page_client, cast, settings):
    settings.SIGNUP_OPEN = False
    _invitation, secret = invite(cast, role="expert")
    client, link = page_client(), reverse("join", args=[secret])
    assert "by invitation" in client.get(reverse("account_signup")).content.decode()
    offer = client.get(link)
    assert offer.status_code == 200
    assert f"?next={link}" in offer.content.decode()
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    signed_up = client.post(f"{reverse('account_signup')}?next={link}", {**form, "next": link})
    assert signed_up.url == link
    user = User.objects.get(email="new@example.org")
    assert LedgerEvent.objects.get(kind="account.created").subject == f"user:{user.pk}"
    assert not Membership.objects.filter(user=user).exists(), "looking at an invitation does not accept it"
    joined = client.post(link)
    assert joined.url == reverse("project", args=[cast.project.pk])
    assert Membership.objects.get(user=user).role == "expert"
    assert "invitation" not in client.session


def test_a_link_that_is_over_opens_no_door_to_accounts(page_client, cast, settings):
    settings.SIGNUP_OPEN = False
    invitation, secret = invite(cast)
    client = page_client()
    client.get(reverse("join", args=[secret]))
    invitation_revoke(project_id=cast.project.pk, invitation_id=invitation.pk, actor=cast.olivia)
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), form)
    assert not User.objects.filter(email="new@example.org").exists()


def test_the_wrong_person_is_told_to_change_accounts(page_client, cast):
    _invitation, secret = invite(cast, email="somebody@example.org")
    page = page_client(cast.stan).get(reverse("join", args=[secret])).content.decode()
    assert "for another e-mail address" in page
    assert page_client(cast.stan).post(reverse("join", args=[secret])).status_code == 403


def test_signed_out_people_cannot_accept_by_a_post(page_client, cast):
    _invitation, secret = invite(cast)
    assert page_client().post(reverse("join", args=[secret])).status_code == 200
    assert Invitation.objects.get().uses == 0
