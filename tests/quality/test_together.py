"""Checks under load: many people at once, places stay exact and nobody gets an item twice."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import transaction

from accounts.models import Role
from annotations.access import Access
from annotations.labelling.places import recount_places
from annotations.labelling.services import claim, submit
from annotations.models import Annotation, Annotator, Assignment, GoldAnswer, QualityRules, QueueEntry, Review
from annotations.quality.excluding import exclusion_apply, labels_exclude
from tests.factories import make_cast, make_items, make_user
from tests.labelling.conftest import together  # noqa: F401 — a fixture

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, EACH = 8, 12


def remaining() -> dict[int, int]:
    return dict(QueueEntry.objects.values_list("item_id", "remaining"))


def test_many_are_checked_at_once_and_one_is_excluded_meanwhile(together):  # noqa: F811
    cast = make_cast()
    make_items(cast.project, 6, gold="keep")
    items = make_items(cast.project, 60)
    QualityRules.objects.create(project=cast.project, is_on=True, gold_start=0.5, gold_floor=0.5, limit=0, seed=3)
    people = [
        Annotator.objects.create(project=cast.project, user=make_user(f"p{number}"), kind="human")
        for number in range(PEOPLE)
    ]
    access = Access(cast.project, Role.OWNER, cast.olivia)

    def work(annotator: Annotator) -> None:
        for _turn in range(EACH):
            if lease := claim(annotator=annotator, project=cast.project):
                submit(annotator=annotator, assignment_id=lease.pk, value="keep")

    first = claim(annotator=people[0], project=cast.project)
    submit(annotator=people[0], assignment_id=first.pk, value="keep")
    made = labels_exclude(access=access, annotator_id=people[0].pk, reason="A trial.")
    jobs = [lambda one=one: work(one) for one in people]
    together([*jobs, lambda: exclusion_apply(exclusion_id=made.pk)])
    pairs = Counter(Assignment.objects.values_list("item_id", "annotator_id"))
    assert set(pairs.values()) == {1}
    assert Annotation.objects.filter(status="current").count() == PEOPLE * EACH
    assert Annotation.objects.filter(status="excluded").count() == 1
    before = remaining()
    with transaction.atomic():
        recount_places(before)
    assert before == remaining()
    ordinary = Counter(Annotation.objects.filter(item__in=items, status="current").values_list("item_id", flat=True))
    assert max(ordinary.values()) <= cast.project.redundancy
    for one in Annotator.objects.filter(pk__in=[one.pk for one in people]):
        assert one.gold_right == GoldAnswer.objects.filter(annotator=one).count()
    assert not Review.objects.exists()
