"""Forms of care. They parse; what may be set is for the services to say."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import BlurChoice
from annotations.models.care import DAY_MINUTES, MOST_ITEMS


class CareForm(forms.Form):
    change_minutes = forms.IntegerField(
        label=_("Minutes in which a label can be changed"),
        min_value=0,
        max_value=30 * DAY_MINUTES,
        help_text=_("Counted from a person's first label of the item. 1440 is a day; 0: labels stay as given."),
    )
    break_minutes = forms.IntegerField(
        label=_("Propose a break after so many minutes of work"),
        min_value=0,
        max_value=480,
        help_text=_("0: never. Each person may choose another time for themselves."),
    )
    blur = forms.BooleanField(
        label=_("Blur items until they are revealed"),
        required=False,
        help_text=_("Where the project has a content warning. Each person may choose otherwise."),
    )
    warned_minutes_per_day = forms.IntegerField(
        label=_("Minutes a day with content that is warned of"),
        min_value=1,
        max_value=DAY_MINUTES,
        required=False,
        help_text=_("A person over it gets no more items until the next day. Empty: no limit."),
    )
    warned_items_per_day = forms.IntegerField(
        label=_("Items a day with content that is warned of"),
        min_value=1,
        max_value=MOST_ITEMS,
        required=False,
        help_text=_("Empty: no limit."),
    )


class PreferencesForm(forms.Form):
    break_minutes = forms.IntegerField(
        label=_("Propose a break after so many minutes of work"),
        min_value=0,
        max_value=480,
        required=False,
        help_text=_("Empty: as each project proposes. 0: never."),
    )
    blur = forms.ChoiceField(label=_("Blur items until I reveal them"), choices=BlurChoice.choices, required=False)
    warned_minutes_per_day = forms.IntegerField(
        label=_("My own limit: minutes a day with content that is warned of"),
        min_value=1,
        max_value=DAY_MINUTES,
        required=False,
        help_text=_("Over all projects. A project's own limit holds too: the lower one counts."),
    )
    warned_items_per_day = forms.IntegerField(
        label=_("My own limit: items a day with content that is warned of"),
        min_value=1,
        max_value=MOST_ITEMS,
        required=False,
    )

    def clean_blur(self) -> str:
        return str(self.cleaned_data["blur"] or BlurChoice.PROJECT)
