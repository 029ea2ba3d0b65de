"""New versions of a label schema. A version never changes; labels keep the one they were given in.

Consensus, agreement and bias compare labels by key across versions. So a key that any label, settlement or gold label
uses cannot leave the schema, and the task type stays once there are labels; names, descriptions, shortcuts, guidelines,
new labels and the removal of unused ones are free.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import Annotation, Item, LabelSchema, Project, Settlement
from annotations.projects.inputs import SchemaInput, check_favourable, check_schema, schema_digest
from annotations.projects.status import refuse_while_working
from annotations.services.holding import project_held
from annotations.task_types import task_type
from annotations.task_types.base import label_keys
from ledger.errors import DomainError
from ledger.services import actor_of, record


def schema_change(
    *,
    project: Project,
    actor: User,
    schema: SchemaInput,
    favourable_label: str | None = None,
    expected_version: int | None = None,
) -> tuple[LabelSchema, bool]:
    """(the current version after the change, whether it is new): the same one where nothing differs.

    What ``schema`` leaves out stays. ``favourable_label`` None stays, "" is none. ``expected_version`` is the version
    that the change was made from: 409 where somebody saved another meanwhile. Raises ``DomainError`` 400 with the field
    at fault; 409 ``task_type_fixed``, ``labels_in_use``, ``leases_open``, ``run_unfinished`` or ``project_closed``.
    """
    with transaction.atomic():
        project = project_held(project)
        current = project.schemas.get(is_current=True)
        if expected_version is not None and current.version != expected_version:
            text = _("Version %(version)d was saved while you were editing. Reload, and make your change again.")
            raise DomainError("schema_changed", text % {"version": current.version})
        task, config, guidelines = check_schema(_completed(schema, current))
        favourable = project.favourable_label if favourable_label is None else favourable_label
        check_favourable(favourable, config)
        if favourable != project.favourable_label:
            _set_favourable(project, favourable, actor)
        if (task, config, guidelines) == (current.task_type, current.config, current.guidelines):
            return current, False
        _check_compatible(project, current, task, config)
        made = _new_version(project, current, actor, task, config, guidelines)
        return made, True


def used_keys(project: Project) -> Counter[str]:
    """Label key → how many current labels, settlements and gold labels use it."""
    task = task_type(project.schemas.get(is_current=True).task_type)
    labels = Annotation.objects.filter(project=project, status="current").order_by()
    settled = Settlement.objects.filter(case__project=project, value__isnull=False).order_by()
    gold = Item.objects.filter(project=project, gold__isnull=False).order_by()
    counts: Counter[str] = Counter()
    for rows, field in ((labels, "value"), (settled, "value"), (gold, "gold")):
        for value, number in rows.values_list(field).annotate(number=Count("pk")):
            for key in task.decisions(task.token(value)):
                counts[key] += number
    return counts


def _completed(schema: SchemaInput, current: LabelSchema) -> SchemaInput:
    whole: SchemaInput = {
        "task_type": current.task_type,
        "config": current.config,
        "guidelines": current.guidelines,
    }
    whole.update(schema)
    return whole


def _check_compatible(project: Project, current: LabelSchema, task: str, config: dict[str, Any]) -> None:
    removed = [key for key in label_keys(current.config) if key not in label_keys(config)]
    used = used_keys(project) if removed or task != current.task_type else Counter()
    if task != current.task_type and (used or Annotation.objects.filter(project=project).exists()):
        text = _("The task type cannot change any more: there are labels of the old one. Make a new project for it.")
        raise DomainError("task_type_fixed", text)
    in_use = {key: used[key] for key in removed if used[key]}
    if in_use:
        listed = ", ".join(f"{key} ({number})" for key, number in in_use.items())
        text = _(
            "These labels are in use, so they cannot be removed: %(listed)s. Rename them or change their description "
            "instead; what was given stays comparable."
        )
        raise DomainError("labels_in_use", text % {"listed": listed}, data={"labels": in_use})
    if removed or task != current.task_type:
        refuse_while_working(project)


def _new_version(
    project: Project, current: LabelSchema, actor: User, task: str, config: dict[str, Any], guidelines: str
) -> LabelSchema:
    project.schemas.filter(is_current=True).update(is_current=False)
    made = LabelSchema.objects.create(
        project=project,
        version=current.version + 1,
        task_type=task,
        config=config,
        guidelines=guidelines,
        created_by=actor,
    )
    old, new = label_keys(current.config), label_keys(config)
    record(
        kind="schema.changed",
        actor=actor_of(actor),
        subject=f"schema:{made.pk}",
        project_id=project.pk,
        data={
            "version": made.version,
            "task_type": task,
            "labels": new,
            "added": [key for key in new if key not in old],
            "removed": [key for key in old if key not in new],
            "guidelines_changed": guidelines != current.guidelines,
            "schema_sha256": schema_digest(task, config, guidelines),
        },
        simulated=actor.is_simulated,
    )
    return made


def _set_favourable(project: Project, key: str, actor: User) -> None:
    record(
        kind="project.changed",
        actor=actor_of(actor),
        subject=f"project:{project.pk}",
        project_id=project.pk,
        data={"changed": {"favourable_label": [project.favourable_label, key]}},
        simulated=actor.is_simulated,
    )
    project.favourable_label = key
    project.save(update_fields=["favourable_label"])
