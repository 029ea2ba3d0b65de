"""Forms of the validation pages. They parse; the services check and save."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from llm_workers.models import ModelVersion
from llm_workers.validating.models import OpensCases, ValidatorRules, VerifierRules
from llm_workers.validating.recommending import Recommendation


class ValidatorForm(forms.Form):
    enabled = forms.BooleanField(label=_("Have a model rate people's labels"), required=False)
    model = forms.ModelChoiceField(
        label=_("Model"),
        queryset=ModelVersion.objects.none(),
        required=False,
        help_text=_("Another model than the one that labels sees mistakes that the labelling one would repeat."),
    )
    max_tokens = forms.IntegerField(label=_("At most this many tokens"), min_value=0, required=False)
    max_cost = forms.DecimalField(
        label=_("At most this much money"), min_value=0, max_digits=12, decimal_places=4, required=False
    )
    max_minutes = forms.FloatField(label=_("At most this many minutes of model time"), min_value=0, required=False)

    def __init__(self, data: Any = None, *, rules: ValidatorRules, recommended: Recommendation | None) -> None:
        initial = {name: getattr(rules, name) for name in self.base_fields}
        if rules.model_id is None and recommended is not None:
            initial["model"] = recommended.model
        super().__init__(data, initial=initial)
        # One that is not served just now stays chosen.
        offered = ModelVersion.objects.filter(Q(pk=rules.model_id) | Q(endpoints__isnull=False)).distinct()
        self.fields["model"].queryset = offered  # type: ignore[attr-defined]


class VerifierForm(forms.Form):
    opens_cases = forms.ChoiceField(
        label=_("Low scores open cases"),
        choices=OpensCases.choices,
        help_text=_(
            "An expert then looks at the item though nobody disagrees. The label changes only by a settlement."
        ),
    )
    threshold = forms.FloatField(
        label=_("Doubt a label below this probability to be right"),
        required=False,
        min_value=0.01,
        max_value=0.99,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
        help_text=_(
            "Empty: where a minute of an expert is expected to find as many errors as a minute on the disagreements."
        ),
    )
    share = forms.FloatField(
        label=_("At most this share of the items at a time"),
        min_value=0.0001,
        max_value=1,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=_("0.02: two items in a hundred have an open case for a low score at most."),
    )
    models_alone = forms.BooleanField(label=_("Also items that only models have labelled"), required=False)
    use_groups = forms.BooleanField(
        label=_("Let the score depend on the item's groups"),
        required=False,
        help_text=_(
            "Off unless you have a reason: a score that knows the group can doubt a group's labels for being that"
            " group's. Figures are shown for each group in any case."
        ),
    )

    def __init__(self, data: Any = None, *, rules: VerifierRules) -> None:
        super().__init__(data, initial={name: getattr(rules, name) for name in self.base_fields})
