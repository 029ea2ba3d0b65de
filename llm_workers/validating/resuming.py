"""Validators that no server could be used for: they pause, and go on by themselves once the model is served again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.errors import DomainError
from llm_workers.services.resuming import rest_on, rested, resume_later
from llm_workers.validating.models import Validator, ValidatorStatus
from llm_workers.validating.services import current_validator, pause_locked, validator_resume, validator_rules_of


def fault_pause(validator: Validator, *, reason: str, hopeless: bool) -> None:
    """Pause a validator (locked by the caller) because no server can be used. Where that is not ``hopeless``, and did
    not happen too often in a row, it will go on by itself."""
    text = _("%(why)s Then resume the validator.")
    if not hopeless and resume_later(validator):
        text = _("%(why)s Once the model is served again the validator goes on by itself; or resume the validator.")
    pause_locked(validator, reason=text % {"why": reason})


def validators_go_on() -> int:
    """Resume every validator whose rest is over and whose model was listed since by a server that may be used; returns
    how many there were. One that is switched off or held back by a limit is tried again later; one that was replaced is
    left to people."""
    due = Validator.objects.filter(
        rested(model_versions=OuterRef("model")), status=ValidatorStatus.PAUSED, resume_at__lt=timezone.now()
    )
    resumed = 0
    for validator in due.select_related("project").order_by("pk"):
        rules = validator_rules_of(validator.project)
        is_current = current_validator(rules) == validator
        try:
            if not rules.enabled or not is_current:
                raise DomainError("validator_off", _("No model rates labels here, or another one."))
            validator_resume(project=validator.project, by=None)
            resumed += 1
        except DomainError:
            _held_back(validator, is_current=is_current)
    return resumed


def _held_back(validator: Validator, *, is_current: bool) -> None:
    with transaction.atomic():
        own = Validator.objects.select_for_update(of=("self",)).select_related("project").get(pk=validator.pk)
        if own.status != ValidatorStatus.PAUSED or own.resume_at is None:  # somebody was quicker
            return
        if is_current:
            rest_on(own)
            return
        own.resume_at = None
        own.save(update_fields=["resume_at"])
        text = _("Another model was chosen, or labels or guidelines have changed, since this validator began.")
        pause_locked(own, reason=text)
