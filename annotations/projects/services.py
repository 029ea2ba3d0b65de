"""Making and changing projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from accounts.models import Membership, Role, User
from django.db import transaction
from ledger.services import actor_of, record

from annotations.models import LabelSchema, Project, ProtectedAttribute
from annotations.projects.inputs import (
    AttributeInput,
    ProjectSettings,
    SchemaInput,
    check_attributes,
    check_favourable,
    check_schema,
    check_settings,
)


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
            data=_creation(project, kind, config, pairs),
            simulated=owner.is_simulated,
        )
    return project


def _creation(
    project: Project, kind: str, config: dict[str, Any], pairs: list[tuple[str, str]]
) -> dict[str, Any]:
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
