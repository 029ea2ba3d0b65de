"""Taking labels out of the count and putting them back: none is deleted, all stay paid, everything follows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from annotations.labelling.places import recount_places
from annotations.models import Annotation, Consensus, OutboxRow, Project, QueueEntry
from annotations.paying.selectors import payments
from annotations.quality import excluding
from annotations.quality.excluding import exclusion_apply, exclusion_lift, labels_exclude, unfinished
from annotations.tasks import mend_exclusions
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import add_label, make_annotator, make_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled(cast, worker, answer):
    """Wanda has labelled three items; two of them an annotator of a file agrees with."""
    Project.objects.filter(pk=cast.project.pk).update(wage_per_hour=36, expected_seconds=100, redundancy=2)
    cast.project.refresh_from_db()
    items = make_items(cast.project, 3)
    wanda = worker(cast.wanda, cast.project)
    answer(wanda, "keep", 3)
    other = make_annotator(cast.project)
    for item in items[:2]:
        add_label(item, other, "keep")
        recount_places([item.pk])
    return wanda, items


def test_excluding_and_including_brings_everything_back_as_it_was(cast, owner, labelled):
    wanda, items = labelled
    before = (
        list(QueueEntry.objects.order_by("item_id").values_list("remaining", flat=True)),
        list(Consensus.objects.order_by("item_id").values_list("item_id", "value", "support")),
    )
    made = labels_exclude(access=owner, annotator_id=wanda.pk, reason="Copied.")
    assert exclusion_apply(exclusion_id=made.pk) == 3
    assert wanda.annotations.filter(status="excluded").count() == 3 == wanda.annotations.count()
    assert list(QueueEntry.objects.order_by("item_id").values_list("remaining", flat=True)) == [1, 1, 2]
    last = OutboxRow.objects.filter(item_id=items[2].pk).latest("pk")
    assert (list(last.before["people"].values()), last.after["people"]) == ([1], {})
    lifted = exclusion_lift(access=owner, exclusion_id=made.pk, reason="They were right.")
    assert exclusion_apply(exclusion_id=lifted.pk) == 3
    after = (
        list(QueueEntry.objects.order_by("item_id").values_list("remaining", flat=True)),
        list(Consensus.objects.order_by("item_id").values_list("item_id", "value", "support")),
    )
    assert after == before
    kinds = ["exclusion.made", "annotations.excluded", "exclusion.lifted", "annotations.included"]
    assert list(LedgerEvent.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", flat=True)) == kinds


def test_excluded_labels_stay_paid(cast, owner, labelled):
    wanda, _items = labelled
    made = labels_exclude(access=owner, annotator_id=wanda.pk, reason="Copied.")
    exclusion_apply(exclusion_id=made.pk)
    [payment] = payments(cast.project)
    assert (payment.labels, payment.total) == (3, Decimal("3.00"))


def test_the_work_may_die_between_batches_and_be_done_twice(cast, owner, labelled, monkeypatch):
    wanda, _items = labelled
    monkeypatch.setattr(excluding, "BATCH", 1)
    made = labels_exclude(access=owner, annotator_id=wanda.pk, reason="Copied.")
    assert excluding._apply_batch(made.pk) == 1
    assert unfinished() == [made.pk]
    sent = []
    monkeypatch.setattr("annotations.tasks.apply_exclusion.delay", sent.append)
    assert mend_exclusions() == 1
    assert sent == [made.pk]
    assert exclusion_apply(exclusion_id=made.pk) == 2
    assert exclusion_apply(exclusion_id=made.pk) == 0
    assert unfinished() == []


def test_what_is_labelled_afterwards_counts(cast, owner, labelled, answer):
    wanda, _items = labelled
    made = labels_exclude(access=owner, annotator_id=wanda.pk, reason="Copied.")
    make_items(cast.project, 1)
    answer(wanda, "keep", 1)
    exclusion_apply(exclusion_id=made.pk)
    assert wanda.annotations.filter(status="current").count() == 1


def test_it_is_one_exclusion_however_often_it_is_sent_and_needs_a_reason_and_labels(cast, owner, labelled, worker):
    wanda, _items = labelled
    with pytest.raises(DomainError):
        labels_exclude(access=owner, annotator_id=wanda.pk, reason=" ")
    first = labels_exclude(access=owner, annotator_id=wanda.pk, reason="Copied.")
    assert labels_exclude(access=owner, annotator_id=wanda.pk, reason="Copied.") == first
    with pytest.raises(DomainError) as refused:
        labels_exclude(access=owner, annotator_id=worker(cast.walt, cast.project).pk, reason="Hm.")
    assert refused.value.code == "nothing_to_exclude"
    with pytest.raises(DomainError) as refused:
        labels_exclude(access=owner, annotator_id=Annotation.objects.last().annotator_id, reason="Imported.")
    assert refused.value.status == 404
