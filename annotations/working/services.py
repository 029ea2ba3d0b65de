"""Setting an owner's rules of care, and a worker's own preferences."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from accounts.models import User
from annotations.models import CareRules, Project, WorkerPreferences
from annotations.services.holding import project_held
from ledger.errors import invalid
from ledger.services import actor_of, record


class CareInput(TypedDict, total=False):
    """As in ``CareRules``."""

    change_minutes: int
    break_minutes: int
    warned_items_per_day: int | None
    warned_minutes_per_day: int | None
    blur: bool


class PreferencesInput(TypedDict, total=False):
    """As in ``WorkerPreferences``."""

    break_minutes: int | None
    warned_items_per_day: int | None
    warned_minutes_per_day: int | None
    blur: str


def care_change(*, project: Project, actor: User, **given: Unpack[CareInput]) -> CareRules:
    """Change what is given; a change of nothing is no event. It holds from the next item on, also for labels given.

    Raises ``DomainError``: 400 naming each field at fault, 409 where the project is closed.
    """
    with transaction.atomic():
        project = project_held(project)
        rules = CareRules.objects.filter(project=project).first() or CareRules(project=project)
        if changed := _take(rules, dict(given)):
            rules.save()
            record(
                kind="care.changed",
                actor=actor_of(actor),
                subject=f"project:{project.pk}",
                project_id=project.pk,
                data={"changed": changed},
                simulated=actor.is_simulated,
            )
    return rules


def preferences_change(*, user: User, **given: Unpack[PreferencesInput]) -> WorkerPreferences:
    """Change what is given. The ledger learns that something changed, not what: it is nobody else's affair.

    Raises ``DomainError`` (400) naming each field at fault.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        own = WorkerPreferences.objects.filter(user=user).first() or WorkerPreferences(user=user)
        if changed := _take(own, dict(given)):
            own.save()
            record(
                kind="preferences.changed",
                actor=actor_of(user),
                subject=f"user:{user.pk}",
                data={"changed": sorted(changed)},
                simulated=user.is_simulated,
            )
    return own


def _take(row: Model, given: dict[str, Any]) -> dict[str, list[Any]]:
    """Put checked values into ``row``; what changed, as name → [before, after]."""
    before = {name: getattr(row, name) for name in given}
    for name, value in given.items():
        setattr(row, name, value)
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields if field.name not in given})
    except ValidationError as error:
        fields = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
        name, texts = next(iter(fields.items()))
        raise invalid(f"{name}: {texts[0]}", fields=fields) from error
    return {name: [old, getattr(row, name)] for name, old in before.items() if old != getattr(row, name)}
