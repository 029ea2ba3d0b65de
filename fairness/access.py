"""Monitors and findings of a project as one person may see them: strangers get 404, too low a role 403."""

from __future__ import annotations

from typing import Any

from accounts.models import Role
from annotations.access import STAFF, Access, project_access
from fairness.models import Finding, Monitor
from ledger.errors import not_found


def monitor_access(
    user: Any, project_id: int, monitor_id: int, allowed: frozenset[Role] = STAFF
) -> tuple[Access, Monitor]:
    """A monitor in force; one that was removed is not found."""
    access = project_access(user, project_id, allowed)
    monitor = Monitor.objects.filter(project=access.project, pk=monitor_id, removed_at__isnull=True).first()
    if monitor is None:
        raise not_found("The monitor")
    monitor.project = access.project
    return access, monitor


def finding_access(
    user: Any, project_id: int, finding_id: int, allowed: frozenset[Role] = STAFF
) -> tuple[Access, Finding]:
    access = project_access(user, project_id, allowed)
    found = Finding.objects.select_related("monitor", "annotator", "decision__made_by")
    finding = found.filter(project=access.project, pk=finding_id).first()
    if finding is None:
        raise not_found("The finding")
    finding.project = access.project
    return access, finding
