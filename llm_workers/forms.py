"""Forms of the run pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from annotations.models import Project
from llm_workers.limits import PROBE_ITEMS
from llm_workers.models import ModelVersion, Prompt, RunRule
from llm_workers.models.rules import LIMITS, RuleAction, RuleKind
from llm_workers.policy import Asked
from llm_workers.selectors.prompts import prompts_of
from llm_workers.selectors.runs import models_served


class ModelChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        details = [part for part in (obj.quantization, obj.adapter and _("adapter of %s") % obj.base) if part]
        return f"{obj.name} ({', '.join(str(part) for part in details)})" if details else str(obj.name)


class RunForm(forms.Form):
    model = ModelChoice(label=_("Model"), queryset=ModelVersion.objects.none(), empty_label=None)
    prompt = forms.ModelChoiceField(
        label=_("Prompt"),
        queryset=Prompt.objects.none(),
        required=False,
        empty_label=_("The plain one: guidelines, options, item"),
        help_text=_("With a prompt of the project, its own orders and reasoning count, not those below."),
    )
    max_items = forms.IntegerField(
        label=_("At most this many items"),
        min_value=1,
        required=False,
        help_text=_("Empty: every item that this model has not labelled yet, in a random order."),
    )
    step_size = forms.IntegerField(
        label=_("Items per step (k)"),
        min_value=1,
        max_value=100_000,
        initial=100,
        help_text=_("After every step, counts, agreement and cost are written down as a checkpoint."),
    )
    orders = forms.IntegerField(
        label=_("Orders of the options per item"),
        min_value=1,
        max_value=50,
        initial=1,
        help_text=_(
            "Models favour options by their place. The order changes from item to item in any case; with more than one,"
            " each item is asked that often and the probabilities are averaged, at as many times the cost."
        ),
    )
    probe = forms.IntegerField(
        label=_("Probe"),
        min_value=0,
        max_value=500,
        initial=PROBE_ITEMS,
        required=False,
        help_text=_(
            "After so many items the run waits and shows what the rest would take. They are the run's first items and"
            " keep their labels. 0: start at once."
        ),
    )
    with_reason = forms.BooleanField(
        label=_("Ask for a short reason"),
        required=False,
        help_text=_("Slower, and small models give poor ones."),
    )

    def __init__(self, *args: Any, project: Project, prompt_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prompt"].queryset = prompts_of(project)  # type: ignore[attr-defined]
        preview = {"hx-get": prompt_url, "hx-target": "#prompt", "hx-trigger": "change", "hx-include": "closest form"}
        for name in ("with_reason", "prompt"):
            self.fields[name].widget.attrs.update(preview)
        self.fields["model"].queryset = models_served()  # type: ignore[attr-defined]


@dataclass(frozen=True)
class RuleRow:
    """The fields of one rule. ``least`` is None for a limit."""

    title: str
    bound: BoundField
    least: BoundField | None
    action: BoundField


RULES = {
    RuleKind.ITEMS: _("Items, at most"),
    RuleKind.TOKENS: _("Tokens, at most"),
    RuleKind.MONEY: _("Money, at most"),
    RuleKind.MINUTES: _("Minutes, at most"),
    RuleKind.AGREEMENT: _("% agreement, at least"),
    RuleKind.UNANSWERED: _("% unanswered, at most"),
}


class RulesForm(forms.Form):
    """A run's rules, one row each; an empty bound is no rule. Shares are in percent."""

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, prefix="rules")
        for kind, title in RULES.items():
            whole = kind in (RuleKind.ITEMS, RuleKind.TOKENS)
            share = kind not in LIMITS
            number: dict[str, Any] = {"label": title, "required": False}
            self.fields[f"{kind}_bound"] = (
                forms.IntegerField(min_value=1, max_value=10**11, **number)
                if whole
                else forms.DecimalField(
                    min_value=Decimal(0) if share else Decimal("0.0001"),
                    max_value=Decimal(100 if share else 10**11),
                    decimal_places=2 if share else 4,
                    **number,
                )
            )
            if share:
                self.fields[f"{kind}_least"] = forms.IntegerField(
                    label=_("From labels on") if kind == RuleKind.AGREEMENT else _("From items on"),
                    min_value=1,
                    max_value=2**31 - 1,
                    required=False,
                    initial=50,
                )
            self.fields[f"{kind}_action"] = forms.ChoiceField(
                label=_("Then"), choices=RuleAction.choices, required=False, initial=RuleAction.PAUSE
            )

    def rows(self) -> list[RuleRow]:
        return [
            RuleRow(
                str(title),
                self[f"{kind}_bound"],
                None if kind in LIMITS else self[f"{kind}_least"],
                self[f"{kind}_action"],
            )
            for kind, title in RULES.items()
        ]

    def rules(self) -> list[Asked]:
        """What was asked for; the form must be valid."""
        given = self.cleaned_data
        return [
            Asked(
                kind=kind,
                bound=Decimal(bound) if kind in LIMITS else Decimal(bound) / 100,
                least=given.get(f"{kind}_least") or 1,
                action=given[f"{kind}_action"] or RuleAction.PAUSE,
            )
            for kind in RULES
            if (bound := given[f"{kind}_bound"]) is not None
        ]

    def refuse(self, fields: Iterable[str], message: str) -> None:
        """Write a refusal beside the rule that it is about, or above all."""
        kind = next((name for name in fields if name in RuleKind.values), None)
        self.add_error(f"{kind}_bound" if kind else None, message)


def rules_as_initial(rules: Iterable[RunRule]) -> dict[str, Any]:
    """What the form shows of the rules that a run has."""
    initial: dict[str, Any] = {}
    for rule in rules:
        shown = rule.bound if rule.kind in LIMITS else rule.bound * 100
        initial |= {
            f"{rule.kind}_bound": f"{shown.normalize():f}",
            f"{rule.kind}_least": rule.least,
            f"{rule.kind}_action": rule.action,
        }
    return initial
