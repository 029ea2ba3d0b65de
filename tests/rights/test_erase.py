"""Erasing a person: who may, what goes, what stays, and that it happens once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiToken, Membership, User
from accounts.rights.selectors import prospect
from accounts.rights.services import SETTLE_TIME, person_erase, sweep_erased
from accounts.tasks import sweep_erased as sweep_task
from annotations.access import Access, annotator_of
from annotations.labelling.services import claim, submit
from annotations.models import Annotator, Case, Exposure, ItemFlag, QueueEntry, Review, Settlement
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_items, make_project, make_user
from tests.labelling.conftest import worker  # noqa: F401 — a worker's annotator
from tests.rights.conftest import EMAIL, PASSWORD, WORDS, leases

CONFIRMED = {"understood": "on", "password": PASSWORD}
PAID = CONFIRMED | {"paid": "on"}


def kinds(user: User) -> list[str]:
    return list(LedgerEvent.objects.filter(subject=f"user:{user.pk}").order_by("pk").values_list("kind", flat=True))


# --- what goes and what stays -----------------------------------------------------------------------------------------


def test_the_labels_stay_as_they_were_under_the_pseudonym(life):
    before = list(life.annotator.annotations.order_by("pk").values_list("pk", "value", "status", "active_ms"))
    person_erase(user=life.paula)
    kept = Annotator.objects.get(pk=life.annotator.pk)
    assert (kept.user_id, kept.pseudonym) == (None, life.annotator.pseudonym)
    assert list(kept.annotations.order_by("pk").values_list("pk", "value", "status", "active_ms")) == before


def test_her_words_go_and_that_she_said_something_stays(life):
    person_erase(user=life.paula)
    assert list(ItemFlag.objects.filter(annotator=life.annotator).values_list("reason", flat=True)) == [""] * 3
    assert set(life.annotator.annotations.values_list("reason", flat=True)) == {""}
    review = Review.objects.get(annotator=life.annotator)
    assert (review.appeal, review.appealed_at is None) == ("", False)
    assert (review.note, review.reason) == ("Too fast.", "Fair enough."), "the owner's words about it stay"
    assert Settlement.objects.get(settled_by=life.paula).reason == "Rule 3 says so.", "a label rests on these"


def test_what_she_held_is_given_back(life):
    lease = life.annotator.assignments.get(status="leased")
    before = QueueEntry.objects.get(item=lease.item).remaining
    held = Case.objects.get(claimed_by=life.paula)
    person_erase(user=life.paula)
    assert leases(life.annotator) == ["submitted"] * 3 + ["skipped", "released"]
    assert QueueEntry.objects.get(item=lease.item).remaining == before + 1
    held.refresh_from_db()
    assert (held.status, held.claimed_by_id, held.claim_expires_at) == ("open", None, None)
    assert LedgerEvent.objects.filter(kind="case.released", subject=f"case:{held.pk}").count() == 1


def test_the_account_is_nobodys(life):
    person_erase(user=life.paula)
    left = User.objects.get(pk=life.paula.pk)
    assert left.erased_at is not None
    assert (left.display_name, left.is_active, left.has_usable_password(), left.last_login) == ("", False, False, None)
    assert left.email.endswith("@erased.invalid")
    assert left.date_joined == left.erased_at
    assert str(left) == "Erased person"
    assert kinds(left)[-3:] == ["member.removed", "member.removed", "person.erased"]


def test_two_who_were_erased_are_two(db):
    one, two = make_user(), make_user()
    person_erase(user=one)
    person_erase(user=two)
    emails = set(User.objects.values_list("email", flat=True))
    assert len(emails) == 2


def test_a_mail_confirms_it_to_the_old_address_once_it_is_done(life, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        person_erase(user=life.paula)
        assert mail.outbox == []
    (sent,) = mail.outbox
    assert sent.to == [EMAIL]
    assert "erased" in sent.subject


def test_a_mail_that_cannot_be_sent_undoes_nothing_and_its_address_is_not_logged(
    life, settings, caplog, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    with django_capture_on_commit_callbacks(execute=True):
        person_erase(user=life.paula)
    assert User.objects.get(pk=life.paula.pk).erased_at is not None
    assert "could not be sent" in caplog.text
    assert EMAIL not in caplog.text


def test_programs_that_play_people_get_no_mail(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        person_erase(user=make_user(is_simulated=True))
    assert mail.outbox == []


# --- who may ----------------------------------------------------------------------------------------------------------


def test_the_last_owner_of_a_project_at_work_stays_and_is_told_which(cast):
    other = make_project(cast.olivia, name="Second")
    make_project(cast.olivia, name="Finished", status="closed")
    with pytest.raises(DomainError, match=r"last owner of “Moderation”.*last owner of “Second”") as refused:
        person_erase(user=cast.olivia)
    assert (refused.value.status, refused.value.code) == (409, "erasure_hindered")
    assert [one["id"] for one in refused.value.data["projects"]] == [cast.project.pk, other.pk]
    assert Membership.objects.filter(user=cast.olivia).count() == 3
    Membership.objects.filter(user=cast.edgar).update(role="owner")
    other.status = "archived"
    other.save()
    assert person_erase(user=cast.olivia)


def test_two_owners_cannot_both_go_at_once(transactional_db, cast, together):
    Membership.objects.filter(user=cast.edgar).update(role="owner")

    def go(user: User) -> str:
        try:
            person_erase(user=user)
        except DomainError as refused:
            return refused.code
        return "erased"

    assert sorted(together([lambda: go(cast.olivia), lambda: go(cast.edgar)])) == ["erased", "erasure_hindered"]
    assert Membership.objects.filter(project=cast.project, role="owner").count() == 1


def test_what_was_earned_is_said_before(life):
    (notice,) = prospect(life.paula).warnings
    assert "1.60 EUR in “Moderation”" in notice.text  # 0.10 for three labels, 1.50 added
    assert "wait" in notice.text


def test_who_owes_more_than_they_earned_need_not_wait(life):
    life.annotator.pay_adjustments.update(amount=Decimal("-2.00"))
    assert prospect(life.paula).warnings == []


# --- once -------------------------------------------------------------------------------------------------------------


def test_again_it_does_nothing(life, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert person_erase(user=life.paula)
        before = User.objects.get(pk=life.paula.pk).email
        assert not person_erase(user=life.paula)
    assert User.objects.get(pk=life.paula.pk).email == before
    assert kinds(life.paula).count("person.erased") == 1
    assert len(mail.outbox) == 1


def test_a_double_click_is_one_erasure_and_both_are_answered_well(transactional_db, cast, together, page_client):
    clients = [page_client(cast.stan), page_client(cast.stan)]
    answers = together([lambda one=one: one.post(reverse("your_data_erase"), CONFIRMED) for one in clients])
    assert [answer.status_code for answer in answers] == [302, 302]
    assert kinds(cast.stan).count("person.erased") == 1


def test_an_erasure_that_fails_leaves_everything(life, monkeypatch):
    def fail(*args: object) -> None:
        raise RuntimeError("Power cut")

    monkeypatch.setattr("accounts.rights.services._empty", fail)
    with pytest.raises(RuntimeError):
        person_erase(user=life.paula)
    assert User.objects.get(pk=life.paula.pk).email == EMAIL
    assert set(life.annotator.annotations.values_list("reason", flat=True)) == {WORDS}
    assert leases(life.annotator)[-1] == "leased"


# --- while work goes on -----------------------------------------------------------------------------------------------


def test_the_next_label_from_another_tab_is_refused(cast, api, page_client, worker):  # noqa: F811
    make_items(cast.project, 2)
    lease = claim(annotator=worker(cast.wanda, cast.project), project=cast.project)
    tab, program = page_client(cast.wanda), api(cast.wanda)
    assert page_client(cast.wanda).post(reverse("your_data_erase"), CONFIRMED).status_code == 302
    answer = program.post(f"/api/v1/assignments/{lease.pk}/submit/", {"value": "keep"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")
    answer = tab.post(reverse("label_submit", args=[lease.pk]), {"value": "keep", "key": "one"})
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/accounts/login/")
    assert not lease.annotator.annotations.exists()


def test_sessions_and_tokens_end_at_once(life):
    first, second = Client(), Client()
    for client in (first, second):
        client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert second.get(reverse("profile")).status_code == 200
    person_erase(user=life.paula)
    assert second.get(reverse("profile")).status_code == 302
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {life.token}"}
    assert Client().get("/api/v1/me/", **bearer).status_code == 401
    assert not ApiToken.objects.filter(user=life.paula).exists()
    answer = first.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200
    assert first.get(reverse("profile")).status_code == 302


def test_erasing_while_labels_come_in_loses_none_and_locks_nobody_out(transactional_db, cast, together, worker):  # noqa: F811
    """A claim and a label that run at the same moment end before or after; nothing of the person is left."""
    cast.project.content_warning = "Hostile."
    cast.project.save()
    make_items(cast.project, 30)
    annotator = worker(cast.wanda, cast.project)
    first = claim(annotator=annotator, project=cast.project)

    def work() -> int:
        lease, given = first, 0
        while lease is not None and given < 30:
            done = submit(annotator=annotator, assignment_id=lease.pk, value="keep", claim_next=True)
            lease, given = done.following, given + 1
        return given

    given, erased = together([work, lambda: person_erase(user=cast.wanda)])
    assert (given, erased) == (30, True)
    assert annotator.annotations.count() == 30
    User.objects.filter(pk=cast.wanda.pk).update(erased_at=timezone.now() - SETTLE_TIME)
    sweep_task()
    assert not Exposure.objects.exists()
    assert Annotator.objects.get(pk=annotator.pk).user_id is None


def test_what_a_slow_request_stored_afterwards_is_swept(cast):
    member = Membership.objects.get(user=cast.wanda)
    person_erase(user=cast.wanda)
    annotator_of(Access(cast.project, member.role, cast.wanda))
    Membership.objects.create(project=cast.project, user=cast.wanda, role="worker")
    assert sweep_erased() == 0, "requests may still be at work"
    User.objects.filter(pk=cast.wanda.pk).update(erased_at=timezone.now() - SETTLE_TIME)
    assert (sweep_erased(), sweep_erased()) == (1, 0)
    assert not Annotator.objects.filter(user=cast.wanda).exists()
    assert not Membership.objects.filter(user=cast.wanda).exists()


# --- afterwards -------------------------------------------------------------------------------------------------------


def test_who_signs_up_again_with_the_address_is_somebody_new(life, client):
    person_erase(user=life.paula)
    form = {"email": EMAIL, "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", form).status_code == 302
    new = User.objects.get(email=EMAIL)
    assert new.pk != life.paula.pk
    assert client.get(reverse("project", args=[life.cast.project.pk])).status_code == 404
    membership = Membership.objects.create(project=life.cast.project, user=new, role="worker")
    again = annotator_of(Access(life.cast.project, membership.role, new))
    assert again.pk != life.annotator.pk
    assert again.pseudonym != life.annotator.pseudonym
