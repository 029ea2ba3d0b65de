"""Input that nobody wished for: whatever comes, counters equal a recount and the page says what it knows."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import OutboxRow
from annotations.projects.schemas import schema_change
from fairness.metrics import Reason, Status
from fairness.models import Counter, MinuteTally
from fairness.selectors.live import live_view
from fairness.selectors.progress import pace_of
from fairness.services.fold import fold_outbox
from fairness.services.recount import live_counters, recount
from tests.factories import CHOICES, add_label, make_annotator
from tests.fairness.conftest import fold_all, label_group
from tests.fairness.test_fold import LABELS, fresh_items


def test_groups_under_the_minimum_have_no_rate_and_say_how_far_they_are(cast):
    label_group(cast.project, "christian", 20, 29)
    label_group(cast.project, "muslim", 20, 40)
    fold_all()
    parity = live_view(cast.project).people.parity
    assert parity.rates["christian"].status is Status.INSUFFICIENT
    assert parity.rates["christian"].n == 29
    assert parity.difference.value is None
    assert parity.difference.reason is Reason.SMALL_GROUPS
    label_group(cast.project, "christian", 1, 1)
    fold_all()
    assert live_view(cast.project).people.parity.difference.value is not None
    assert recount(project=cast.project) == []


def test_items_without_any_group_are_in_no_group_and_in_the_totals(cast):
    items = fresh_items(cast.project, 3, groups={})
    for item in items:
        add_label(item, make_annotator(cast.project), "keep")
    fold_all()
    assert recount(project=cast.project) == []
    view = live_view(cast.project)
    assert view.people.counts == {}
    assert view.progress.labels_given == 3


def test_another_version_of_the_labels_in_the_middle_of_it(cast):
    """Labels of both versions are counted by their keys; a label that is new has none of the old."""
    items = fresh_items(cast.project, 4)
    first, second = make_annotator(cast.project), make_annotator(cast.project)
    for item in items:
        add_label(item, first, "keep")
    fold_outbox(limit=3)
    unsure = {"key": "unsure", "name": "Unsure", "description": "", "shortcut": ""}
    renamed = [{**label, "name": label["name"] + "!"} for label in CHOICES["labels"]]
    schema_change(
        project=cast.project,
        actor=cast.olivia,
        expected_version=1,
        schema={"task_type": "single_choice", "config": {"labels": [*renamed, unsure]}, "guidelines": ""},
    )
    for item in items:
        add_label(item, second, "unsure" if item == items[0] else "keep")
    assert recount(project=cast.project) == []
    fold_all()
    assert recount(project=cast.project) == []
    assert Counter.objects.get(project=cast.project, table="people", attribute="", key="keep").n == 7
    assert [key for key, _name in live_view(cast.project).labels] == [*LABELS, "unsure"]


@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(hours=3)])
def test_a_clock_that_is_wrong_moves_the_pace_and_no_counter(cast, shift):
    items = fresh_items(cast.project, 2)
    add_label(items[0], make_annotator(cast.project), "keep")
    OutboxRow.objects.update(created_at=timezone.now() + shift)
    add_label(items[1], make_annotator(cast.project), "keep")
    fold_all()
    assert recount(project=cast.project) == []
    assert MinuteTally.objects.filter(people=1).count() == 2
    assert sum(minute.people for minute in pace_of(cast.project).minutes) == 1


def test_labels_taken_back_in_a_later_minute_leave_no_negative_pace(cast):
    (item,) = fresh_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")
    fold_all()
    MinuteTally.objects.update(people=-5)
    assert all(minute.people >= 0 for minute in pace_of(cast.project).minutes)


def test_whatever_order_and_batches_items_are_folded_in_the_counters_are_the_same(cast):
    """Rows of one item follow each other, for its writers wait for each other; those of different items need not."""
    items = fresh_items(cast.project, 12)
    fold_all()
    for item in items:
        add_label(item, make_annotator(cast.project), random.choice(LABELS))
    moved = list(OutboxRow.objects.order_by("pk"))
    random.shuffle(moved)
    highest = max(row.pk for row in moved)
    for place, row in enumerate(moved, start=1):
        OutboxRow.objects.filter(pk=row.pk).update(id=highest + place)
    while fold_outbox(limit=random.randint(1, 4)):
        pass
    assert recount(project=cast.project) == []
    assert live_counters(cast.project).cells


def test_an_outbox_row_of_a_project_that_is_gone_is_forgotten(cast):
    OutboxRow.objects.create(project_id=10**9, item_id=1, before=None, after=None, created_at=timezone.now())
    assert fold_outbox() == {}
    assert not OutboxRow.objects.exists()
