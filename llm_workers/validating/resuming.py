"""Validators that no server could be used for: they pause, and go on by themselves once the model is served again."""

from __future__ import annotations

from django.db.models import F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.errors import DomainError
from llm_workers.services.resuming import rested, resume_later
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
    how many there were. One that is switched off, was replaced or is held back by a limit is left to people."""
    due = Validator.objects.filter(
        rested(model_versions=OuterRef("model")), status=ValidatorStatus.PAUSED, resume_at__lt=timezone.now()
    )
    resumed = 0
    for validator in due.select_related("project").order_by("pk"):
        rules = validator_rules_of(validator.project)
        try:
            if not rules.enabled or current_validator(rules) != validator:
                raise DomainError("validator_off", "")
            validator_resume(project=validator.project, by=None)
            resumed += 1
        except DomainError:
            Validator.objects.filter(pk=validator.pk, resume_at=F("resume_at")).update(resume_at=None)
    return resumed
