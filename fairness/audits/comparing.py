"""One audit beside an earlier one of the same model over the same probes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from fairness.audits.measuring import MEASURES, worst
from fairness.metrics import mover_difference
from fairness.models import AuditCandidate, CandidateStatus

QUALITIES = ("accuracy", "macro_f1", "calibration_error", "order_sensitivity", "unanswered")
MOVED = """
SELECT now.id, now.value IS DISTINCT FROM before.value
FROM fairness_auditanswer now JOIN fairness_auditanswer before ON before.probe_id = now.probe_id
WHERE now.candidate_id = %s AND before.candidate_id = %s
"""


def previous_of(candidate: AuditCandidate) -> AuditCandidate | None:
    """The latest earlier measurement over the same set: of the same model asked by the same prompt (whatever their
    versions), else of another adapter, quantization or prompt of the same base model."""
    earlier = AuditCandidate.objects.filter(
        audit__project_id=candidate.audit.project_id,
        audit__probe_set_id=candidate.audit.probe_set_id,
        audit_id__lt=candidate.audit_id,
        status=CandidateStatus.DONE,
    ).select_related("audit")
    same = earlier.filter(model=candidate.model, prompt=candidate.prompt).order_by("-audit_id").first()
    base = candidate.facts.get("base") or candidate.name
    return (
        same
        or earlier.filter(name=candidate.name, prompt=candidate.prompt).order_by("-audit_id").first()
        or earlier.filter(facts__base=base, prompt=candidate.prompt).order_by("-audit_id", "position").first()
    )


def change_since(candidate: AuditCandidate, results: Mapping[str, Any]) -> dict[str, Any] | None:
    """How each headline figure moved since ``previous_of``; None where there is nothing to compare with.

    ``{"audit", "candidate", "name", "compared", "moved", "figures": {name: {"before", "now", "difference", "low",
    "high"}}}``; a disparity also has the ``attribute`` that it is of and ``attribute_before``. ``moved`` of
    ``compared`` probes got another label; disparities computed by another method are left out.
    Intervals take the two audits for independent, which, over the same probes, makes them too wide rather than too
    narrow.
    """
    before = previous_of(candidate)
    if before is None or not before.results:
        return None
    compared = _compared(candidate.pk, before.pk)
    pairs = {name: (before.results["overall"][name], results["overall"][name]) for name in QUALITIES}
    alike = [side.get("consistency", {}).get("overall") for side in (before.results, results)]
    pairs["consistency"] = (alike[0], alike[1])
    if before.results.get("method") == results["method"]:
        pairs |= {name: (worst(before.results, name), worst(results, name)) for name in MEASURES}
    return {
        "audit": before.audit_id,
        "candidate": before.pk,
        "name": before.label,
        "compared": len(compared),
        "moved": sum(compared.values()),
        "figures": {name: change for name, (one, two) in pairs.items() if (change := _change(one, two)) is not None},
    }


def compared_ids(candidate: AuditCandidate, *, moved: bool) -> set[int]:
    """Ids of the answers to probes that the stored change compares; ``moved``: of those that got another label."""
    change = candidate.figures.get("change")
    if not change:
        return set()
    compared = _compared(candidate.pk, change["candidate"])
    return {pk for pk, is_other in compared.items() if is_other or not moved}


def _compared(candidate_id: int, before_id: int) -> dict[int, bool]:
    """Answer id → whether it is another than to the same probe then; a few thousand at most."""
    with connection.cursor() as cursor:
        cursor.execute(MOVED, [candidate_id, before_id])
        return dict(cursor.fetchall())


def _change(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if before is None or now is None or before["value"] is None or now["value"] is None:
        return None
    low = high = None
    if None not in (before["low"], now["low"]):
        one, two = ((side["value"], side["low"], side["high"]) for side in (now, before))
        low, high = mover_difference(one, two)
    difference = now["value"] - before["value"]
    found = {"before": before["value"], "now": now["value"], "difference": difference, "low": low, "high": high}
    if "attribute" in now:
        found |= {"attribute_before": before["attribute"], "attribute": now["attribute"]}
    return found
