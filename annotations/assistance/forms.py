"""The form of assistance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from annotations.assistance.selectors import model_name
from annotations.models import Annotator, AnnotatorKind, Project
from annotations.models.assistance import LEAST_HELD_OUT, MOST_HELD_OUT


class AssistanceForm(forms.Form):
    is_on = forms.BooleanField(
        label=_("Show people a model's label before they give theirs"),
        required=False,
        help_text=_("It is said to be the model's, no option is chosen beforehand, and each person may disagree."),
    )
    model = forms.TypedChoiceField(
        label=_("Whose labels"), required=False, coerce=int, empty_value=None, help_text=_("One version of a model.")
    )
    holdout_percent = forms.FloatField(
        label=_("Percent of items without it"),
        min_value=100 * LEAST_HELD_OUT,
        max_value=100 * MOST_HELD_OUT,
        help_text=_("Drawn anew for each person and item. What they say there shows what the suggestion does."),
    )

    def __init__(self, data: QueryDict | None, *, project: Project, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        models = Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL).order_by("-pk")
        choices = [("", _("None")), *((model.pk, model_name(model)) for model in models)]
        self.fields["model"].choices = choices  # type: ignore[attr-defined]
