"""Forms of the run pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Project
from llm_workers.models import ModelVersion, Prompt
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
