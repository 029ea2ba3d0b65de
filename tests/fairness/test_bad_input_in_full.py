"""Bad input where everything is counted: two attributes, two datasets, people, models, gold, settled and drawn items.

So slices, crossed groups and what monitors watch are all moved by whatever comes, and equal a recount afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotations.grouping.selectors import project_groups
from annotations.grouping.services import groups_count, regrouping_apply, regrouping_create
from annotations.models import Annotator, Dataset, Draw, Item, OutboxRow, ProtectedAttribute
from annotations.projects.schemas import schema_change
from annotations.projects.services import attributes_set
from annotations.services.changes import item_changes
from fairness.cells import CROSS, CROSSED_GROUPS
from fairness.models import Counter, CrossedGroup, Pulse, Slice, Watch
from fairness.monitors.evaluating import project_evaluate
from fairness.monitors.services import monitor_add
from fairness.monitors.standing import Standing, stands_of
from fairness.selectors.live import live_view
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from tests.factories import CHOICES, Cast, add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import LABELS, fresh_items
from tests.fairness.test_monitor_cells import correct
from tests.fairness.test_slices import label_at
from tests.importing.helpers import csv_bytes, update

COUNT = 24
WATCHED = [
    {"measure": "parity", "whose": "people", "label": "keep"},
    {"measure": "odds", "whose": "model", "label": "keep", "truth": "audit"},
    {"measure": "error", "whose": "people", "truth": "audit"},
    {"measure": "completeness", "whose": "people"},
]
AGES = ("19", "34", "52", "unknown")


class Rich:
    """A labelled project; ``label_on`` gives more labels, ``agree`` proves the counters."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.project = cast, cast.project
        ProtectedAttribute.objects.create(project=self.project, name="age", column="age")
        self.project.redundancy = 2  # so that two labels finish an item, as monitors ask
        self.project.save()
        self.items = fresh_items(self.project, COUNT)
        other = Dataset.objects.create(project=self.project, name="Other", created_by=cast.olivia)
        self.chance = random.Random(8)
        for number, item in enumerate(self.items):
            item.groups = {"religion": ("muslim", "muslm", "christian")[number % 3], "age": AGES[number % 4]}
            item.external_id, item.dataset = f"i{number}", other if number % 2 else item.dataset
            item.save()
            if number % 2 == 0:
                Draw.objects.create(
                    project=self.project, item=item, stream="audit", probability=0.5, drawn_at=timezone.now()
                )
        OutboxRow.objects.all().delete()
        recount(project=self.project, mend=True)
        self.watched = [
            monitor_add(project=self.project, actor=cast.olivia, values={"attribute": "religion", "tau": 0.1} | values)
            for values in WATCHED
        ]
        self.people = [make_annotator(self.project) for _ in range(4)]
        self.models = [make_annotator(self.project, kind="model") for _ in range(2)]
        self.label_on(self.people[:2], self.models)
        for number, item in enumerate(self.items):
            if number % 3 == 0:
                correct(item, "gold", LABELS[number % 2])
            elif number % 3 == 1:
                correct(item, "settle", LABELS[number % 2])
        fold_all()
        self.agree()

    def label_on(self, *annotators: list[Annotator]) -> None:
        for annotator in (one for group in annotators for one in group):
            for item in self.items:
                add_label(item, annotator, self.chance.choice(LABELS))

    def agree(self) -> None:
        """With what waits in the outbox, and after any order of batches."""
        assert recount(project=self.project) == []
        while fold_outbox(limit=self.chance.randint(1, 7)):
            pass
        assert recount(project=self.project) == []
        self.nothing_is_missing()
        self.monitors_can_be_asked()

    def monitors_can_be_asked(self) -> None:
        """Each, of what there is now; and the project is not asked for ever about the same."""
        project_evaluate(self.project.pk)
        assert Watch.objects.get(project=self.project).version >= Pulse.objects.get(project=self.project).version - 1
        for monitor in self.watched:
            monitor.refresh_from_db()
        standings = {one.standing for one in stands_of(self.project, self.watched).values()}
        assert standings
        assert not standings & {Standing.FAILED, Standing.NO_LABELS}

    def nothing_is_missing(self) -> None:
        """Every kind of counter is there, so that nothing is equal for want of numbers."""
        known = Counter.objects.filter(project=self.project, n__gt=0)
        kinds = {table.partition(":")[0] for table in known.values_list("table", flat=True)}
        # "deeper" is there only while an item has more labels than it needs.
        assert kinds - {"deeper"} == {
            "people", "model", "decided", "pair", "totals", "agreed", "both", "beside", "concluded", "places", "gold",
            "settled", "audit", "waits",
        }  # fmt: skip
        slices = Slice.objects.filter(project=self.project, n__gt=0)
        assert slices.filter(attribute__contains=CROSS).exists()
        assert slices.values("dataset").distinct().count() == 2

    def groups(self, attribute: str) -> list[str | None]:
        return [groups.get(attribute) for groups in self.project.items.order_by("pk").values_list("groups", flat=True)]

    def regroup(self, attribute: str, kind: str, rules: dict[str, Any]) -> int:
        made = regrouping_create(
            project=self.project, actor=self.cast.olivia, attribute=attribute, kind=kind, rules=rules
        )
        return regrouping_apply(regrouping_id=made.pk)

    def n(self, **names: str) -> int:
        return sum(Counter.objects.filter(project=self.project, **names).values_list("n", flat=True))


@pytest.fixture
def rich(cast) -> Rich:
    return Rich(cast)


def missing(rich: Rich) -> None:
    """Half the items lose one attribute, some lose both."""
    for number, item in enumerate(rich.items[::2]):
        _regrouped(item, {} if number % 2 else {"religion": item.groups["religion"]})
    rich.label_on(rich.people[2:3])
    rich.agree()
    assert rich.n(table="people", attribute="age", key="keep") < rich.n(table="people", attribute="", key="keep")
    assert rich.n(table="totals", key="items") == COUNT


def misspelt_group(rich: Rich) -> None:
    assert rich.regroup("religion", "merge", {"values": {"muslm": "muslim"}}) == COUNT // 3
    rich.label_on(rich.people[2:3])
    rich.agree()
    assert rich.n(attribute="religion", group="muslm") == 0
    crossed = Slice.objects.filter(project=rich.project, attribute__contains=CROSS, group__contains="muslm")
    assert sum(crossed.values_list("n", flat=True)) == 0


def misspelt_attribute(rich: Rich) -> None:
    """Groups that came under another name are taken over; an item that has both keeps what it has."""
    for item in rich.items[:10]:
        _regrouped(item, {"relgion": item.groups["religion"], "age": item.groups["age"]})
    _regrouped(rich.items[10], {**rich.items[10].groups, "relgion": "hindu"})
    fold_outbox(limit=5)
    assert rich.regroup("religion", "rename", {"from": "relgion"}) == 10
    rich.label_on(rich.people[2:3])
    rich.agree()
    assert None not in rich.groups("religion")


def two_hundred_values(rich: Rich) -> None:
    """All are counted; crossed are the first, the others together; merged, they are few again."""
    more = fresh_items(rich.project, 200)
    fold_all()
    for number, item in enumerate(more):
        _regrouped(item, {"religion": f"value {number:03}", "age": AGES[number % 4]})
    rich.items = more
    rich.label_on(rich.people[2:3], rich.models[:1])
    rich.agree()
    assert len(live_view(rich.project).people.counts) == 203
    assert CrossedGroup.objects.filter(project=rich.project, attribute="religion").count() == CROSSED_GROUPS
    groups_count(project_id=rich.project.pk)
    shown = next(one for one in project_groups(rich.project).attributes if one.name == "religion")
    assert len(shown.groups) == 203
    merged = {f"value {number:03}": "rare" for number in range(200)}
    assert rich.regroup("religion", "merge", {"values": merged}) == 200
    rich.agree()
    assert len(live_view(rich.project).people.counts) == 4


def numeric(rich: Rich) -> None:
    assert rich.regroup("age", "bins", {"edges": [30]}) == COUNT * 3 // 4
    rich.label_on(rich.people[2:3])
    fold_outbox(limit=9)
    rich.regroup("age", "bins", {"edges": [40]})
    rich.agree()
    assert set(rich.groups("age")) == {"below 40", "40 and above", "unknown"}


def changed_attributes(rich: Rich) -> None:
    """An attribute is taken out, another put in, and the first comes back, while people label on."""
    owner = rich.cast.olivia
    attributes_set(project=rich.project, actor=owner, attributes=[{"name": "age"}])
    rich.label_on(rich.people[2:3])
    rich.agree()
    attributes_set(project=rich.project, actor=owner, attributes=[{"name": "origin"}, {"name": "religion"}])
    for item in rich.items[:5]:
        _regrouped(item, {**item.groups, "origin": "north"})
    rich.label_on(rich.people[3:])
    rich.agree()
    assert sum(count.n for count in live_view(rich.project, attribute="religion").people.counts.values()) == 4 * COUNT


def new_labels(rich: Rich) -> None:
    """Another version of the labels in the middle of it, with outbox rows of both waiting."""
    rich.label_on(rich.people[2:3])
    fold_outbox(limit=10)
    unsure = {"key": "unsure", "name": "Unsure", "description": "", "shortcut": ""}
    config = {"labels": [*CHOICES["labels"], unsure]}
    asked = {"task_type": "single_choice", "config": config, "guidelines": "Anew."}
    schema_change(project=rich.project, actor=rich.cast.olivia, schema=asked, expected_version=1)
    for annotator in (rich.people[3], make_annotator(rich.project, kind="model")):
        for item in rich.items:
            add_label(item, annotator, "unsure")
    correct(rich.items[2], "gold", "unsure")
    rich.agree()
    assert rich.n(table="people", attribute="", key="unsure") == COUNT
    assert rich.n(table__startswith="gold:", attribute="", key="unsure") > 0


def wrong_clocks(rich: Rich) -> None:
    """Labels from years ago and from days to come, told by outbox rows in another order of time."""
    for number, item in enumerate(rich.items):
        label_at(item, rich.people[2], "keep", hours=900 * (number - 5))
        told = timezone.now() + timedelta(days=number * 40 - 500)
        OutboxRow.objects.filter(item_id=item.pk).update(created_at=told)
    rich.agree()
    people = Slice.objects.filter(project=rich.project, attribute="", table="people", key="keep")
    assert people.filter(n__gt=0).values("hour").distinct().count() > COUNT


def out_of_order(rich: Rich) -> None:
    """Changes of different items are folded in any order, also groups that are met for the first time."""
    for number, item in enumerate(rich.items):
        item.refresh_from_db()
        _regrouped(item, {"religion": f"group {number}", "age": item.groups["age"]})
    moved = list(OutboxRow.objects.order_by("pk").values_list("pk", flat=True))
    rich.chance.shuffle(moved)
    for place, pk in enumerate(moved, start=1):
        OutboxRow.objects.filter(pk=pk).update(id=max(moved) + place)
    rich.agree()


CASES: list[Callable[[Rich], None]] = [
    missing, misspelt_group, misspelt_attribute, two_hundred_values, numeric, changed_attributes, new_labels,
    wrong_clocks, out_of_order,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_whatever_comes_all_counters_equal_a_recount(rich, case):
    case(rich)


def test_one_after_the_other(rich):
    """What one has left is what the next one finds."""
    assert rich.regroup("religion", "merge", {"values": {"muslm": "muslim"}})
    for case in (numeric, out_of_order, missing_again):
        case(rich)


def missing_again(rich: Rich) -> None:
    for item in rich.items[::3]:
        item.refresh_from_db()
        _regrouped(item, {"age": item.groups["age"]})
    rich.agree()


@pytest.mark.django_db(transaction=True)  # imports hold locks on connections of their own
def test_a_group_that_is_corrected_later_moves_all_that_is_counted_of_its_item(rich):
    """By a file, after labels, gold and settlements; half of it before the fold has seen the labels."""
    rich.label_on(rich.people[2:3])
    fold_outbox(limit=11)
    lines = [f"i{number},{'hindu' if number % 2 else 'muslim'},{20 + number}" for number in range(COUNT)]
    mapping = {"external_id": "id", "groups": {"religion": "religion", "age": "age"}}
    job = update(rich.cast, csv_bytes("id,religion,age", *lines), mapping)
    assert (job.status, job.items_corrected) == ("done", COUNT)
    rich.agree()
    assert set(rich.groups("religion")) == {"hindu", "muslim"}
    assert rich.n(attribute="religion", group="christian") == 0


def _regrouped(item: Item, groups: dict[str, str]) -> None:
    """As an update by a file does it."""
    with item_changes(project=item.project, item_ids=[item.pk]) as changes:
        item.groups = groups
        item.save(update_fields=["groups"])
        changes.correct(item_id=item.pk, groups=groups, gold=item.gold)
