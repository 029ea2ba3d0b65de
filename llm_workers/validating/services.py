"""Switching a project's validator on and off, pausing and resuming it, and keeping its lanes alive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.models import LabelSchema, Project, ProjectStatus
from annotations.services.recomputing import alone_with
from annotations.services.ruling import rules_set
from ledger.errors import DomainError, invalid
from ledger.services import SYSTEM, actor_of, record
from llm_workers.costs.money import unpriced
from llm_workers.models import ModelVersion
from llm_workers.validating.filling import ratings_fill
from llm_workers.validating.lanes import hand_over, lanes_locked
from llm_workers.validating.limits import limit_reached
from llm_workers.validating.models import Rating, RatingStatus, Validator, ValidatorRules, ValidatorStatus
from llm_workers.validating.question import prompt_hash, prompt_text

OPEN = (RatingStatus.PENDING, RatingStatus.LEASED)
LOCK_CLASS = 0x1C0F2A  # first half of the advisory lock's key; the project is the second
FIELDS = ("enabled", "model", "max_tokens", "max_cost", "max_minutes")


def validator_rules_of(project: Project) -> ValidatorRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    found = ValidatorRules.objects.filter(project=project).select_related("model").first()
    return found or ValidatorRules(project=project)


def validator_rules_update(*, project: Project, by: Any, values: Mapping[str, Any]) -> tuple[ValidatorRules, bool]:
    """Set some or all of the rules; (the rules, whether anything changed). Rating follows in the background.

    Raises ``DomainError``: 400 where it is switched on without a model, or a limit of money is set for a model without
    prices; 409 where the project is closed.
    """
    return rules_set(
        project=project,
        actor=by,
        kind="validator.rules_changed",
        rules_of=validator_rules_of,
        values=values,
        fields=FIELDS,
        check=_check,
        plain=_plain,
    )


def _check(rules: ValidatorRules) -> None:
    if rules.enabled and rules.model is None:
        text = _("Choose the model that rates.")
        raise invalid(text, fields={"model": [text]})
    for name in ("max_tokens", "max_cost", "max_minutes"):
        limit = getattr(rules, name)
        if limit is not None and limit < 0:
            text = _("A limit is not negative; leave it empty for none.")
            raise invalid(text, fields={name: [text]})
    if rules.max_cost is not None and rules.model is not None and (why_not := unpriced(rules.model)):
        raise invalid(why_not, fields={"max_cost": [why_not]})


def validator_pause(*, project: Project, by: Any) -> Validator:
    """Ask no more; answers that are under way still count. One that is paused and waits for its server no longer goes
    on by itself. Raises ``DomainError`` (409) where nothing is going on."""
    with transaction.atomic():
        validator = _locked(_current(project))
        if validator.status == ValidatorStatus.PAUSED and validator.resume_at is None:
            raise DomainError("validator_state", _("The validator is paused already."))
        validator.resume_at = None
        validator.save(update_fields=["resume_at"])
        pause_locked(validator, reason=_("Paused by a person."), actor=actor_of(by))
    return validator


def pause_locked(validator: Validator, *, reason: str, actor: str = SYSTEM) -> None:
    """Pause a validator whose row the caller has locked."""
    validator.status, validator.reason = ValidatorStatus.PAUSED, reason[:500]
    validator.save(update_fields=["status", "reason"])
    data = {"validator": validator.pk, "reason": validator.reason, "rated": validator.rated}
    _record("validator.paused", validator.project, actor, data)


def validator_resume(*, project: Project, by: Any) -> Validator:
    """Go on where it stopped; ``by`` None: the platform resumes one that waits for its server.

    Raises ``DomainError`` (409) where it is not paused or a limit is still reached.
    """
    with transaction.atomic():
        current = _current(project)
        lanes = lanes_locked(current)
        validator = _locked(current)
        if validator.status != ValidatorStatus.PAUSED:
            raise DomainError("validator_state", _("The validator is not paused."))
        if by is None and validator.resume_at is None:
            raise DomainError("validator_state", _("The validator was told to stay paused."))
        reached = limit_reached(validator_rules_of(project))
        if reached:
            raise DomainError("limit_reached", reached)
        validator.failing_since, validator.faults_in_row, validator.unanswered_in_row = None, 0, 0
        validator.fault_pauses, validator.resume_at = 0 if by else validator.fault_pauses, None
        validator.save()
        data = {"validator": validator.pk, "rated": validator.rated}
        _record("validator.resumed", project, actor_of(by) if by else SYSTEM, data)
        hand_over(validator, lanes)
    return validator


def _current(project: Project) -> Validator:
    validator = current_validator(validator_rules_of(project))
    if validator is None:
        raise DomainError("validator_off", _("No model rates labels here. Switch the validator on first."))
    return validator


def _locked(validator: Validator) -> Validator:
    return Validator.objects.select_for_update(of=("self",)).select_related("project").get(pk=validator.pk)


def current_validator(rules: ValidatorRules) -> Validator | None:
    """The validator that the rules mean under the current labels and guidelines; None before its first turn."""
    found = Validator.objects.filter(project_id=rules.project_id, model_id=rules.model_id, schema__is_current=True)
    return found.select_related("model", "schema", "project").order_by("-id").first()


def validators_wake(*, stale_before: datetime) -> int:
    """Look for labels to rate in every project whose validator is on, and start its lanes where they stand still or
    were lost; how many were started."""
    enabled = ValidatorRules.objects.filter(enabled=True, project__status=ProjectStatus.ACTIVE)
    return sum(_wake(rules, stale_before) for rules in enabled.select_related("model", "project"))


def _wake(rules: ValidatorRules, stale_before: datetime) -> int:
    validator = validator_made(rules)
    with alone_with(LOCK_CLASS, rules.project_id) as free:
        if free:
            ratings_fill(validator)
    with transaction.atomic():
        lanes = lanes_locked(validator, skip=True)  # one that is locked is worked on
        own = _locked(validator)
        if own.status == ValidatorStatus.PAUSED:
            return 0
        if own.status == ValidatorStatus.RATING:
            lanes = [lane for lane in lanes if lane.touched_at < stale_before]
        # One question for each state: each has an index of its own, a question about both would walk over all ratings.
        left = (Rating.objects.filter(validator=own, status=status) for status in OPEN)
        if not lanes or not any(ratings.exists() for ratings in left):
            return 0
        hand_over(own, lanes)
        return len(lanes)


def validator_made(rules: ValidatorRules) -> Validator:
    """The validator that the rules mean, made on first use. Raises ``ValueError`` where they name no model."""
    if rules.model is None:
        raise ValueError("These rules name no model.")
    schema = LabelSchema.objects.get(project_id=rules.project_id, is_current=True)
    text = prompt_text(schema)
    made, _new = Validator.objects.select_related("model", "schema", "project").get_or_create(
        project_id=rules.project_id,
        prompt_hash=prompt_hash(text=text, schema_id=schema.pk, model_id=rules.model.pk),
        defaults={"schema": schema, "model": rules.model, "prompt": text},
    )
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, ModelVersion):
        return value.pk
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _record(kind: str, project: Project, actor: str, data: dict[str, Any]) -> None:
    record(kind=kind, actor=actor, subject=f"project:{project.pk}", project_id=project.pk, data=data)
