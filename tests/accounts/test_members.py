"""Members: roles that change, people who go, and the owner that stays."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import Membership
from accounts.services.members import member_remove, member_role_change
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_cast, make_project, make_user


def member(cast, name: str) -> Membership:
    return Membership.objects.get(project=cast.project, user=getattr(cast, name))


def test_a_role_changes_and_the_record_says_so_without_a_name(cast):
    row = member(cast, "wanda")
    member_role_change(project_id=cast.project.pk, member_id=row.pk, role="expert", actor=cast.olivia)
    row.refresh_from_db()
    assert row.role == "expert"
    event = LedgerEvent.objects.get()
    assert (event.kind, event.actor, event.subject) == (
        "member.role_changed",
        f"user:{cast.olivia.pk}",
        f"user:{cast.wanda.pk}",
    )
    assert event.data == {"before": "worker", "after": "expert"}
    member_role_change(project_id=cast.project.pk, member_id=row.pk, role="expert", actor=cast.olivia)
    assert LedgerEvent.objects.count() == 1


@pytest.mark.parametrize(("act", "given"), [(member_role_change, {"role": "worker"}), (member_remove, {})])
def test_the_last_owner_stays(cast, act, given):
    row = member(cast, "olivia")
    with pytest.raises(DomainError) as refused:
        act(project_id=cast.project.pk, member_id=row.pk, actor=cast.olivia, **given)
    assert (refused.value.code, refused.value.status) == ("last_owner", 409)
    assert member(cast, "olivia").role == "owner"


def test_an_owner_may_go_once_there_is_another(cast):
    heir = member(cast, "edgar")
    member_role_change(project_id=cast.project.pk, member_id=heir.pk, role="owner", actor=cast.olivia)
    member_remove(project_id=cast.project.pk, member_id=member(cast, "olivia").pk, actor=cast.olivia)
    assert list(Membership.objects.filter(role="owner").values_list("user", flat=True)) == [cast.edgar.pk]


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_both_leave_at_once():
    cast = make_cast()
    Membership.objects.filter(user=cast.edgar).update(role="owner")
    start, outcomes = threading.Barrier(2), []

    def leave(name: str) -> None:
        try:
            row = member(cast, name)
            start.wait(10)
            member_remove(project_id=cast.project.pk, member_id=row.pk, actor=row.user)
            outcomes.append("gone")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=[name]) for name in ("olivia", "edgar")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["gone", "last_owner"]
    assert Membership.objects.filter(role="owner").count() == 1


def test_a_member_of_another_project_is_not_found(cast):
    other = make_project(cast.stan, name="Another")
    row = other.memberships.get()
    for act in (
        lambda: member_remove(project_id=cast.project.pk, member_id=row.pk, actor=cast.olivia),
        lambda: member_role_change(project_id=cast.project.pk, member_id=row.pk, role="worker", actor=cast.olivia),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.status == 404


def test_the_database_holds_one_membership_a_person_and_known_roles(cast):
    with pytest.raises(IntegrityError, match="membership_once_per_person"), transaction.atomic():
        Membership.objects.create(project=cast.project, user=cast.wanda, role="expert")
    with pytest.raises(IntegrityError, match="membership_role_known"), transaction.atomic():
        Membership.objects.create(project=cast.project, user=cast.stan, role="king")


def test_the_api_lists_changes_and_removes_for_owners(api, cast):
    url = f"/api/v1/projects/{cast.project.pk}/members/"
    rows = api(cast.olivia).get(url).json()["results"]
    assert {row["email"]: row["role"] for row in rows} == {
        "olivia@example.org": "owner",
        "edgar@example.org": "expert",
        "wanda@example.org": "worker",
        "walt@example.org": "worker",
        "audrey@example.org": "auditor",
    }
    row = member(cast, "walt")
    changed = api(cast.olivia).patch(f"{url}{row.pk}/", {"role": "auditor"})
    assert (changed.status_code, changed.json()["role"]) == (200, "auditor")
    assert api(cast.olivia).patch(f"{url}{row.pk}/", {"role": "king"}).status_code == 400
    assert api(cast.olivia).delete(f"{url}{row.pk}/").status_code == 204
    assert api(cast.olivia).delete(f"{url}{row.pk}/").status_code == 404


def test_the_page_changes_roles_and_says_why_not(page_client, cast):
    client, own = page_client(cast.olivia), member(cast, "olivia")
    refused = client.post(reverse("people_role", args=[cast.project.pk, own.pk]), {"role": "worker"}, follow=True)
    assert "this is the last one" in refused.content.decode()
    refused = client.post(reverse("people_remove", args=[cast.project.pk, own.pk]), follow=True)
    assert "this is the last one" in refused.content.decode()
    row = member(cast, "walt")
    client.post(reverse("people_role", args=[cast.project.pk, row.pk]), {"role": "owner"})
    given_up = client.post(reverse("people_role", args=[cast.project.pk, own.pk]), {"role": "worker"})
    assert given_up.url == reverse("project", args=[cast.project.pk])
    assert client.get(reverse("people", args=[cast.project.pk])).status_code == 403


def test_names_and_addresses_are_on_the_page_of_people_and_on_no_other(page_client, cast):
    cast.wanda.display_name = "Wanda Wojcik"
    cast.wanda.save()
    client = page_client(cast.olivia)
    assert "Wanda Wojcik" in client.get(reverse("people", args=[cast.project.pk])).content.decode()
    for name in ("project", "project_settings", "project_setting_labels", "ledger"):
        page = client.get(reverse(name, args=[cast.project.pk])).content.decode()
        assert "Wanda" not in page
        assert "wanda@" not in page


def test_a_worker_leaves_and_the_last_owner_does_not(page_client, api, cast):
    left = page_client(cast.wanda).post(reverse("people_leave", args=[cast.project.pk]), follow=True)
    assert "You have left" in left.content.decode()
    assert not Membership.objects.filter(user=cast.wanda).exists()
    assert api(cast.walt).post(f"/api/v1/projects/{cast.project.pk}/leave/").status_code == 204
    refused = api(cast.olivia).post(f"/api/v1/projects/{cast.project.pk}/leave/")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "last_owner")
    told = page_client(cast.olivia).post(reverse("people_leave", args=[cast.project.pk]), follow=True)
    assert "this is the last one" in told.content.decode()


def test_a_crowd_takes_as_many_queries_as_a_few(page_client, api, cast, django_assert_max_num_queries):
    for _ in range(30):
        Membership.objects.create(project=cast.project, user=make_user(), role="worker")
    browser, client = page_client(cast.olivia), api(cast.olivia)
    with django_assert_max_num_queries(10):
        browser.get(reverse("people", args=[cast.project.pk]))
    with django_assert_max_num_queries(6):
        assert len(client.get(f"/api/v1/projects/{cast.project.pk}/members/").json()["results"]) == 35
