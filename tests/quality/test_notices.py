"""Mails about reviews: who gets which, what is in them, and that one is one."""

from __future__ import annotations

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Membership
from annotations.models import Notice, Review
from annotations.models.outgoing import MOST_ATTEMPTS, unsent
from annotations.quality.appeals import appeal
from annotations.quality.notices import notice_send
from annotations.quality.reviews import person_pause, review_decide
from annotations.tasks import send_notice, send_notices
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def deliver() -> list[tuple[list[str], str]]:
    """Addresses and subjects of what is sent now."""
    mail.outbox.clear()
    for notice_id in unsent(Notice):
        send_notice(notice_id)
    return [(message.to, message.subject) for message in mail.outbox]


def test_a_pause_by_the_checks_tells_the_owner_and_the_person(cast, paused):
    assert deliver() == [
        (["wanda@example.org"], "You are paused in Moderation"),
        (["olivia@example.org"], "Somebody waits for your decision in Moderation"),
    ]
    assert f"/projects/{cast.project.pk}/standing/" in mail.outbox[0].body
    assert f"http://localhost:8000/projects/{cast.project.pk}/people/checks/{paused.pk}/" in mail.outbox[1].body
    assert deliver() == []


def test_the_mails_hold_no_personal_data_and_nothing_of_the_items(cast, paused, owner):
    appeal(annotator=paused, text="My doctor says so.")
    review_decide(access=owner, review_id=Review.objects.get().pk, reinstate=True, reason="A private reason.")
    assert len(deliver()) == 4
    written = " ".join(f"{message.subject} {message.body}" for message in mail.outbox)
    for secret in ("Message number", "doctor", "private", "wanda", "olivia", paused.pseudonym, "keep"):
        assert secret not in written.replace("/keep", "")


def test_an_owner_who_pauses_by_hand_is_not_told_but_the_other_owners_are(cast, worker, owner):
    other = make_user("otto")
    Membership.objects.create(project=cast.project, user=other, role="owner")
    person_pause(access=owner, annotator_id=worker(cast.wanda, cast.project).pk, note="Too fast.")
    assert [to for to, _subject in deliver()] == [["wanda@example.org"], ["otto@example.org"]]


def test_an_appeal_tells_the_owners_and_a_decision_the_person(cast, paused, owner):
    deliver()
    review = appeal(annotator=paused, text="Rule 3.")
    appeal(annotator=paused, text="Rule 3.")
    assert deliver() == [(["olivia@example.org"], "An appeal in Moderation")]
    for _twice in range(2):
        review_decide(access=owner, review_id=review.pk, reinstate=False, reason="No.")
    assert deliver() == [(["wanda@example.org"], "Your review in Moderation was decided")]
    appeal(annotator=paused, text="Rule 4.")
    assert deliver() == [(["olivia@example.org"], "An appeal in Moderation")]


def test_programs_and_closed_accounts_get_none(cast, paused):
    Notice.objects.all().delete()
    cast.wanda.is_simulated, cast.olivia.is_active = True, False
    cast.wanda.save()
    cast.olivia.save()
    appeal(annotator=paused, text="Rule 3.")
    assert not Notice.objects.exists()


def test_who_has_left_since_gets_none(cast, paused):
    Membership.objects.filter(user=cast.wanda).delete()
    Membership.objects.filter(user=cast.olivia).update(role="expert")
    assert deliver() == []
    assert not Notice.objects.filter(done_at__isnull=True).exists()


def test_a_pause_that_is_rolled_back_tells_nobody(cast, worker, owner):
    wanda = worker(cast.wanda, cast.project)
    with transaction.atomic():
        person_pause(access=owner, annotator_id=wanda.pk, note="Too fast.")
        transaction.set_rollback(True)
    assert deliver() == []


def test_a_mail_server_that_is_away_is_asked_again_a_few_times(paused, monkeypatch):
    def away(*_args, **_options):
        raise smtplib.SMTPConnectError(421, "Come back later.")

    monkeypatch.setattr("annotations.services.mailing.send_mail", away)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        due = unsent(Notice)
        assert len(due) == 2
        assert [send_notice(pk) for pk in due] == [False, False]
        assert unsent(Notice) == []  # not at once
        assert set(Notice.objects.values_list("attempts", flat=True)) == {attempt}
        Notice.objects.update(tried_at=timezone.now() - timedelta(hours=1))
    for notice_id in unsent(Notice):
        send_notice(notice_id)
    assert unsent(Notice) == []
    assert not Notice.objects.filter(done_at__isnull=True).exists()


def test_the_next_attempt_may_succeed(paused):
    Notice.objects.update(attempts=1, tried_at=timezone.now() - timedelta(hours=1))
    assert len(deliver()) == 2


def test_old_news_is_not_sent(paused):
    Notice.objects.update(made_at=timezone.now() - timedelta(days=3))
    assert deliver() == []
    assert unsent(Notice) == []


def test_two_senders_send_one_mail(paused, monkeypatch):
    """The other one claims it between this one's reading and its claim."""
    notice = Notice.objects.first()
    concerned = "annotations.quality.notices._still_concerned"

    def meanwhile(_notice: Notice) -> bool:
        monkeypatch.undo()
        assert notice_send(notice_id=notice.pk) is True
        return True

    monkeypatch.setattr(concerned, meanwhile)
    assert notice_send(notice_id=notice.pk) is False
    assert len(mail.outbox) == 1
    assert notice_send(notice_id=notice.pk) is False
    assert notice_send(notice_id=0) is False


def test_beat_hands_out_what_is_due(paused, monkeypatch):
    sent: list[int] = []
    monkeypatch.setattr(send_notice, "delay", sent.append)
    assert send_notices() == 2
    assert sent == list(Notice.objects.order_by("pk").values_list("pk", flat=True))


def test_the_database_holds_what_a_notice_is(cast, paused):
    notice = Notice.objects.first()
    with pytest.raises(IntegrityError, match="notice_kind_known"), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(kind="gossip")
    notice.pk = None
    with pytest.raises(IntegrityError, match="notice_once"), transaction.atomic():
        notice.save()
