"""The form of the rules of consensus."""

from __future__ import annotations

from typing import Any

from django import forms

from annotations.deciding.selectors import FIELDS
from annotations.models import ConsensusRules


class ConsensusForm(forms.ModelForm):  # type: ignore[type-arg]
    """Parses; the service saves."""

    class Meta:
        model = ConsensusRules
        fields = FIELDS

    def _post_clean(self) -> None:
        """The instance behind the form is for the initial values only."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}
