"""The form of the serving rules."""

from __future__ import annotations

from typing import Any

from django import forms

from annotations.models import ServingRules
from annotations.serving.selectors import FIELDS


class ServingForm(forms.ModelForm):  # type: ignore[type-arg]
    """Parses; what goes together is for the service to say."""

    class Meta:
        model = ServingRules
        fields = FIELDS

    def _post_clean(self) -> None:
        """The service checks and saves; the instance behind the form is for the initial values only."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}
