"""Pausing, a human's decision, and the person's own word."""

from __future__ import annotations

import pytest

from annotations.labelling.services import claim, submit
from annotations.models import Annotator, Review
from annotations.quality.appeals import appeal
from annotations.quality.reviews import person_pause, review_decide
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_items

pytestmark = pytest.mark.django_db


def refused(call, **given) -> str:
    with pytest.raises(DomainError) as error:
        call(**given)
    return error.value.code


def test_who_falls_under_the_limit_is_paused_with_the_figures_and_an_event(cast, paused):
    review = Review.objects.get()
    assert (paused.standing, review.status, review.cause) == ("paused", "open", "gold")
    assert review.evidence == {"right": 0, "answers": 5, "trust": 0.1429, "limit": 0.6}
    event = LedgerEvent.objects.get(kind="annotator.paused")
    assert event.subject == f"annotator:{paused.pk}"
    assert event.data["answers"] == 5
    assert refused(claim, annotator=paused, project=cast.project) == "paused_for_review"


def test_the_label_that_led_to_the_pause_is_stored_and_the_answer_says_why_none_follows(
    cast, worker, gold, checks, answer
):
    gold(6)
    checks()
    wanda = worker(cast.wanda, cast.project)
    answer(wanda, "remove", 4)
    lease = claim(annotator=wanda, project=cast.project)
    done = submit(annotator=wanda, assignment_id=lease.pk, value="remove", claim_next=True)
    assert done.annotation.status == "current"
    assert (done.following, done.reason) == (None, "paused_for_review")
    assert wanda.annotations.filter(status="current").count() == 5


def test_what_a_paused_person_holds_they_may_finish(cast, worker, gold, checks, answer):
    gold(7)
    checks()
    wanda = worker(cast.wanda, cast.project)
    first = claim(annotator=wanda, project=cast.project)
    held = claim(annotator=wanda, project=cast.project, holding=[first.pk])
    submit(annotator=wanda, assignment_id=first.pk, value="remove")
    for _turn in range(4):
        lease = claim(annotator=wanda, project=cast.project, holding=[held.pk])
        submit(annotator=wanda, assignment_id=lease.pk, value="remove")
    wanda.refresh_from_db()
    assert wanda.standing == "paused"
    assert submit(annotator=wanda, assignment_id=held.pk, value="keep").annotation.status == "current"
    assert Review.objects.count() == 1


def test_a_limit_of_nothing_pauses_nobody(cast, worker, gold, checks, answer):
    gold(8)
    checks(limit=0)
    wanda = worker(cast.wanda, cast.project)
    answer(wanda, "remove", 8)
    assert not Review.objects.exists()


def test_reinstating_closes_the_answers_so_far(cast, paused, owner, gold, answer):
    review = review_decide(
        access=owner, review_id=Review.objects.get().pk, reinstate=True, reason="The guidelines were unclear."
    )
    assert (review.status, review.decided_by) == ("reinstated", cast.olivia)
    paused.refresh_from_db()
    assert (paused.standing, paused.gold_right, paused.gold_wrong) == ("active", 0, 0)
    gold(1)
    answer(paused, "remove", 4)
    paused.refresh_from_db()
    assert paused.standing == "active"
    assert LedgerEvent.objects.filter(kind="annotator.reinstated").count() == 1


def test_the_same_decision_twice_is_one_and_needs_a_reason(paused, owner):
    review_id = Review.objects.get().pk
    for text in (" ", "x" * 2001):
        assert refused(review_decide, access=owner, review_id=review_id, reinstate=False, reason=text) == "invalid"
    for _twice in range(2):
        review_decide(access=owner, review_id=review_id, reinstate=False, reason="All wrong.")
    assert LedgerEvent.objects.filter(kind="annotator.kept_paused").count() == 1
    assert Annotator.objects.get(pk=paused.pk).standing == "paused"


def test_an_owner_may_think_again_and_the_first_decision_stays_on_record(paused, owner):
    first = review_decide(access=owner, review_id=Review.objects.get().pk, reinstate=False, reason="All wrong.")
    second = review_decide(access=owner, review_id=first.pk, reinstate=True, reason="I was wrong.")
    first.refresh_from_db()
    assert (first.status, second.status, Review.objects.count()) == ("kept", "reinstated", 2)
    assert refused(review_decide, access=owner, review_id=second.pk, reinstate=False, reason="No.") == "not_paused"


def test_an_owner_pauses_by_hand(cast, worker, owner):
    wanda = worker(cast.wanda, cast.project)
    make_items(cast.project, 1)
    for _twice in range(2):
        review = person_pause(access=owner, annotator_id=wanda.pk, note="Five labels a second.")
    assert (Review.objects.count(), review.cause) == (1, "owner")
    assert refused(claim, annotator=wanda, project=cast.project) == "paused_for_review"
    assert refused(person_pause, access=owner, annotator_id=0, note="Who?") == "not_found"


def test_a_person_appeals_once_before_the_decision_and_once_against_it(cast, paused, owner):
    first = appeal(annotator=paused, text="Rule 3 says remove.")
    assert appeal(annotator=paused, text=" Rule 3 says remove. ") == first
    assert refused(appeal, annotator=paused, text="And rule 4.") == "already_appealed"
    review_decide(access=owner, review_id=first.pk, reinstate=False, reason="It does not.")
    second = appeal(annotator=paused, text="It does, in the second paragraph.")
    assert (second.cause, second.status, second.evidence) == ("appeal", "open", first.evidence)
    review_decide(access=owner, review_id=second.pk, reinstate=False, reason="That is about links.")
    assert refused(appeal, annotator=paused, text="Please.") == "already_appealed"
    assert LedgerEvent.objects.filter(kind="annotator.appealed").count() == 2


def test_who_is_not_paused_has_nothing_to_appeal_against(cast, worker, paused, owner):
    assert refused(appeal, annotator=worker(cast.walt, cast.project), text="Hm.") == "not_paused"
    review_decide(access=owner, review_id=Review.objects.get().pk, reinstate=True, reason="Fine.")
    assert refused(appeal, annotator=paused, text="Hm.") == "not_paused"


def test_what_people_write_is_not_in_the_record(paused, owner):
    review = appeal(annotator=paused, text="My doctor says so.")
    review_decide(access=owner, review_id=review.pk, reinstate=True, reason="A private reason.")
    written = " ".join(str(event.data) for event in LedgerEvent.objects.all())
    assert "doctor" not in written
    assert "private" not in written
