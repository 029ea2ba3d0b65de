"""Who labels here: the form."""

from __future__ import annotations

from django import forms

from llm_workers.models import StandInRules


class JudgesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Parses; the service saves."""

    class Meta:
        model = StandInRules
        fields = ("judges",)

    def _post_clean(self) -> None:
        """The instance behind the form is for the initial values only."""
