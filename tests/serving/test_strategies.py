"""In which order items are given out."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from annotations.labelling import leases, places
from annotations.labelling.services import claim, release, skip, submit, undo
from annotations.models import ProtectedAttribute, QueueEntry, Strategy
from annotations.services.changes import item_changes
from annotations.serving.services import lanes_settle, queue_settle
from tests.factories import make_items

pytestmark = pytest.mark.django_db


def lanes() -> list[int]:
    return list(QueueEntry.objects.order_by("item_id").values_list("lane", flat=True))


def test_each_person_gets_an_order_of_their_own(cast, person, label_all):
    items = make_items(cast.project, 30)
    for number, item in enumerate(items):
        QueueEntry.objects.filter(item=item).update(shuffle=number * (places.RING // 30))
    orders = [[lease.item_id for lease in label_all(person(name))] for name in ("ada", "ben", "cem")]
    assert all(sorted(order) == sorted(item.pk for item in items) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    followers = [set(pairwise(order)) for order in orders]
    assert len(followers[0] & followers[1]) < 20  # neighbours differ too: no carry-over that all share


def test_a_claim_begins_at_its_start_and_goes_round(cast, person, monkeypatch):
    first, second, third = make_items(cast.project, 3)
    for item, shuffle in ((first, 10), (second, 20), (third, 30)):
        QueueEntry.objects.filter(item=item).update(shuffle=shuffle)
    ada = person("ada")
    monkeypatch.setattr(leases, "randbits", lambda bits: 15)
    served = []
    for _ in range(3):
        lease = claim(annotator=ada, project=cast.project)
        served.append(lease.item_id)
        submit(annotator=ada, assignment_id=lease.pk, value="keep")
    assert served == [second.pk, third.pk, first.pk]
    assert claim(annotator=ada, project=cast.project) is None


def test_breadth_first_gives_every_item_once_before_any_twice(cast, rules, person, label_all):
    rules(strategy=Strategy.BREADTH)
    make_items(cast.project, 6)
    people = [person(name) for name in ("ada", "ben", "cem")]
    served = [label_all(people[turn % 3], 1)[0].item_id for turn in range(18)]
    assert len(set(served[:6])) == 6
    assert set(Counter(served).values()) == {3}


def test_depth_first_finishes_what_is_begun(cast, rules, person, label_all):
    rules(strategy=Strategy.DEPTH)
    make_items(cast.project, 6)
    people = [person(name) for name in ("ada", "ben", "cem")]
    served = [label_all(people[turn % 3], 1)[0].item_id for turn in range(18)]
    assert [len(set(served[turn : turn + 3])) for turn in range(0, 18, 3)] == [1] * 6


@pytest.mark.parametrize("strategy", [Strategy.BREADTH, Strategy.DEPTH])
def test_the_lane_follows_what_is_given_back_skipped_and_undone(cast, rules, person, strategy):
    rules(strategy=strategy)
    make_items(cast.project, 1)
    ada, ben = person("ada"), person("ben")
    step = 1 if strategy == Strategy.BREADTH else -1
    lease = claim(annotator=ada, project=cast.project)
    assert lanes() == [step]
    release(annotator=ada, assignment_id=lease.pk)
    assert lanes() == [0]
    lease = claim(annotator=ada, project=cast.project)
    submit(annotator=ada, assignment_id=lease.pk, value="keep")
    undo(annotator=ada, assignment_id=lease.pk)
    assert lanes() == [step]
    other = claim(annotator=ben, project=cast.project)
    skip(annotator=ben, assignment_id=other.pk, reason="unclear")
    assert lanes() == [step]


def test_by_priority_the_highest_number_comes_first_and_none_last(cast, rules, person, label_all):
    rules(strategy=Strategy.PRIORITY, column="urgency")
    items = make_items(cast.project, 6)
    numbers = ["3", 10, "-1.5", "soon", None, " 7 "]
    for item, number in zip(items, numbers, strict=True):
        item.extra = {} if number is None else {"urgency": number}
        item.save()
    queue_settle(project_id=cast.project.pk)
    served = [lease.item_id for lease in label_all(person("ada"))]
    wanted = [items[place].pk for place in (1, 5, 0, 2)]
    assert served[:4] == wanted
    assert set(served[4:]) == {items[3].pk, items[4].pk}


def test_stratified_serves_small_groups_as_often_as_large_ones(cast, rules, person, label_all):
    ProtectedAttribute.objects.get_or_create(project=cast.project, name="dialect", defaults={"column": "dialect"})
    rules(strategy=Strategy.STRATIFIED, column="dialect")
    items = make_items(cast.project, 120)
    for number, item in enumerate(items):
        item.groups = {"dialect": "north" if number % 6 else "south"}
        item.save()
    queue_settle(project_id=cast.project.pk)
    assert set(lanes()) == {1, 2}
    groups = Counter(lease.item.groups["dialect"] for lease in label_all(person("ada"), 30))
    assert groups["south"] >= 7  # a sixth of the items; half of what is served, give or take chance


def test_a_person_who_has_done_a_lane_gets_the_next(cast, rules, person, label_all):
    rules(strategy=Strategy.DEPTH)
    make_items(cast.project, 3)
    ada = person("ada")
    assert len({lease.item_id for lease in label_all(ada)}) == 3


def test_back_to_random_order_there_is_one_lane_again(cast, rules, person, label_all):
    made = rules(strategy=Strategy.PRIORITY, column="urgency")
    items = make_items(cast.project, 3)
    for number, item in enumerate(items):
        item.extra = {"urgency": number}
        item.save()
    queue_settle(project_id=cast.project.pk)
    assert len(set(lanes())) == 3
    made.strategy = Strategy.SHUFFLE
    lanes_settle(project_id=cast.project.pk, rules=made)
    assert lanes() == [0, 0, 0]
    assert len(label_all(person("ada"))) == 3


def test_a_settled_item_is_served_to_nobody(cast, person, label_all):
    first, second = make_items(cast.project, 2)
    with item_changes(project=cast.project, item_ids=[first.pk]) as changes:
        changes.settle(item_id=first.pk, value="keep", schema_id=cast.schema.pk, settlement_id=1)
    assert QueueEntry.objects.get(item=first).remaining == 0
    assert [lease.item_id for lease in label_all(person("ada"))] == [second.pk]
    queue_settle(project_id=cast.project.pk)
    assert QueueEntry.objects.get(item=first).remaining == 0
