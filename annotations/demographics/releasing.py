"""Counting people into a project's figures, a cohort at a time, by the rules of ``accounts.demographics.anonymity``."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.demographics.anonymity import raised, ready
from accounts.demographics.boxes import Box, box_save, boxes_of
from accounts.demographics.questions import BY_KEY
from accounts.demographics.vault import SealError, is_on, vault
from accounts.models import User
from annotations.demographics.selectors import crowd_of
from annotations.models import DemographicsFigures, DemographicsRules
from ledger.services import SYSTEM, record

Counts = dict[str, dict[str, int]]
Cohorts = dict[str, list[Box]]


def projects_that_ask() -> list[int]:
    return list(DemographicsRules.objects.exclude(questions=[]).values_list("project_id", flat=True).order_by("pk"))


def demographics_release(*, project_id: int) -> bool:
    """Count those who answered and agreed since the last time, where they are enough; whether what is shown changed.

    Safe to run twice or to die anywhere: counting, marking as counted, and showing are one transaction. Without a key
    nothing happens. Raises ``SealError`` where the counts so far were sealed by a key that is gone.
    """
    if not is_on():
        return False
    crowd = crowd_of(project_id)
    users = list(crowd.filter(user__isnull=False).values_list("user_id", flat=True))
    asked = DemographicsRules.objects.filter(project_id=project_id).values_list("questions", flat=True).first()
    waiting = _ready(asked or [], boxes_of(users).values(), project_id)
    chosen = {box.user_id for cohort in waiting.values() for box in cohort}
    if not chosen:
        return False
    with transaction.atomic():
        DemographicsFigures.objects.get_or_create(project_id=project_id)
        stored = DemographicsFigures.objects.select_for_update().get(pk=project_id)
        # The people in one order, as when they change something themselves; then their boxes, looked at anew.
        list(User.objects.select_for_update(no_key=True).filter(pk__in=chosen).order_by("pk").values_list("pk"))
        cohorts = _ready(waiting, boxes_of(chosen, locked=True).values(), project_id)
        if not cohorts:
            return False
        counts = counts_of(stored)
        for question, cohort in cohorts.items():
            _count(counts.setdefault(question, {}), question, cohort, project_id)
        _mark(cohorts, project_id)
        return _show(stored, counts, cohorts, crowd.count())


def counts_of(stored: DemographicsFigures) -> Counts:
    """The exact counts so far: question → group → people. For the next figures alone; raises ``SealError``."""
    counts: Counts = vault().open(stored.sealed, place_of(stored.project_id)) if stored.sealed else {}
    return counts


def place_of(project_id: int) -> str:
    return f"figures:{project_id}"


def figures_reseal() -> tuple[int, int]:
    """(projects' counts sealed anew under the newest key, counts that no key opens)."""
    done = lost = 0
    for project_id in _with_counts():
        with transaction.atomic():
            stored = DemographicsFigures.objects.select_for_update().get(pk=project_id)
            try:
                if not vault().is_current(stored.sealed, place_of(project_id)):
                    stored.sealed = vault().seal(counts_of(stored), place_of(project_id))
                    stored.save(update_fields=["sealed"])
                    done += 1
            except SealError:
                lost += 1
    return done, lost


def figures_drop_unreadable() -> int:
    """Begin anew where no key opens the counts: what was shown goes, since nothing can be added to it; how many."""
    dropped = 0
    for project_id in _with_counts():
        with transaction.atomic():
            stored = DemographicsFigures.objects.select_for_update().get(pk=project_id)
            try:
                counts_of(stored)
            except SealError:
                stored.delete()
                dropped += 1
    return dropped


def _with_counts() -> list[int]:
    return list(DemographicsFigures.objects.exclude(sealed=b"").order_by("pk").values_list("pk", flat=True))


def _ready(questions: Iterable[str], boxes: Iterable[Box], project_id: int) -> Cohorts:
    """Question → those whose answer may be counted now: who agreed, answered, and were not counted yet, if enough."""
    people = list(boxes)
    waiting = {
        question: [
            box
            for box in people
            if box.usable(project_id, question) and question not in box.counted.get(project_id, ())
        ]
        for question in questions
    }
    return {question: cohort for question, cohort in waiting.items() if ready(len(cohort))}


def _count(groups: dict[str, int], question: str, cohort: list[Box], project_id: int) -> None:
    for box in cohort:
        for group in box.usable(project_id, question):
            groups[group] = groups.get(group, 0) + 1


def _mark(cohorts: Cohorts, project_id: int) -> None:
    marked: dict[int, Box] = {}
    for question, cohort in cohorts.items():
        for box in cohort:
            box.counted[project_id] = box.counted.get(project_id, frozenset()) | {question}
            marked[box.user_id] = box
    for _user_id, box in sorted(marked.items()):
        box_save(box)


def _show(stored: DemographicsFigures, counts: Counts, cohorts: Cohorts, crowd: int) -> bool:
    shown = dict(stored.shown)
    for question in cohorts:
        several = BY_KEY[question].several
        groups = raised(shown.get(question, {}), counts[question], crowd=crowd, several=several)
        if groups:
            shown[question] = groups
    changed = sorted(key for key in shown if shown[key] != stored.shown.get(key))
    stored.sealed = vault().seal(counts, place_of(stored.project_id))
    if changed:
        stored.shown, stored.crowd, stored.shown_at = shown, crowd, timezone.now()
        record(
            kind="demographics.shown",
            actor=SYSTEM,
            subject=f"project:{stored.project_id}",
            project_id=stored.project_id,
            data={"crowd": crowd, "shown": {key: shown[key] for key in changed}},
        )
    stored.save()
    return bool(changed)
