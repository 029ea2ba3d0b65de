"""Items that come at random beside those that a rule chooses."""

from __future__ import annotations

import random

import pytest
from django.db import IntegrityError, transaction

from annotations.labelling import leases, places
from annotations.labelling.services import claim, submit
from annotations.models import Assignment, Item, QueueEntry, ServingRules, Strategy
from annotations.serving.services import lanes_settle, queue_settle
from fairness.selectors.chosen import chosen_view
from fairness.selectors.live import Question
from tests.factories import make_items

pytestmark = pytest.mark.django_db
ITEMS = 400


@pytest.fixture
def in_order(cast, rules, monkeypatch):
    """Muslims' items come first by priority where they are to be removed; by itself, half of either group's is."""
    monkeypatch.setattr(places, "CHANCE", random.Random(5))
    monkeypatch.setattr(leases, "randbits", random.Random(6).getrandbits)
    items = []
    for group, urgent in (("muslim", 9), ("christian", 1)):
        for number in range(ITEMS // 2):
            extra = {"urgent": urgent if number % 2 else 5}
            items += make_items(cast.project, 1, groups={"religion": group}, extra=extra)
    ring = random.Random(3)
    for item in items:
        QueueEntry.objects.filter(item=item).update(shuffle=ring.getrandbits(places.RING_BITS))

    def settle(strategy: str, share: float, column: str = "urgent") -> None:
        set_rules = rules(strategy=strategy, column=column, uniform_share=share, labels_per_minute=None)
        lanes_settle(project_id=cast.project.pk, rules=set_rules)

    return settle


def drawn() -> set[int]:
    return set(QueueEntry.objects.filter(lane=places.UNIFORM_LANE).values_list("item_id", flat=True))


def test_beside_priority_a_share_of_the_items_comes_at_random_and_says_so(cast, person, in_order):
    """By priority people remove all of the one group and none of the other; those that came at random tell that half
    of either is to be removed."""
    in_order(Strategy.PRIORITY, 0.5)
    sample = drawn()
    assert 0.43 * ITEMS < len(sample) < 0.57 * ITEMS
    ada = person("ada")
    for _ in range(200):
        lease = claim(annotator=ada, project=cast.project)
        value = "keep" if Item.objects.get(pk=lease.item_id).extra["urgent"] == 5 else "remove"
        submit(annotator=ada, assignment_id=lease.pk, value=value)
    streams = dict(Assignment.objects.values_list("item_id", "stream"))
    assert {item for item, stream in streams.items() if stream == "audit"} == sample & streams.keys()
    assert 80 <= len(sample & streams.keys()) <= 120  # half of the claims
    view = chosen_view(cast.project, Question("religion", "remove", "Remove"))
    assert (view.beside, view.unknown) == (len(sample & streams.keys()), 200 - len(sample & streams.keys()))
    rates = {group: one.value for group, one in view.uniform.rates.items()}
    assert rates == {"muslim": pytest.approx(0.5, abs=0.2), "christian": pytest.approx(0.5, abs=0.2)}
    chosen = Assignment.objects.filter(stream="chosen", annotations__value="remove")
    assert set(chosen.values_list("item__groups__religion", flat=True)) == {"muslim"}


def test_in_balance_the_lane_drawn_uniformly_is_no_group(cast, person, in_order):
    in_order(Strategy.STRATIFIED, 0.25, "religion")
    sample = drawn()
    ada = person("ada")
    served = [claim(annotator=ada, project=cast.project, holding=()).item_id]
    assert len(sample) > ITEMS / 6
    assert Assignment.objects.get().stream == ("audit" if served[0] in sample else "chosen")
    assert places._lanes_in(list(range(3)), Strategy.STRATIFIED, 1.0)[0] == places.UNIFORM_LANE
    assert places._lanes_in(list(range(3)), Strategy.STRATIFIED, 0.0)[-1] != places.UNIFORM_LANE


def test_nothing_is_lost_when_the_share_is_taken_back(cast, person, in_order, label_all):
    in_order(Strategy.PRIORITY, 0.4)
    assert len(drawn()) > 100
    ServingRules.objects.update(uniform_share=0)
    served = label_all(person("ada"), ITEMS)
    assert len(served) == ITEMS, "the lane is served to its end before it is sorted anew"
    in_order(Strategy.PRIORITY, 0.0)
    assert drawn() == set()


def test_where_nothing_is_chosen_the_share_does_nothing(cast, person, rules, in_order):
    in_order(Strategy.PRIORITY, 0.4)
    rules(strategy=Strategy.SHUFFLE, uniform_share=0.4)
    queue_settle(project_id=cast.project.pk)
    assert drawn() == set()
    claim(annotator=person("ada"), project=cast.project)
    assert Assignment.objects.get().stream == "uniform"


def test_the_database_refuses_a_share_out_of_reach(cast):
    with pytest.raises(IntegrityError, match="serving_uniform_share_in_reach"), transaction.atomic():
        ServingRules.objects.create(project=cast.project, uniform_share=0.6)
