"""Draft, active, paused, closed; and joining an open project."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Membership
from annotations.models import Assignment, ProjectStatus, Run
from annotations.projects.status import TRANSITIONS, project_join, project_set_status, status_warnings
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import make_annotator, make_items, make_user


@pytest.mark.parametrize("before", ProjectStatus.values)
@pytest.mark.parametrize("after", ProjectStatus.values)
def test_only_these_statuses_follow_each_other(cast, before, after):
    cast.project.status = before
    cast.project.save()
    if before == after or after in TRANSITIONS[before]:
        assert project_set_status(project=cast.project, actor=cast.olivia, status=after).status == after
        events = list(LedgerEvent.objects.values_list("kind", "data"))
        changed = [("project.status_changed", {"before": before, "after": after})]
        assert events == ([] if before == after else changed)
    else:
        with pytest.raises(DomainError) as refused:
            project_set_status(project=cast.project, actor=cast.olivia, status=after)
        assert (refused.value.code, refused.value.status) == ("status_cannot_follow", 409)


def test_an_unknown_status_is_refused(cast):
    with pytest.raises(DomainError, match="draft, active, paused, closed"):
        project_set_status(project=cast.project, actor=cast.olivia, status="frozen")


def test_a_project_closes_only_when_nobody_holds_an_item(cast):
    (item,) = make_items(cast.project)
    now = timezone.now()
    lease = Assignment.objects.create(
        project=cast.project,
        item=item,
        annotator=make_annotator(cast.project),
        schema=cast.schema,
        leased_at=now,
        expires_at=now,
    )
    with pytest.raises(DomainError, match="1 item is being labelled"):
        project_set_status(project=cast.project, actor=cast.olivia, status="closed")
    Assignment.objects.filter(pk=lease.pk).update(status="submitted")
    assert project_set_status(project=cast.project, actor=cast.olivia, status="closed").status == "closed"


def test_a_project_closes_only_when_no_run_is_unfinished(cast):
    run = Run.objects.create(
        project=cast.project,
        annotator=make_annotator(cast.project, kind="model"),
        schema=cast.schema,
        status="paused",
        started_by=cast.olivia,
    )
    with pytest.raises(DomainError, match=f"Model run {run.pk} is not finished"):
        project_set_status(project=cast.project, actor=cast.olivia, status="closed")


def obstacles(project) -> list[str]:
    return [warning for warning in status_warnings(project) if "checklist" not in warning]


def test_an_active_project_without_items_or_people_warns(cast):
    assert len(obstacles(cast.project)) == 1
    Membership.objects.filter(role="worker").delete()
    assert len(obstacles(cast.project)) == 2
    make_items(cast.project)
    cast.project.is_open = True
    assert obstacles(cast.project) == []


def test_anyone_may_join_an_open_active_project_once(cast):
    cast.project.is_open = True
    cast.project.save()
    membership, created = project_join(project=cast.project, user=cast.stan)
    assert (membership.role, created) == ("worker", True)
    assert project_join(project=cast.project, user=cast.stan) == (membership, False)
    assert project_join(project=cast.project, user=cast.edgar)[0].role == "expert"
    event = LedgerEvent.objects.get(kind="member.joined")
    assert (event.subject, event.data) == (f"user:{cast.stan.pk}", {"role": "worker", "how": "open"})


@pytest.mark.parametrize("fields", [{"is_open": False}, {"status": "paused"}, {"status": "closed"}])
def test_a_door_that_is_shut_stays_shut(cast, fields):
    for name, value in ({"is_open": True} | fields).items():
        setattr(cast.project, name, value)
    cast.project.save()
    with pytest.raises(DomainError) as refused:
        project_join(project=cast.project, user=make_user("late"))
    assert (refused.value.code, refused.value.status) == ("not_open", 409)
