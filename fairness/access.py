"""Audits, monitors and findings of a project as one person may see them: strangers get 404, too low a role 403."""

from __future__ import annotations

from typing import Any

from accounts.models import Role
from annotations.access import READERS, STAFF, Access, project_access
from fairness.models import Audit, AuditCandidate, Finding, Monitor, ProbeFile, ProbeSet
from ledger.errors import DomainError, not_found


def audit_access(user: Any, audit_id: int, allowed: frozenset[Role] = READERS) -> tuple[Access, Audit]:
    """An audit and its project; a stranger cannot tell a missing audit from somebody else's."""
    audit = Audit.objects.select_related("probe_set").filter(pk=audit_id).first()
    if audit is None:
        raise not_found("The audit")
    try:
        access = project_access(user, audit.project_id, allowed)
    except DomainError as error:
        raise not_found("The audit") if error.status == 404 else error from None
    audit.project = access.project
    return access, audit


def candidate_of(audit: Audit, candidate_id: int) -> AuditCandidate:
    """A candidate of an audit that was found through ``audit_access``."""
    found = AuditCandidate.objects.filter(audit=audit, pk=candidate_id).first()
    if found is None:
        raise not_found("The candidate")
    found.audit = audit
    return found


def probe_set_access(
    user: Any, project_id: int, set_id: int, allowed: frozenset[Role] = READERS
) -> tuple[Access, ProbeSet]:
    access = project_access(user, project_id, allowed)
    found = ProbeSet.objects.filter(project=access.project, pk=set_id).first()
    if found is None:
        raise not_found("The probe set")
    return access, found


def probe_file_access(
    user: Any, project_id: int, file_id: int, allowed: frozenset[Role] = READERS
) -> tuple[Access, ProbeFile]:
    access = project_access(user, project_id, allowed)
    found = ProbeFile.objects.filter(project=access.project, pk=file_id).first()
    if found is None:
        raise not_found("The file")
    found.project = access.project
    return access, found


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
