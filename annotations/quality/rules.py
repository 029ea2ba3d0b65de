"""The owner's rules of checking, as stored or by default, and changing them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import (
    Annotation,
    Annotator,
    AnnotatorKind,
    AnnotatorOrigin,
    Project,
    Purpose,
    QualityRules,
    Standing,
)
from annotations.services.holding import project_held
from ledger.errors import invalid
from ledger.services import actor_of, record

HIDDEN = frozenset({"project", "seed"})
FIELDS = tuple(field.name for field in QualityRules._meta.concrete_fields if field.name not in HIDDEN)


def rules_of(project: Project) -> QualityRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    return QualityRules.objects.filter(project=project).first() or QualityRules(
        project=project, seed=secrets.randbits(62)
    )


def rules_change(*, project: Project, actor: User, values: Mapping[str, Any]) -> QualityRules:
    """Set some or all of the rules (``FIELDS``). They hold for what is answered from now on: what was labelled while
    the checks were off is not judged. A change of nothing is no event.

    Raises ``DomainError``: 400 naming each field at fault, 409 where the project is closed.
    """
    with transaction.atomic():
        project = project_held(project)
        rules = rules_of(project)
        before = _plain(rules)
        for name in FIELDS:
            setattr(rules, name, values.get(name, getattr(rules, name)))
        _check(rules)
        after = _plain(rules)
        if after != before:
            rules.save()
            _standings_follow(rules, before["quiz_questions"])
            record(
                kind="quality.rules_changed",
                actor=actor_of(actor),
                subject=f"project:{project.pk}",
                project_id=project.pk,
                data={name: after[name] for name in after if after[name] != before[name]},
                simulated=actor.is_simulated,
            )
    return rules


def _check(rules: QualityRules) -> None:
    fields: dict[str, list[Any]] = {}
    try:
        rules.clean_fields(exclude=HIDDEN)
    except ValidationError as error:
        fields = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    if not fields and rules.gold_floor > rules.gold_start:
        fields["gold_floor"] = [_("The share that stays cannot be larger than the one at the start.")]
    if not fields and rules.is_on and not rules.project.items.filter(gold__isnull=False).exists():
        fields["is_on"] = [_("No item of this project has a known label. Upload some with a column of gold labels.")]
    pool = rules.project.training_items.filter(purpose=Purpose.QUIZ).count()
    if not fields and rules.quiz_questions > pool:
        text = _("Only %(pool)s items are set aside for the quiz. Set more aside first, below.") % {"pool": pool}
        fields["quiz_questions"] = [text]
    if fields:
        raise invalid(_("Some of the rules cannot be used as they are."), fields=fields)


def _standings_follow(rules: QualityRules, before: int) -> None:
    """Where a quiz is switched on, who has not labelled yet has it to pass; off, nobody has."""
    people = Annotator.objects.filter(project_id=rules.project_id, kind=AnnotatorKind.HUMAN)
    if rules.quiz_questions and not before:
        given = Annotation.objects.filter(annotator=OuterRef("pk"))
        fresh = people.exclude(origin=AnnotatorOrigin.IMPORTED).filter(~Exists(given), standing=Standing.ACTIVE)
        fresh.exclude(quiz_tries__passed=True).update(standing=Standing.TRAINING)
    elif before and not rules.quiz_questions:
        people.filter(standing=Standing.TRAINING).update(standing=Standing.ACTIVE)


def _plain(rules: QualityRules) -> dict[str, Any]:
    return {name: getattr(rules, name) for name in FIELDS}
