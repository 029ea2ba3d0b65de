"""Forms: what a project asks, and a person's own answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.demographics.boxes import Box
from accounts.demographics.questions import NOT_SAID, QUESTIONS, Question
from annotations.demographics.services import MAX_REASON


class ChoiceForm(forms.Form):
    """What an owner chooses."""

    questions = forms.MultipleChoiceField(
        label=_("Questions"),
        required=False,
        choices=[(question.key, question.title) for question in QUESTIONS],
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label=_("Why we ask"),
        required=False,
        max_length=MAX_REASON,
        help_text=_("Read by everybody who is asked, before they answer: what you want to find out, and for whom."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswersForm(forms.Form):
    """One field for each question; "prefer not to say" is what holds until somebody answers."""

    def __init__(self, data: Any, *, questions: Iterable[Question], box: Box) -> None:
        super().__init__(data)
        for question in questions:
            self.fields[question.key] = _field(question, box.answer(question.key))

    @property
    def answers(self) -> dict[str, list[str]]:
        """Question → options chosen; none where nothing was sent."""
        given = {name: self.cleaned_data[name] or [] for name in self.fields}
        return {name: [value] if isinstance(value, str) else value for name, value in given.items()}


def _field(question: Question, chosen: tuple[str, ...]) -> forms.Field:
    options = [(option.key, option.label) for option in question.options]
    tick = _("Tick what applies; nothing ticked means: prefer not to say.")
    if question.several:
        return forms.MultipleChoiceField(
            label=question.ask,
            required=False,
            choices=options,
            initial=list(chosen),
            widget=forms.CheckboxSelectMultiple,
            help_text=format_lazy("{why} {tick}", why=question.why, tick=tick),
        )
    return forms.ChoiceField(
        label=question.ask,
        required=False,
        choices=[(NOT_SAID, _("Prefer not to say")), *options],
        initial=chosen[0] if chosen else NOT_SAID,
        help_text=question.why,
        widget=forms.RadioSelect,
    )
