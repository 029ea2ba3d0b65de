"""Bringing the stored suspicions of a project in line with what was found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from annotations.models import Annotator, AnnotatorOrigin, Project, Suspicion, SuspicionStatus
from annotations.suspicion.collecting import Collected
from annotations.suspicion.detectors import UNKNOWN, Finding
from ledger.services import SYSTEM, Event, record_many

# A pattern that the owner has decided about comes back if it has a new person, or has grown by so much.
GROWN_FACTOR, GROWN_LABELS = 1.5, 20
DECIDED = (SuspicionStatus.DISMISSED, SuspicionStatus.ACTED)


@dataclass(frozen=True)
class Sighting:
    """A finding in terms of stored things: ids of people and items, tokens of labels."""

    kind: str
    people: list[int]
    telling: int
    n: int
    p: float
    figures: dict[str, Any]
    evidence: list[list[Any]]


def sightings(findings: Iterable[Finding], collected: Collected) -> list[Sighting]:
    return [_sighting(finding, collected) for finding in findings]


def _sighting(finding: Finding, collected: Collected) -> Sighting:
    ids, tokens = collected.annotator_ids, collected.tokens
    figures = dict(finding.figures)
    if "answer" in figures and finding.kind != "position":
        figures["answer"] = tokens[figures["answer"]]
    if "pairs" in figures:
        pairs = [pair | {"people": sorted(ids[one] for one in pair["people"])} for pair in figures["pairs"]]
        figures["pairs"] = pairs
    evidence = [
        [
            collected.item_ids[item],
            None if said == UNKNOWN else tokens[said],
            None if math.isnan(least) else round(least, 2),
        ]
        for item, said, least in zip(
            finding.items.tolist(), finding.reference.tolist(), finding.floor.tolist(), strict=True
        )
    ]
    people = sorted(ids[one] for one in finding.people)
    return Sighting(finding.kind.value, people, finding.telling, finding.n, finding.p, figures, evidence)


def findings_store(*, project: Project, sightings: Iterable[Sighting]) -> list[Suspicion]:
    """Bring the project's suspicions in line with the findings; those that are new.

    The caller holds the transaction, and no other process looks through the project.

    An open one that is found again is brought up to date, one that is not is closed by itself. One that the owner has
    decided about is raised again only if it has grown clearly since.
    """
    now = timezone.now()
    rows = list(
        Suspicion.objects.select_for_update(of=("self",), no_key=True)
        .filter(project=project)
        .order_by("-pk")
        .prefetch_related("annotators")
    )
    held, new = _matched(rows, list(sightings))
    events = list(_close(rows, held, now))
    for row, sighting in held:
        if row.status == SuspicionStatus.GONE:
            events.append(_event("suspicion.found", row, sighting.people))
        _update(row, sighting, now)
    made = [_make(project, sighting, now) for sighting in new]
    events += [_event("suspicion.found", row, sighting.people) for row, sighting in zip(made, new, strict=True)]
    record_many(events)
    return made


def _matched(
    rows: list[Suspicion], sightings: list[Sighting]
) -> tuple[list[tuple[Suspicion, Sighting]], list[Sighting]]:
    """Rows that are found again with what was found; and what is new. ``rows``: newest first.

    Groups of one kind share no people, so a row whose first person is in a group is that group's.
    """
    held, new = [], []
    for sighting in sightings:
        about = [row for row in rows if row.kind == sighting.kind and row.annotator_id in sighting.people]
        current = [row for row in about if row.status == SuspicionStatus.OPEN]
        decided = next((row for row in about if row.status in DECIDED), None)
        gone = [row for row in about if row.status == SuspicionStatus.GONE and (not decided or row.pk > decided.pk)]
        if found := max(current or gone, key=lambda row: len(_ids(row) & set(sighting.people)), default=None):
            held.append((found, sighting))
        elif decided is None or _has_grown(sighting, decided):
            new.append(sighting)
    return held, new


def _ids(row: Suspicion) -> set[int]:
    return {one.pk for one in row.annotators.all()}


def _has_grown(sighting: Sighting, decided: Suspicion) -> bool:
    if not set(sighting.people) <= _ids(decided):
        return True
    return sighting.telling >= max(GROWN_FACTOR * decided.telling, decided.telling + GROWN_LABELS)


def _close(rows: list[Suspicion], held: list[tuple[Suspicion, Sighting]], now: datetime) -> Iterator[Event]:
    still = {row.pk for row, _sighting in held}
    for row in rows:
        if row.status == SuspicionStatus.OPEN and row.pk not in still:
            row.status, row.closed_at = SuspicionStatus.GONE, now
            row.save(update_fields=["status", "closed_at"])
            yield _event("suspicion.gone", row, sorted(_ids(row)))


def _update(row: Suspicion, sighting: Sighting, now: datetime) -> None:
    _fill(row, sighting, now)
    row.status, row.closed_at = SuspicionStatus.OPEN, None
    row.save()
    if _ids(row) != set(sighting.people):
        row.annotators.set(sighting.people)


def _make(project: Project, sighting: Sighting, now: datetime) -> Suspicion:
    row = Suspicion(project=project, kind=sighting.kind, annotator_id=sighting.people[0], found_at=now)
    _fill(row, sighting, now)
    row.save()
    row.annotators.set(sighting.people)
    return row


def _fill(row: Suspicion, sighting: Sighting, now: datetime) -> None:
    row.telling, row.n, row.p = sighting.telling, sighting.n, sighting.p
    row.figures, row.evidence, row.seen_at = sighting.figures, sighting.evidence, now


def _event(kind: str, row: Suspicion, people: list[int]) -> Event:
    return suspicion_event(kind, row, people, actor=SYSTEM)


def suspicion_event(kind: str, row: Suspicion, people: list[int], *, actor: str, **more: Any) -> Event:
    """Figures and numbers of people; what the owner wrote stays out of the record."""
    origins = set(Annotator.objects.filter(pk__in=people).values_list("origin", flat=True))
    data = {"suspicion": row.pk, "kind": row.kind, "annotators": people, "telling": row.telling, "n": row.n, **more}
    return Event(
        kind, actor, f"annotator:{row.annotator_id}", row.project_id, data, origins == {AnnotatorOrigin.SIMULATED}
    )
