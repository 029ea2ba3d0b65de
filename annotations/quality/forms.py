"""Forms of checking and reviewing people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import QualityRules
from annotations.models.quality import LONGEST_TEXT
from annotations.quality.aside import MOST
from annotations.quality.rules import FIELDS


class QualityForm(forms.ModelForm):  # type: ignore[type-arg]
    """Parses; what goes together is for the service to say."""

    class Meta:
        model = QualityRules
        fields = FIELDS

    def _post_clean(self) -> None:
        """The service checks and saves; the instance behind the form is for the initial values only."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}


class ReasonForm(forms.Form):
    """A written reason for one of the owner's decisions; ``do`` says which."""

    do = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("reinstate", _("Reinstate")),
            ("keep", _("Keep paused")),
            ("pause", _("Pause")),
            ("exclude", _("Do not count the labels")),
            ("lift", _("Count the labels again")),
            ("qualify", _("Let them label without the quiz")),
        ],
        widget=forms.HiddenInput,
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person reads it."),
    )


class AsideForm(forms.Form):
    """How many items with a known label train people instead of being work."""

    training = forms.IntegerField(label=_("Items for training"), min_value=0, max_value=MOST)
    quiz = forms.IntegerField(
        label=_("Items for the quiz"),
        min_value=0,
        max_value=MOST,
        help_text=_("More than it asks: each try draws anew."),
    )


class AppealForm(forms.Form):
    text = forms.CharField(
        label=_("What should the owner know?"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5})
    )
