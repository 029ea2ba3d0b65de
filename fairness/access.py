"""Audits, monitors and findings of a project as one person may see them: strangers get 404, too low a role 403."""

from __future__ import annotations

from typing import Any

from accounts.models import Role
from annotations.access import READERS, STAFF, Access, access_through, found_in
from fairness.models import Audit, AuditCandidate, Finding, Monitor, ProbeFile, ProbeSet
from ledger.errors import not_found


def audit_access(user: Any, audit_id: int, allowed: frozenset[Role] = READERS) -> tuple[Access, Audit]:
    """An audit and its project; a stranger cannot tell a missing audit from somebody else's."""
    audit = Audit.objects.select_related("probe_set").filter(pk=audit_id).first()
    access = access_through(user, audit, "The audit", allowed)
    audit.project = access.project  # type: ignore[union-attr]
    return access, audit  # type: ignore[return-value]


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
    return found_in(user, project_id, ProbeSet.objects.all(), set_id, "The probe set", allowed)


def probe_file_access(
    user: Any, project_id: int, file_id: int, allowed: frozenset[Role] = READERS
) -> tuple[Access, ProbeFile]:
    return found_in(user, project_id, ProbeFile.objects.all(), file_id, "The file", allowed)


def monitor_access(
    user: Any, project_id: int, monitor_id: int, allowed: frozenset[Role] = STAFF
) -> tuple[Access, Monitor]:
    """A monitor in force; one that was removed is not found."""
    rows = Monitor.objects.filter(removed_at__isnull=True)
    return found_in(user, project_id, rows, monitor_id, "The monitor", allowed)


def finding_access(
    user: Any, project_id: int, finding_id: int, allowed: frozenset[Role] = STAFF
) -> tuple[Access, Finding]:
    rows = Finding.objects.select_related("monitor", "annotator", "decision__made_by")
    return found_in(user, project_id, rows, finding_id, "The finding", allowed)
