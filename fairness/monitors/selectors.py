"""Reading monitors and findings for pages and the API."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from annotations.models import Annotator, Project
from fairness.models import Finding, Monitor
from fairness.monitors.evaluating import label_names
from fairness.monitors.measures import TRUE_POSITIVE, Verdict, labels_in
from fairness.monitors.models import Measure
from fairness.monitors.naming import groups_by_attribute, may_be_named
from fairness.monitors.promising import unpromised
from fairness.monitors.reading import Judged, LetBe, State, judge, let_be, state_of, table_of
from fairness.monitors.standing import stands_of
from fairness.monitors.words import badge_of, found_text, how_sure, limit_of, share_of, title_of, what_text


def monitors_of(project: Project) -> QuerySet[Monitor]:
    """Those in force, with ``waiting``: how many of their findings are unanswered."""
    waiting = Count("findings", filter=Q(findings__is_open=True))
    return Monitor.objects.filter(project=project, removed_at__isnull=True).annotate(waiting=waiting)


def findings_of(project: Project) -> QuerySet[Finding]:
    """Of all monitors, removed ones too; the newest first."""
    found = Finding.objects.filter(project=project)
    return found.select_related("monitor", "annotator", "decision__made_by").order_by("-pk")


def waiting_findings(project_id: int) -> int:
    """How many wait for an owner's decision."""
    return Finding.objects.filter(project_id=project_id, is_open=True).count()


def name_of(finding: Finding) -> str:
    """The model's name; empty where the finding is of people."""
    return (finding.annotator.name or finding.annotator.pseudonym) if finding.annotator else ""


@dataclass(frozen=True)
class Told:
    """A finding in words: what it is about, what was found, and how sure that is."""

    finding: Finding
    title: str
    what: str
    sure: str

    @property
    def text(self) -> str:
        return f"{self.what} {self.sure}"


def told(findings: list[Finding], project: Project) -> list[Told]:
    names = label_names(project.pk)
    return [
        Told(
            finding,
            title_of(finding.monitor, names, name_of(finding)),
            what_text(finding.monitor, finding.certificate, names, name_of(finding)),
            how_sure(finding.monitor, finding.certificate),
        )
        for finding in findings
    ]


def open_findings(project: Project) -> list[Told]:
    """What waits for an answer, the newest first: at most one for each monitor and model."""
    found = list(findings_of(project).filter(is_open=True))
    return told(found, project) if found else []


@dataclass(frozen=True)
class Look:
    """What a monitor says of one annotator's labels so far."""

    name: str
    verdict: Verdict
    text: str
    would_pause: bool
    failed: bool = False
    let_be: LetBe = LetBe.NOT
    more: int = 0  # of what is on trial: labels until it is asked about again


def look_at(monitor: Monitor) -> list[Look]:
    """What the labels so far would have brought about under a monitor, saved or not; empty without labels."""
    names, now = label_names(monitor.project_id), _with_groups(monitor)
    state = state_of(now.project_id, [now])
    judged = [one for one in judge(state, [now]) if one.failed or one.verdict.plain is not None]
    who = annotator_names([one.annotator_id for one in judged])
    reason = unpromised(now) if any(one.verdict.beyond for one in judged) else ""
    return [_look(state, one, names, who.get(one.annotator_id or 0, ""), reason) for one in judged]


def _look(state: State, one: Judged, names: dict[str, str], who: str, reason: str) -> Look:
    verdict = one.verdict
    said = verdict.as_json() | {"ordered": reason}
    text = found_text(one.monitor, said, names, who) if verdict.beyond else ""
    more = min(one.past.waits(labels_in(one.monitor.measure, verdict.table)), default=0)
    return Look(who, verdict, text, verdict.beyond, one.failed, let_be(state, one), more)


def _with_groups(monitor: Monitor) -> Monitor:
    """The monitor as it would be with the groups that items have now, where its own are not named yet."""
    now = copy(monitor)
    if now.attribute and not now.groups:
        groups = groups_by_attribute(now.project_id).get(now.attribute, [])
        now.groups = groups if may_be_named(now.measure, groups) else []
    return now


def annotator_names(ids: list[int | None]) -> dict[int, str]:
    rows = Annotator.objects.filter(pk__in=[pk for pk in ids if pk is not None])
    return {row.pk: row.name or row.pseudonym for row in rows}


def described(monitors: list[Monitor], project: Project) -> list[dict[str, Any]]:
    """Rows of the list: the monitor, what it watches, its limit, its α, how it stands (badge)."""
    names, stands = label_names(project.pk), stands_of(project, monitors)
    return [
        {
            "monitor": one,
            "title": title_of(one, names),
            "limit": limit_of(one),
            "alpha": share_of(one.alpha),
            "badge": badge_of(stands[one.pk]),
        }
        for one in monitors
    ]


@dataclass(frozen=True)
class GroupRow:
    """One group of a finding: the rate in question, of how many, the limits that hold at every moment."""

    group: str
    part: int | None
    n: int
    rate: float | None
    low: float | None
    high: float | None
    concerned: bool


def group_rows(finding: Finding) -> list[GroupRow]:
    """A finding's groups with their counts, those that it names first."""
    certificate, rows = finding.certificate, []
    for group, counts in certificate["table"].items():
        part, n = _rate_of(finding.monitor.measure, certificate["rate"], counts)
        band = certificate["bands"].get(group)
        concerned = group in certificate["groups"] or not certificate["groups"]
        rate = part / n if part is not None and n else None
        if finding.monitor.measure == Measure.GAP and n:
            rate = (counts[0] - counts[1]) / n
        low, high = band or (None, None)
        rows.append(GroupRow(group, part, n, rate, low, high, concerned))
    order = {group: number for number, group in enumerate(certificate["groups"])}
    return sorted(rows, key=lambda row: (order.get(row.group, len(order)), row.group))


def _rate_of(measure: str, rate: str, counts: list[Any]) -> tuple[int | None, int]:
    if measure == Measure.ODDS:
        tp, fp, fn, tn = counts
        return (tp, tp + fn) if rate == TRUE_POSITIVE else (fp, fp + tn)
    if measure == Measure.GAP:
        return counts[0] + counts[2], counts[3]
    if measure == Measure.KAPPA:
        return sum(counts[k][k] for k in range(len(counts))), sum(map(sum, counts))
    return counts[0], counts[1]


@dataclass(frozen=True)
class Trial:
    """What was found is let be until the monitor counts ``until`` labels, of which there are ``labels``, or until
    ``latest``. ``over_at``: since when it is asked about again before that."""

    labels: int
    until: int
    latest: datetime
    over_at: datetime | None


def trial_of(finding: Finding) -> Trial | None:
    """How far the trial of an answered finding is; None where it was accepted, or is not answered."""
    decision, monitor = getattr(finding, "decision", None), finding.monitor
    if decision is None or decision.until is None:
        return None
    table = table_of(monitor, state_of(finding.project_id, [monitor]), finding.annotator_id)
    return Trial(labels_in(monitor.measure, table), decision.until, decision.latest, decision.over_at)
