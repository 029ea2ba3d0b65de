"""Form of a decision about a suspicion."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models.quality import LONGEST_TEXT
from annotations.suspicion.services import DISMISS, EXCLUDE, PAUSE


class DecisionForm(forms.Form):
    """Parses; whom a decision may be about is for the service to say."""

    action = forms.ChoiceField(
        label=_("Decision"),
        choices=[(DISMISS, _("Dismiss")), (PAUSE, _("Pause")), (EXCLUDE, _("Do not count the labels"))],
    )
    annotators = forms.TypedMultipleChoiceField(label=_("Who"), coerce=int, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_TEXT)

    def __init__(self, data: object, *, people: list[tuple[int, str]]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["annotators"].choices = people  # type: ignore[attr-defined]
