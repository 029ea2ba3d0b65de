"""A server whose clock jumps: people go on, and nothing is lost or doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.labelling.services import claim, expire, renew, submit, undo
from annotations.models import Annotation, Assignment, QueueEntry
from tests.factories import make_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """``clock(hours=1)`` puts the clock an hour forward from where it is."""
    really, ahead = timezone.now, [timedelta(0)]
    monkeypatch.setattr(timezone, "now", lambda: really() + ahead[0])

    def jump(**by: float) -> None:
        ahead[0] += timedelta(**by)

    return jump


def test_forward_a_lease_runs_out_and_its_label_still_counts(cast, worker, clock):
    make_items(cast.project, 1)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    clock(hours=5)
    assert expire() == 1
    done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", active_ms=2000)
    assert done.annotation.status == "current"
    assert QueueEntry.objects.get().remaining == cast.project.redundancy - 1


def test_back_a_label_has_no_negative_time_and_the_next_item_comes(cast, worker, clock):
    make_items(cast.project, 3)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    clock(hours=-5)
    done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", active_ms=2000, claim_next=True)
    assert done.annotation.active_ms == 0
    assert done.following is not None
    again = renew(annotator=wanda, assignment_id=done.following.pk)
    assert again.status == "leased"
    assert undo(annotator=wanda, assignment_id=lease.pk).status == "leased"


def test_back_nobody_is_called_too_fast_for_labels_of_the_future(cast, worker, clock):
    make_items(cast.project, 130)
    wanda = worker(cast.wanda, cast.project)
    lease = claim(annotator=wanda, project=cast.project)
    while lease is not None:
        done = submit(annotator=wanda, assignment_id=lease.pk, value="keep", claim_next=True)
        lease = done.following
    assert done.reason == "too_fast"
    clock(hours=-5)
    assert claim(annotator=wanda, project=cast.project) is not None


def test_to_and_fro_places_stay_exact(cast, worker, clock):
    make_items(cast.project, 2)
    wanda, walt = worker(cast.wanda, cast.project), worker(cast.walt, cast.project)
    first = claim(annotator=wanda, project=cast.project)
    clock(days=2)
    second = claim(annotator=walt, project=cast.project)
    clock(days=-4)
    expire()
    submit(annotator=walt, assignment_id=second.pk, value="keep")
    clock(days=2)
    expire()
    submit(annotator=wanda, assignment_id=first.pk, value="remove")
    for entry in QueueEntry.objects.all():
        labels = Annotation.objects.filter(item=entry.item_id, status="current").count()
        leases = Assignment.objects.filter(item=entry.item_id, status="leased").count()
        assert entry.remaining == cast.project.redundancy - labels - leases
