"""The rules of care as they hold for one person in one project, and the limit that a claim asks about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from annotations.models import (
    Annotation,
    Annotator,
    AnnotatorOrigin,
    BlurChoice,
    CareRules,
    Exposure,
    Project,
    WorkerPreferences,
)
from ledger.errors import DomainError


@dataclass(frozen=True)
class Care:
    """What holds for one person in one project. ``break_minutes`` 0: no break is proposed; limits None: none."""

    break_minutes: int
    blur: bool
    items_per_day: int | None
    minutes_per_day: int | None


@dataclass(frozen=True)
class Shown:
    """Warned content that a person has worked through today: items, and minutes begun."""

    items: int
    minutes: int


def rules_of(project: Project) -> CareRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    return CareRules.objects.filter(project=project).first() or CareRules(project=project)


def preferences_of(user: User) -> WorkerPreferences:
    return WorkerPreferences.objects.filter(user=user).first() or WorkerPreferences(user=user)


def care_for(user: User, project: Project) -> Care:
    """The project's rules with the person's own preferences: a limit of theirs only ever lowers the owner's."""
    rules, own = rules_of(project), preferences_of(user)
    proposed = bool(project.content_warning) and rules.blur
    return Care(
        break_minutes=rules.break_minutes if own.break_minutes is None else own.break_minutes,
        blur=proposed if own.blur == BlurChoice.PROJECT else own.blur == BlurChoice.ALWAYS,
        items_per_day=_lower(rules.warned_items_per_day, own.warned_items_per_day),
        minutes_per_day=_lower(rules.warned_minutes_per_day, own.warned_minutes_per_day),
    )


def shown_today(user: User, now: datetime) -> Shown:
    row = Exposure.objects.filter(user=user, day=timezone.localdate(now)).first()
    return Shown(row.items, -(-row.milliseconds // 60_000)) if row else Shown(0, 0)


DEFAULTS = CareRules()

# One statement, whatever is set: the project's row, and at most one row by primary or unique key of each other table.
LIMITS = """
SELECT project.content_warning <> '', rules.project_id IS NOT NULL,
       rules.warned_items_per_day, rules.warned_minutes_per_day, own.warned_items_per_day, own.warned_minutes_per_day,
       coalesce(shown.items, 0), coalesce(shown.milliseconds, 0)
FROM annotations_project project
LEFT JOIN annotations_carerules rules ON rules.project_id = project.id
LEFT JOIN annotations_workerpreferences own ON own.user_id = %(user)s
LEFT JOIN annotations_exposure shown ON shown.user_id = %(user)s AND shown.day = %(day)s
WHERE project.id = %(project)s
"""


def refuse_over_exposure(annotator: Annotator, now: datetime, *, held: int = 0) -> None:
    """Raises ``DomainError`` (409 ``exposure_limit``) where a person has had as much warned content as is good today.

    ``held``: items that they have on the screen already, which count as shown. Without a content warning, and for
    programs that play people, there is no limit.
    """
    if not _is_exposed(annotator):
        return
    values: dict[str, int | date | None] = {
        "user": annotator.user_id,
        "project": annotator.project_id,
        "day": timezone.localdate(now),
    }
    with connection.cursor() as cursor:
        cursor.execute(LIMITS, values)
        warned, has_rules, items, minutes, own_items, own_minutes, shown, milliseconds = cursor.fetchone()
    if not warned:
        return
    if not has_rules:
        items, minutes = DEFAULTS.warned_items_per_day, DEFAULTS.warned_minutes_per_day
    items, minutes = _lower(items, own_items), _lower(minutes, own_minutes)
    if items is not None and shown + held >= items:
        limit = ngettext("%(number)d item", "%(number)d items", items) % {"number": items}
    elif minutes is not None and milliseconds >= minutes * 60_000:
        limit = ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    else:
        return
    text = _(
        "You have reached the limit of %(limit)s a day with content like this. What you labelled is "
        "saved and counts. You can go on from %(when)s."
    )
    raise DomainError("exposure_limit", text % {"limit": limit, "when": _next_day(now)})


NOTE = """
INSERT INTO annotations_exposure (user_id, day, items, milliseconds)
SELECT %(user)s, %(day)s, %(items)s, %(milliseconds)s FROM annotations_project
WHERE id = %(project)s AND content_warning <> ''
ON CONFLICT (user_id, day) DO UPDATE
    SET items = annotations_exposure.items + excluded.items,
        milliseconds = annotations_exposure.milliseconds + excluded.milliseconds
"""


def note_exposure(annotator: Annotator, *, milliseconds: int, now: datetime, items: int = 1) -> None:
    """Add what a person has just worked through to their day, where the project warns of its content.

    ``items`` 0: an item that was counted before, such as one that was taken back.
    """
    if not _is_exposed(annotator):
        return
    values: dict[str, int | date | None] = {
        "user": annotator.user_id,
        "project": annotator.project_id,
        "day": timezone.localdate(now),
        "items": items,
        "milliseconds": max(0, milliseconds),
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, values)


def note_label(annotator: Annotator, annotation: Annotation, *, expected_seconds: int) -> None:
    """Add a label's item and its time to the person's day; the expected time where none was measured. An item that was
    labelled before and taken back is the same item, seen for longer."""
    milliseconds = expected_seconds * 1000 if annotation.active_ms is None else annotation.active_ms
    items = 0 if annotation.supersedes_id else 1
    note_exposure(annotator, milliseconds=milliseconds, now=annotation.created_at, items=items)


def _is_exposed(annotator: Annotator) -> bool:
    """A person who still has an account: programs that play people see nothing."""
    return annotator.user_id is not None and annotator.origin != AnnotatorOrigin.SIMULATED


def _next_day(now: datetime) -> str:
    """Midnight after ``now`` in words, with its time zone."""
    local = timezone.localtime(now)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return f"{date_format(midnight, 'DATETIME_FORMAT')} ({midnight.tzname()})"


def _lower(one: int | None, other: int | None) -> int | None:
    known = [number for number in (one, other) if number is not None]
    return min(known, default=None)
