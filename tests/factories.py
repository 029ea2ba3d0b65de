"""Objects for tests. The cast has names so that a test reads like a story."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import Membership, Role, User
from annotations.modalities.base import content_hash
from annotations.models import (
    Annotation,
    Annotator,
    Dataset,
    Item,
    LabelSchema,
    Project,
    ProtectedAttribute,
    QueueEntry,
)
from annotations.services.changes import item_changes
from annotations.task_types import task_type

_numbers = itertools.count(1)

CHOICES = {
    "labels": [
        {"key": "keep", "name": "Keep", "description": "Fits the rules", "shortcut": "1"},
        {"key": "review", "name": "Review", "description": "Not sure", "shortcut": "2"},
        {"key": "remove", "name": "Remove", "description": "Breaks the rules", "shortcut": "3"},
    ]
}


@dataclass
class Cast:
    project: Project
    schema: LabelSchema
    dataset: Dataset
    olivia: User  # owner
    edgar: User  # expert
    wanda: User  # worker
    walt: User  # worker
    audrey: User  # auditor
    stan: User  # stranger: has an account, is no member


def make_user(name: str = "", **fields: Any) -> User:
    name = name or f"person{next(_numbers)}"
    return User.objects.create_user(email=f"{name}@example.org", password="correct horse battery", **fields)


def make_project(
    owner: User, *, task: str = "single_choice", config: dict[str, Any] | None = None, **fields: Any
) -> Project:
    defaults: dict[str, Any] = {"name": "Moderation", "status": "active", "favourable_label": "keep"}
    project = Project.objects.create(created_by=owner, **(defaults | fields))
    Membership.objects.create(project=project, user=owner, role=Role.OWNER)
    LabelSchema.objects.create(
        project=project,
        version=1,
        task_type=task,
        config=task_type(task).check_config(config or CHOICES),
        guidelines="Keep what fits.",
        created_by=owner,
    )
    ProtectedAttribute.objects.create(project=project, name="religion", column="religion")
    return project


def make_cast(**fields: Any) -> Cast:
    people = {name: make_user(name) for name in ("olivia", "edgar", "wanda", "walt", "audrey", "stan")}
    project = make_project(people["olivia"], **fields)
    roles = {"edgar": Role.EXPERT, "wanda": Role.WORKER, "walt": Role.WORKER, "audrey": Role.AUDITOR}
    for name, role in roles.items():
        Membership.objects.create(project=project, user=people[name], role=role)
    dataset = Dataset.objects.create(project=project, name="Messages", created_by=people["olivia"])
    return Cast(project=project, schema=project.schemas.get(), dataset=dataset, **people)


def make_items(project: Project, count: int = 1, **fields: Any) -> list[Item]:
    dataset = project.datasets.first() or Dataset.objects.create(
        project=project, name="Messages", created_by=project.created_by
    )
    items = []
    for _ in range(count):
        number = next(_numbers)
        payload = {"text": f"Message number {number}"}
        defaults = {"groups": {"religion": "muslim" if number % 2 else "christian"}, "external_id": f"x{number}"}
        items.append(
            Item(
                project=project,
                dataset=dataset,
                payload=payload,
                content_hash=content_hash("text", payload),
                **(defaults | fields),
            )
        )
    Item.objects.bulk_create(items)
    QueueEntry.objects.bulk_create(
        QueueEntry(
            item=item,
            project=project,
            remaining=project.redundancy,
            shuffle=item.pk,
            redundancy=project.redundancy,
            min_support=project.min_support,
            demand_version=project.demand_version,
        )
        for item in items
    )
    return items


def make_annotator(project: Project, *, kind: str = "human", name: str = "", **fields: Any) -> Annotator:
    return Annotator.objects.create(
        project=project, kind=kind, name=name or f"annotator {next(_numbers)}", origin="imported", **fields
    )


def add_label(item: Item, annotator: Annotator, value: Any, **fields: Any) -> Annotation:
    """A stored current label, with consensus, case and outbox brought in line."""
    with item_changes(project=item.project, item_ids=[item.pk], givers=[annotator.pk]) as changes:
        annotation = Annotation.objects.create(
            project=item.project,
            item=item,
            annotator=annotator,
            schema=changes.schema,
            source="model" if annotator.kind == "model" else "human",
            value=value,
            created_at=timezone.now(),
            **fields,
        )
        changes.vote(annotation, kind=annotator.kind)
    return annotation
