"""Changing a project's rules of one kind: what its owner sets, one row a project, some or all of it at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from accounts.models import User
from annotations.models import Project
from annotations.services.holding import project_held
from ledger.services import actor_of, record

R = TypeVar("R", bound=Model)


def _anything(rules: Model) -> None:
    return None


def _as_it_is(value: Any) -> Any:
    return value


def rules_set(
    *,
    project: Project,
    actor: User,
    kind: str,
    rules_of: Callable[[Project], R],
    values: Mapping[str, Any],
    fields: Collection[str],
    check: Callable[[R], None] = _anything,
    plain: Callable[[Any], Any] = _as_it_is,
) -> tuple[R, bool]:
    """Set what ``values`` holds of ``fields``; (the rules, whether anything changed). A change of nothing is no event.

    ``rules_of`` gives the rules, unsaved defaults where the owner has set none. ``check`` raises where the rules make
    no sense together. ``kind`` is that of the ledger's event, which holds what changed, each value as ``plain`` gives
    it. Raises ``DomainError`` (409) where the project is closed.
    """
    with transaction.atomic():
        project = project_held(project)
        rules = rules_of(project)
        changed = {name: values[name] for name in fields if name in values and getattr(rules, name) != values[name]}
        for name, value in changed.items():
            setattr(rules, name, value)
        check(rules)
        if changed:
            rules.save()
            record(
                kind=kind,
                actor=actor_of(actor),
                subject=f"project:{project.pk}",
                project_id=project.pk,
                data={name: plain(value) for name, value in changed.items()},
                simulated=actor.is_simulated,
            )
    return rules, bool(changed)
