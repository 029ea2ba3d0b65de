"""What the page of more labels sends. It parses; what makes sense is for the service to say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Project
from annotations.models.raising import MOST_MORE


class RaiseForm(forms.Form):
    """Which group, and how many labels more."""

    attribute = forms.ChoiceField(label=_("Attribute"))
    group = forms.CharField(label=_("Group"), max_length=200)
    more = forms.IntegerField(label=_("Labels more for each item"), min_value=1, max_value=MOST_MORE, initial=1)

    def __init__(self, data: Any = None, *, project: Project) -> None:
        super().__init__(data)
        names = project.attributes.values_list("name", flat=True)
        self.fields["attribute"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
