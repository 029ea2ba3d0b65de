"""A run's rules: checking them, and changing them while it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.models import Run
from annotations.models.runs import ACTIVE_RUN
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record
from llm_workers.costs.money import unpriced
from llm_workers.models import ModelVersion, RunRule
from llm_workers.models.rules import LIMITS, RuleAction, RuleKind
from llm_workers.policy import Rule
from llm_workers.services.finish import model_of

MOST = 10**11  # more than any run uses, and what the column holds


def run_rules_set(*, run: Run, rules: Sequence[Rule], by: Any) -> Run:
    """Give an unfinished run these rules instead of those that it has; what they say counts from the next answer on.

    Raises ``DomainError``: 409 where the run has ended, 400 for rules that make no sense.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.status not in ACTIVE_RUN:
            text = _("This run is %(status)s, so its limits decide nothing any more.")
            raise DomainError("run_state", text % {"status": run.get_status_display().lower()})
        rules_check(rules, model_of(run))
        before = rules_as_json(RunRule.objects.filter(run=run))
        RunRule.objects.filter(run=run).delete()
        rules_store(run, rules)
        data = {"before": before, "after": rules_as_json(rules)}
        record(
            kind="run.rules_changed",
            actor=actor_of(by),
            subject=f"run:{run.pk}",
            project_id=run.project_id,
            data=data,
        )
    return run


def rules_check(rules: Sequence[Rule], model: ModelVersion) -> None:
    """Raises ``DomainError`` (400) where a rule makes no sense."""
    kinds = [rule.kind for rule in rules]
    if len(set(kinds)) < len(kinds):
        raise _refused("rules", _("There can be one rule of a kind."))
    for rule in rules:
        if rule.kind not in RuleKind.values or rule.action not in RuleAction.values:
            raise _refused("rules", _("There is no such rule."))
        if rule.kind in LIMITS and not 0 < rule.bound < MOST:
            raise _refused(rule.kind, _("A limit is greater than 0."))
        if rule.kind not in LIMITS and not 0 <= rule.bound <= 1:
            raise _refused(rule.kind, _("A share lies between 0 and 1."))
        if rule.least < 1:
            raise _refused(rule.kind, _("At least one label must be compared."))
        if rule.kind == RuleKind.MONEY and (why_not := unpriced(model)):
            raise _refused(rule.kind, why_not)


def rules_store(run: Run, rules: Iterable[Rule]) -> None:
    """Inside the caller's transaction, for a run without rules."""
    RunRule.objects.bulk_create(
        RunRule(run=run, kind=rule.kind, bound=rule.bound, least=rule.least, action=rule.action) for rule in rules
    )


def rules_as_json(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    return [{"kind": rule.kind, "bound": str(rule.bound), "least": rule.least, "action": rule.action} for rule in rules]


def _refused(field: str, text: str) -> DomainError:
    return invalid(text, fields={field: [text]})
