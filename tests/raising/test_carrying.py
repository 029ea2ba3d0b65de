"""Groups that get more labels when the project's groups change."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from annotations.grouping.services import groups_count, regrouping_apply, regrouping_create
from annotations.models import GroupDemand, GroupSurvey, Project
from ledger.models import LedgerEvent
from tests.factories import Cast
from tests.raising.test_raising import asked, assert_whole, items_of, raised

pytestmark = pytest.mark.django_db


def regroup(cast: Cast, kind: str, rules: dict[str, Any], attribute: str = "religion") -> None:
    made = regrouping_create(project=cast.project, actor=cast.olivia, attribute=attribute, kind=kind, rules=rules)
    regrouping_apply(regrouping_id=made.pk)


def in_force(cast: Cast) -> list[tuple[str, str]]:
    found = GroupDemand.objects.filter(project=cast.project, ended_at__isnull=True)
    return list(found.values_list("attribute", "group"))


def kinds() -> list[str]:
    return list(LedgerEvent.objects.filter(kind__startswith="demand.").order_by("id").values_list("kind", flat=True))


def test_a_group_that_gets_another_name_goes_on_getting_more(cast):
    items = items_of(cast, "muslm")
    items_of(cast, "none")
    groups_count(project_id=cast.project.pk)
    raised(cast, "muslm")
    regroup(cast, "merge", {"values": {"muslm": "muslim"}})
    assert in_force(cast) == [("religion", "muslim")]
    assert asked(items) == [(5, 5)] * 3
    assert kinds() == ["demand.raised", "demand.raise_carried"]
    assert_whole(cast)
    assert Project.objects.get(pk=cast.project.pk).demand_changed_at is None


@pytest.mark.parametrize("group", ["muslm", "muslim"])
def test_a_group_that_is_merged_with_another_gets_no_more_and_the_page_says_so(cast, page_client, group):
    """Of the misspelt group as of the one that takes it in: neither is of the same items any more."""
    items = [*items_of(cast, "muslm"), *items_of(cast, "muslim")]
    groups_count(project_id=cast.project.pk)
    raised(cast, group)
    regroup(cast, "merge", {"values": {"muslm": "muslim"}})
    assert in_force(cast) == []
    assert {redundancy for redundancy, _left in asked(items)} == {3}
    assert kinds() == ["demand.raised", "demand.raise_ended"]
    assert_whole(cast)
    text = page_client(cast.olivia).get(reverse("project_setting_more", args=[cast.project.pk])).content.decode()
    assert "none has the same items any more" in text
    assert f"religion: {group}" in text


def test_a_group_that_the_change_does_not_touch_stays(cast):
    items_of(cast, "muslim")
    items_of(cast, "jew")
    raised(cast)
    regroup(cast, "merge", {"values": {"jew": "jewish"}})  # and the groups were never counted
    assert in_force(cast) == [("religion", "muslim")]
    assert kinds() == ["demand.raised"]


def test_without_a_count_of_before_it_is_not_known_what_a_group_was(cast):
    items_of(cast, "muslm")
    raised(cast, "muslm")
    regroup(cast, "merge", {"values": {"muslm": "muslim"}})
    assert in_force(cast) == []
    assert GroupSurvey.objects.filter(project=cast.project).exists(), "but from now on it is"


def test_a_group_of_an_attribute_that_is_taken_over_goes_with_it(cast):
    cast.project.attributes.create(name="relgion", column="relgion")
    items = items_of(cast, "muslim")
    for item in items:
        item.groups = {"relgion": "muslim"}
        item.save(update_fields=["groups"])
    groups_count(project_id=cast.project.pk)
    raised(cast, "muslim", attribute="relgion")
    regroup(cast, "rename", {"from": "relgion"})
    assert in_force(cast) == [("religion", "muslim")]


def test_other_bins_end_it_and_the_same_do_not(cast):
    for age in ("20", "30", "50"):
        items_of(cast, age, 1)
    regroup(cast, "bins", {"edges": [25, 40]})
    names = sorted({item.groups["religion"] for item in cast.project.items.all()})
    assert len(names) == 3
    lowest = cast.project.items.order_by("pk")[0].groups["religion"]
    middle = cast.project.items.order_by("pk")[1].groups["religion"]
    raised(cast, lowest)
    raised(cast, middle)
    regroup(cast, "bins", {"edges": [25, 60]})
    assert in_force(cast) == [("religion", lowest)]
