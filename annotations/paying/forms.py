"""The form of an adjustment."""

from __future__ import annotations

import uuid

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from annotations.models import Annotator, Project
from annotations.paying.selectors import payable


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: object) -> str:
        if not isinstance(obj, Annotator) or obj.user is None:
            return str(obj)
        return f"{obj.user.display_name or obj.user.email} ({obj.pseudonym})"


class AdjustmentForm(forms.Form):
    annotator = PersonChoice(label=_("Person"), queryset=Annotator.objects.none())
    amount = forms.DecimalField(
        label=_("Amount"), max_digits=10, decimal_places=2, help_text=_("Negative takes back what was too much.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The person reads it."))
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, project: Project) -> None:
        super().__init__(data, initial={"request_key": uuid.uuid4()})
        people = self.fields["annotator"]
        people.queryset = payable(project).select_related("user").order_by("pseudonym")  # type: ignore[attr-defined]
