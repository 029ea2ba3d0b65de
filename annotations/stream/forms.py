"""The form of the audit stream: shares in percent, because that is how they are spoken of."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import StreamRules
from annotations.models.stream import MOST

PERCENT = {"share_percent": "share", "chosen_percent": "chosen_share"}


class StreamForm(forms.Form):
    share_percent = forms.FloatField(
        label=_("Percent of finished items drawn uniformly"),
        min_value=0,
        max_value=100 * MOST,
        help_text=_("0: none. 5 is a good beginning: of 2,000 items a hundred are checked."),
    )
    models_alone = forms.BooleanField(
        label=_("Also items that only models have labelled"),
        required=False,
        help_text=_(
            "Otherwise an item is drawn once people have given all its labels. With this a model's label is enough; "
            "people are then asked no more about items that were drawn. For projects that people do not label whole."
        ),
    )
    chosen_percent = forms.FloatField(
        label=_("Percent of finished items drawn where errors are likely"),
        min_value=0,
        max_value=100 * MOST,
        help_text=_("0: none. Finds more errors a minute; each item has a chance that is known and never zero."),
    )

    @classmethod
    def of(cls, rules: StreamRules, data: Any) -> StreamForm:
        shares = {name: round(100 * getattr(rules, field), 6) for name, field in PERCENT.items()}
        return cls(data, initial={**shares, "models_alone": rules.models_alone})

    @property
    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        shares = {field: given[name] / 100 for name, field in PERCENT.items()}
        return {**shares, "models_alone": given["models_alone"]}
