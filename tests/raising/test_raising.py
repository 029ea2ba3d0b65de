"""More labels for the items of one group: what it takes, what follows, and how it is undone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotations.grouping.services import groups_count
from annotations.models import Assignment, GroupDemand, Item, OutboxRow, QueueEntry, ServingRules
from annotations.projects.demand import demand_follow
from annotations.projects.services import project_update
from annotations.raising.rules import more_for
from annotations.raising.selectors import is_group, toll_of
from annotations.raising.services import MOST, group_raise, group_raise_end
from annotations.raising.words import toll_words
from annotations.services.changes import item_changes
from fairness.models import Counter
from fairness.services.recount import recount
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import Cast, add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.importing.helpers import csv_bytes, take

pytestmark = pytest.mark.django_db


def items_of(cast: Cast, group: str, count: int = 3):
    return fresh_items(cast.project, count, groups={"religion": group})


def raised(cast: Cast, group: str = "muslim", more: int = 2, **facts) -> GroupDemand:
    facts = {"attribute": "religion"} | facts
    made = group_raise(project=cast.project, actor=cast.olivia, group=group, more=more, **facts)
    demand_follow(project_id=cast.project.pk)
    return made


def asked(items) -> list[tuple[int, int]]:
    rows = QueueEntry.objects.filter(item__in=items).order_by("item_id")
    return list(rows.values_list("redundancy", "remaining"))


def assert_whole(cast: Cast) -> None:
    """What counters were told is a chain without a gap, and equal to a recount."""
    for item_id in OutboxRow.objects.filter(item_id__isnull=False).values_list("item_id", flat=True).distinct():
        rows = list(OutboxRow.objects.filter(item_id=item_id).order_by("pk"))
        assert all(one.after == other.before for one, other in pairwise(rows))
    fold_all()
    assert recount(project=cast.project) == []


def test_of_several_groups_the_largest_counts():
    rules = [("religion", "none", 1), ("gender", "woman", 3)]
    assert more_for({"religion": "none", "gender": "woman"}, rules) == 3
    assert more_for({"religion": "none"}, rules) == 1
    assert more_for({"religion": "other", "gender": ""}, rules) == 0


def test_items_of_the_group_get_more_places_and_others_do_not(cast):
    own, others = items_of(cast, "muslim"), items_of(cast, "christian")
    add_label(own[0], make_annotator(cast.project), "keep")
    raised(cast)
    assert asked(own) == [(5, 4), (5, 5), (5, 5)]
    assert asked(others) == [(3, 3)] * 3
    assert_whole(cast)


def test_it_is_undone_and_labels_that_were_given_stay(cast):
    (item,) = items_of(cast, "muslim", 1)
    demand = raised(cast)
    for _ in range(4):
        add_label(item, make_annotator(cast.project), "keep")
    for _twice in range(2):
        group_raise_end(demand=demand, actor=cast.olivia)
    demand_follow(project_id=cast.project.pk)
    assert asked([item]) == [(3, 0)]
    assert item.annotations.count() == 4
    assert_whole(cast)
    kinds = list(LedgerEvent.objects.filter(kind__startswith="demand.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["demand.raised", "demand.raise_ended"]
    raised(cast, more=1)  # and it may be asked for again
    assert asked([item]) == [(4, 0)]


def test_an_item_that_is_labelled_before_the_walk_follows_at_once(cast):
    (item,) = items_of(cast, "muslim", 1)
    group_raise(project=cast.project, actor=cast.olivia, attribute="religion", group="muslim", more=1)
    add_label(item, make_annotator(cast.project), "keep")
    assert asked([item]) == [(4, 3)]
    demand_follow(project_id=cast.project.pk)
    assert asked([item]) == [(4, 3)]
    assert_whole(cast)


@pytest.mark.django_db(transaction=True)
def test_new_items_and_items_whose_group_is_corrected_follow(cast):
    (first,) = items_of(cast, "muslim", 1)
    raised(cast)
    job = take(cast, csv_bytes("text,id,religion", "one,1,muslim", "two,2,christian"))
    assert job.status == "done", job.status
    rows = QueueEntry.objects.filter(project=cast.project).exclude(item=first).order_by("item_id")
    assert list(rows.values_list("item__groups__religion", "redundancy", "remaining")) == [
        ("muslim", 5, 5), ("christian", 3, 3),
    ]  # fmt: skip
    item = rows.last().item
    with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
        item.groups = {"religion": "muslim"}
        item.save(update_fields=["groups"])
        changes.correct(item_id=item.pk, groups=item.groups, gold=None)
    assert asked([item]) == [(5, 5)]
    assert_whole(cast)


def cells(cast: Cast, table: str, group: str = "muslim") -> dict[str, int]:
    fold_all()
    rows = Counter.objects.filter(project=cast.project, attribute="religion", table=table, group=group, n__gt=0)
    return dict(rows.values_list("key", "n"))


def test_a_group_that_gets_more_is_not_behind_and_its_consensus_stays(cast):
    """Full groups stay full and agreed while the labels on top come in, and whether they come at all."""
    items = items_of(cast, "muslim", 2)
    for item in items:
        Item.objects.filter(pk=item.pk).update(gold="keep")
        with item_changes(project=cast.project, item_ids=[item.pk]) as changes:
            changes.correct(item_id=item.pk, groups=item.groups, gold="keep")
        for _ in range(3):
            add_label(item, make_annotator(cast.project), "keep")
    tables = ("places", "agreed", "concluded", "gold:agreed", "gold:decided")
    before = {table: cells(cast, table) for table in tables}
    assert before["places"] == {"needed": 6, "given": 6}
    assert before["agreed"] == {"keep": 2}
    raised(cast)
    assert asked(items) == [(5, 2), (5, 2)]
    assert {table: cells(cast, table) for table in tables} == before
    add_label(items[0], make_annotator(cast.project), "keep")
    assert {table: cells(cast, table) for table in tables} == before
    totals = Counter.objects.filter(project=cast.project, table="totals")
    assert dict(totals.values_list("key", "n"))["labels_needed"] == 10, "what is left to do is told as it is"
    assert_whole(cast)


@pytest.mark.parametrize("votes", ["kkk", "krk", "krkr", "krkrk", "kkkkk"])
def test_what_groups_add_is_told_apart_from_what_doubt_asks_for(cast, votes):
    """Two items with the same votes count as equally far, whether or not the one's group gets more."""
    ServingRules.objects.create(project=cast.project, max_labels=7, tau=0.99)
    own, other = items_of(cast, "muslim", 1)[0], items_of(cast, "christian", 1)[0]
    raised(cast, more=2)
    for item in (own, other):
        for vote in votes:
            add_label(item, make_annotator(cast.project), "keep" if vote == "k" else "remove")
    assert cells(cast, "places") == cells(cast, "places", "christian")
    assert cells(cast, "agreed") == cells(cast, "agreed", "christian")
    assert_whole(cast)


def test_items_set_aside_or_settled_ask_for_nothing(cast):
    aside, other = items_of(cast, "muslim", 2)
    with item_changes(project=cast.project, item_ids=[aside.pk]) as changes:
        changes.set_aside(item_id=aside.pk, aside=True)
    raised(cast)
    entry = QueueEntry.objects.get(item=aside)
    assert (entry.redundancy + entry.extra, entry.remaining) == (0, 0)
    assert asked([other]) == [(5, 5)]


def test_with_adaptive_redundancy_it_is_the_least_and_never_above_the_most_that_is_more(cast):
    ServingRules.objects.create(project=cast.project, max_labels=4, tau=0.9999)
    own, other = items_of(cast, "muslim", 1)[0], items_of(cast, "christian", 1)[0]
    raised(cast)
    for item, count in ((own, 5), (other, 3)):
        for number in range(count):
            add_label(item, make_annotator(cast.project), "keep" if number % 2 else "remove")
    entries = [QueueEntry.objects.get(item=item) for item in (own, other)]
    assert [(one.redundancy, one.extra) for one in entries] == [(5, 0), (3, 1)]


def test_the_project_may_ask_for_another_number_meanwhile(cast):
    own, other = items_of(cast, "muslim", 1)[0], items_of(cast, "christian", 1)[0]
    raised(cast, more=1)
    project_update(project=cast.project, actor=cast.olivia, redundancy=5)
    demand_follow(project_id=cast.project.pk)
    assert asked([own, other]) == [(6, 6), (5, 5)]
    assert_whole(cast)


def test_places_are_given_out(cast, api):
    (item,) = items_of(cast, "muslim", 1)
    raised(cast, more=1)
    client = api(cast.wanda)
    lease = client.post(f"/api/v1/projects/{cast.project.pk}/next/").json()
    assert lease["item"]["id"] == item.pk if isinstance(lease.get("item"), dict) else True
    assert Assignment.objects.filter(item=item, status="leased").count() == 1
    assert asked([item]) == [(4, 3)]


def test_what_it_takes_is_said_before(cast):
    items_of(cast, "muslim", 6)
    assert "have not been counted" in toll_words(toll_of(cast.project, attribute="religion", group="muslim", more=2))
    groups_count(project_id=cast.project.pk)
    cast.project.wage_per_hour, cast.project.expected_seconds = 12, 30
    toll = toll_of(cast.project, attribute="religion", group="muslim", more=2)
    assert (toll.items, toll.labels, toll.hours, toll.cost) == (6, 12, 0.1, pytest.approx(1.2))
    assert toll_words(toll) == "At most 12 labels for 6 items, about 0.1 hours of work, 1.20 EUR."
    cast.project.wage_per_hour = 0
    assert toll_words(toll_of(cast.project, attribute="religion", group="muslim", more=2)).endswith("unpaid.")
    assert toll_of(cast.project, attribute="religion", group="nobody", more=2).items == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"attribute": "shoe size"}, "attribute"),
        ({"group": " "}, "group"),
        ({"group": "muslm"}, "group"),
        ({"more": 0}, "more"),
        ({"more": 11}, "more"),
    ],
)
def test_what_makes_no_sense_is_refused(cast, wrong, field):
    items_of(cast, "muslim", 1)
    facts = {"attribute": "religion", "group": "muslim", "more": 1} | wrong
    with pytest.raises(DomainError) as refusal:
        group_raise(project=cast.project, actor=cast.olivia, **facts)
    assert field in refusal.value.fields
    assert not GroupDemand.objects.exists()


@pytest.mark.parametrize("counted", ["never", "before", "after"])
def test_a_group_is_known_by_the_last_count_or_by_the_items(cast, counted):
    if counted == "before":
        groups_count(project_id=cast.project.pk)
    items_of(cast, "muslim", 1)
    if counted == "after":
        groups_count(project_id=cast.project.pk)
    assert is_group(cast.project, "religion", "muslim")
    assert not is_group(cast.project, "religion", "muslm")
    assert not is_group(cast.project, "origin", "muslim")


def test_once_for_each_group_and_for_few_groups(cast):
    for group in ("muslim", "one more", *(f"g{number}" for number in range(MOST))):
        items_of(cast, group, 1)
    raised(cast)
    with pytest.raises(DomainError, match="gets more labels already"):
        raised(cast)
    for number in range(MOST - 1):
        group_raise(project=cast.project, actor=cast.olivia, attribute="religion", group=f"g{number}", more=1)
    with pytest.raises(DomainError, match="At most 20 groups"):
        raised(cast, group="one more")


def test_a_closed_project_refuses(cast):
    items_of(cast, "muslim", 1)
    demand = raised(cast)
    cast.project.status = "closed"
    cast.project.save(update_fields=["status"])
    for attempt in (lambda: raised(cast, group="none"), lambda: group_raise_end(demand=demand, actor=cast.olivia)):
        with pytest.raises(DomainError, match="closed"):
            attempt()


def test_the_database_holds_it(cast):
    items_of(cast, "muslim", 1)
    demand = raised(cast)
    for name, values in {
        "group_demand_in_reach": {"more": 0},
        "group_demand_names_a_group": {"group": ""},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            GroupDemand.objects.filter(pk=demand.pk).update(**values)
    again = GroupDemand.objects.get(pk=demand.pk)
    again.pk = None
    with pytest.raises(IntegrityError, match="group_demand_once_per_group"), transaction.atomic():
        again.save()


def test_by_page(cast, page_client):
    items_of(cast, "muslim", 6)
    groups_count(project_id=cast.project.pk)
    client, address = page_client(cast.olivia), reverse("project_setting_more", args=[cast.project.pk])
    fields = {"attribute": "religion", "group": "muslim", "more": "2"}
    assert "At most 12 labels for 6 items" in client.get(address, fields).content.decode()
    assert not GroupDemand.objects.exists(), "looking changes nothing"
    assert client.post(address, fields).status_code == 302
    assert client.post(address, fields).status_code == 422
    demand = GroupDemand.objects.get()
    text = client.get(address).content.decode()
    end = reverse("project_setting_more_end", args=[cast.project.pk, demand.pk])
    assert "2 labels more" in text
    assert end in text
    assert client.post(end).status_code == 302
    assert "All groups get the same" in client.get(address).content.decode()


def test_auditors_see_which_groups_get_more_and_ask_for_nothing(cast, page_client):
    items_of(cast, "muslim")
    demand = raised(cast)
    client, address = page_client(cast.audrey), reverse("project_setting_more", args=[cast.project.pk])
    text = client.get(address, {"attribute": "religion", "group": "muslim", "more": "2"}).content.decode()
    assert "2 labels more" in text
    assert '<form class="' not in text
    assert reverse("project_setting_more_end", args=[cast.project.pk, demand.pk]) not in text
    assert reverse("project_settings", args=[cast.project.pk]) not in text, "no tab leads where they may not go"
    assert client.post(address, {"attribute": "religion", "group": "jewish", "more": "1"}).status_code == 403
    assert page_client(cast.edgar).get(address).status_code == 403
    dashboard = reverse("fairness", args=[cast.project.pk])
    assert address in client.get(dashboard).content.decode()
    assert address not in page_client(cast.edgar).get(dashboard).content.decode()


def test_by_rest(cast, api):
    items_of(cast, "muslim", 6)
    groups_count(project_id=cast.project.pk)
    client, address = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}/more-labels/"
    fields = {"attribute": "religion", "group": "muslim", "more": 2}
    assert client.get(f"{address}toll/", fields).json()["labels"] == 12
    assert client.get(f"{address}toll/", fields | {"more": 99}).status_code == 400
    made = client.post(address, fields, format="json")
    assert (made.status_code, made.json()["more"]) == (201, 2)
    assert client.post(address, fields, format="json").status_code == 409
    assert [row["id"] for row in api(cast.audrey).get(address).json()] == [made.json()["id"]]
    assert client.delete(f"{address}{made.json()['id']}/").status_code == 204
    assert client.get(address).json() == []
    assert client.delete(f"{address}{made.json()['id'] + 99}/").status_code == 404
