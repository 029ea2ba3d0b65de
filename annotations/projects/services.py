"""Making and changing projects."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Unpack

from django.db import transaction

from accounts.models import Membership, Role, User
from annotations.models import LabelSchema, Project, ProtectedAttribute
from annotations.projects.demand import demand_change
from annotations.projects.inputs import (
    SETTINGS,
    AttributeInput,
    ProjectSettings,
    SchemaInput,
    check_attributes,
    check_favourable,
    check_schema,
    check_settings,
    schema_digest,
)
from annotations.services.holding import project_held
from ledger.services import actor_of, record


def project_create(
    *,
    owner: User,
    schema: SchemaInput,
    attributes: Sequence[AttributeInput] = (),
    simulated: bool = False,
    **settings: Unpack[ProjectSettings],
) -> Project:
    """A draft project with version 1 of its label schema; ``owner`` becomes its first owner.

    ``simulated`` marks, for good and on every page, that programs play the people. Raises ``DomainError``
    (400) naming each field at fault.
    """
    kind, config, guidelines = check_schema(schema)
    pairs = check_attributes(attributes)
    project = Project(created_by=owner, simulated=simulated, **settings)
    if "min_support" not in settings:
        project.min_support = project.redundancy // 2 + 1  # a strict majority of all labels
    check_settings(project)
    check_favourable(project.favourable_label, config)
    with transaction.atomic():
        project.save(force_insert=True)
        Membership.objects.create(project=project, user=owner, role=Role.OWNER)
        LabelSchema.objects.create(
            project=project, version=1, task_type=kind, config=config, guidelines=guidelines, created_by=owner
        )
        ProtectedAttribute.objects.bulk_create(
            ProtectedAttribute(project=project, name=name, column=column, position=position)
            for position, (name, column) in enumerate(pairs)
        )
        record(
            kind="project.created",
            actor=actor_of(owner),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data=_creation(project, kind, config, pairs) | {"schema_sha256": schema_digest(kind, config, guidelines)},
            simulated=owner.is_simulated,
        )
    return project


def _creation(project: Project, kind: str, config: dict[str, Any], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": project.name,
        "task_type": kind,
        "labels": [label["key"] for label in config["labels"]],
        "redundancy": project.redundancy,
        "min_support": project.min_support,
        "favourable_label": project.favourable_label,
        "attributes": dict(pairs),
        "simulated": project.simulated,
    }


def project_update(
    *,
    project: Project,
    actor: User,
    attributes: Sequence[AttributeInput] | None = None,
    **settings: Unpack[ProjectSettings],
) -> Project:
    """Change what is given; a change of nothing is no event. ``attributes`` as in ``attributes_set``.

    Another number of labels per item, or of labels that must agree, holds at once for whatever happens to an item from
    now on; the others follow in the background (``demand.demand_follow``). Raises ``DomainError`` 400 naming each field
    at fault, 409 where the project is closed.
    """
    with transaction.atomic():
        project = project_held(project)
        if attributes is not None:
            attributes_set(project=project, actor=actor, attributes=attributes)
        before = {name: getattr(project, name) for name in SETTINGS}
        for name, value in settings.items():
            setattr(project, name, value)
        check_settings(project)
        check_favourable(project.favourable_label, project.schemas.get(is_current=True).config)
        changed = {name: [old, getattr(project, name)] for name, old in before.items()}
        changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
        if not changed:
            return project
        if {"redundancy", "min_support"} & set(changed):
            demand_change(project=project, redundancy=project.redundancy, min_support=project.min_support)
        project.save(update_fields=[*changed, "demand_version", "demand_changed_at"])
        record(
            kind="project.changed",
            actor=actor_of(actor),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data={"changed": {name: [_plain(value) for value in pair] for name, pair in changed.items()}},
            simulated=actor.is_simulated,
        )
    return project


def attributes_set(*, project: Project, actor: User, attributes: Sequence[AttributeInput]) -> Project:
    """Say which protected attributes are watched, in order, and from which import column each takes its groups.

    Groups that items have already stay stored with them: an attribute that is taken out and put back finds them again.
    Raises ``DomainError`` 400 or 409.
    """
    pairs = check_attributes(attributes)
    with transaction.atomic():
        project = project_held(project)
        before = list(project.attributes.values_list("name", "column"))
        if before == pairs:
            return project
        project.attributes.exclude(name__in=[name for name, _column in pairs]).delete()
        known = {attribute.name: attribute for attribute in project.attributes.all()}
        for position, (name, column) in enumerate(pairs):
            attribute = known.get(name) or ProtectedAttribute(project=project, name=name)
            attribute.column, attribute.position = column, position
            attribute.save()
        record(
            kind="attributes.changed",
            actor=actor_of(actor),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data={"before": dict(before), "after": dict(pairs), "items": project.items.count()},
            simulated=actor.is_simulated,
        )
    return project


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
