"""Switching assistance, and deciding with each lease whether its person is shown a model's label."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.assistance.coin import held_out
from annotations.assistance.selectors import model_name
from annotations.models import (
    Annotator,
    AnnotatorKind,
    Assignment,
    AssistanceRules,
    LabelSchema,
    Project,
    Suggestion,
)
from annotations.services.holding import project_held
from annotations.task_types import task_type
from ledger.errors import invalid
from ledger.services import actor_of, record


class AssistanceInput(TypedDict, total=False):
    """``model``: id of a model's annotator in the project; ``holdout_share`` in [0.05, 0.95]."""

    is_on: bool
    model: int | None
    holdout_share: float


def assistance_change(*, project: Project, actor: User, **given: Unpack[AssistanceInput]) -> AssistanceRules:
    """Change what is given; it holds for items given out from now on. A change of nothing is no event.

    Raises ``DomainError``: 400 naming each field at fault (no such model, a share out of range, on without a model),
    409 where the project is closed.
    """
    with transaction.atomic():
        project = project_held(project)
        rules = AssistanceRules.objects.filter(project=project).first() or AssistanceRules(
            project=project, seed=secrets.randbits(62)
        )
        before = _plain(rules)
        _take(rules, given)
        after = _plain(rules)
        if after == before:
            return rules
        rules.save()
        switched = {True: "assistance.on", False: "assistance.off"}[rules.is_on]
        record(
            kind=switched if after["is_on"] != before["is_on"] else "assistance.changed",
            actor=actor_of(actor),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data={"model": after["model"], "holdout_share": after["holdout_share"]},
            simulated=actor.is_simulated,
        )
    return rules


def _take(rules: AssistanceRules, given: AssistanceInput) -> None:
    fields: dict[str, list[Any]] = {}
    rules.is_on = given.get("is_on", rules.is_on)
    rules.holdout_share = given.get("holdout_share", rules.holdout_share)
    if "model" in given:
        models = Annotator.objects.filter(project=rules.project, kind=AnnotatorKind.MODEL)
        wanted = given["model"]
        rules.model = None if wanted is None else models.filter(pk=wanted).first()
        if rules.model is None and wanted is not None:
            fields["model"] = [_("This project has no such model.")]
    try:
        rules.clean_fields(exclude=["project", "model", "seed"])
    except ValidationError as error:
        fields |= {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    if rules.is_on and rules.model is None and "model" not in fields:
        fields["model"] = [_("Choose the model whose labels are shown.")]
    if fields:
        name, texts = next(iter(fields.items()))
        raise invalid(f"{name}: {texts[0]}", fields=fields)


def _plain(rules: AssistanceRules) -> dict[str, Any]:
    return {"is_on": rules.is_on, "model": rules.model_id, "holdout_share": rules.holdout_share}


# The model's current label of the item, as it is at this moment; a row that is there already stays.
OFFER = """
INSERT INTO annotations_suggestion (assignment_id, project_id, model_id, value, shown, decided_at)
SELECT %(assignment)s, given.project_id, given.annotator_id, given.value, %(shown)s, %(now)s
FROM annotations_annotation given
WHERE given.item_id = %(item)s AND given.annotator_id = %(model)s AND given.status = 'current'
ON CONFLICT (assignment_id) DO NOTHING
"""


def offer(assignment: Assignment, now: datetime) -> Suggestion | None:
    """Decide and record, within the transaction of a claim, whether its person is shown the model's label; the
    suggestion where they are. A lease that comes again keeps what was decided then."""
    rules = AssistanceRules.objects.filter(project_id=assignment.project_id, is_on=True).first()
    if rules is None or rules.model_id is None:
        return None
    annotator_id, item_id = assignment.annotator_id, assignment.item_id
    values: dict[str, Any] = {
        "assignment": assignment.pk,
        "item": item_id,
        "model": rules.model_id,
        "shown": not held_out(rules.seed, annotator_id, item_id, rules.holdout_share),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(OFFER, values)
    return suggestion_of(assignment)


def in_words(suggestion: Suggestion, schema: LabelSchema) -> dict[str, Any]:
    """A suggestion as a person reads it: the value, its label in words, and the model's name."""
    value = suggestion.value
    label = task_type(schema.task_type).describe(schema.config, value)
    return {"value": value, "label": label, "model": model_name(suggestion.model)}


def suggestion_of(assignment: Assignment) -> Suggestion | None:
    """What the person is shown beside the item; None where nothing is, held out or not."""
    return Suggestion.objects.select_related("model").filter(assignment_id=assignment.pk, shown=True).first()


def shown_label(assignment: Assignment) -> str | None:
    """The token of the label that the person was shown with this item; None where they were shown none."""
    found = suggestion_of(assignment)
    return None if found is None else task_type(assignment.schema.task_type).token(found.value)
