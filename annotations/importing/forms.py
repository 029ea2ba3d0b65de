"""The page's forms: a file, and which of its columns means what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.importing.mapping import ColumnMapping
from annotations.importing.selectors import Preview
from annotations.models import OnExisting, Project

NONE, WIDE, LONG = "none", "wide", "long"


class UploadForm(forms.Form):
    file = forms.FileField(label=_("File"))


class MappingForm(forms.Form):
    """One choice per meaning; ``mapping`` gives what the service takes."""

    on_existing = forms.ChoiceField(
        label=_("Rows whose item the project has already"),
        choices=OnExisting.choices,
        widget=forms.RadioSelect,
        required=False,
        initial=OnExisting.REPORT,
    )
    change_gold = forms.BooleanField(
        label=_("Replace gold labels that differ"),
        required=False,
        help_text=_("Else such a row is refused."),
    )
    text = forms.ChoiceField(
        label=_("Text"),
        required=False,
        help_text=_("What people and models will label. An update can do without it where there is an id."),
    )
    external_id = forms.ChoiceField(label=_("Id"), required=False, help_text=_("Your own number or name of each item."))
    gold = forms.ChoiceField(label=_("Gold label"), required=False, help_text=_("The right answer, where it is known."))
    shape = forms.ChoiceField(
        label=_("Labels that people gave already"),
        choices=[
            (NONE, _("None in this file")),
            (WIDE, _("One column per person")),
            (LONG, _("One row per label: a column says who labelled")),
        ],
        widget=forms.RadioSelect,
        initial=NONE,
    )
    annotators = forms.MultipleChoiceField(
        label=_("Columns of labels"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "One column per person: each column's name becomes the annotator's name. An empty cell is no label."
        ),
    )
    annotator = forms.ChoiceField(
        label=_("Who labelled"), required=False, help_text=_("One row per label: the column with the person's name.")
    )
    label = forms.ChoiceField(
        label=_("The label given"), required=False, help_text=_("One row per label: the column with the label.")
    )
    extra = forms.BooleanField(
        label=_("Keep all other columns"),
        required=False,
        initial=True,
        help_text=_("They come out again in the export."),
    )
    dataset_name = forms.CharField(label=_("Name of the dataset"), max_length=200)

    def __init__(self, *args: Any, preview: Preview, project: Project, **kwargs: Any) -> None:
        self.attributes = list(project.attributes.all())
        guess = preview.guess
        initial = dict(kwargs.pop("initial", {}))
        if guess is not None:
            initial |= self._initial(guess)
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        columns = [(name, name) for name in preview.columns]
        optional = [("", _("— not in this file —")), *columns]
        for attribute in self.attributes:
            self.fields[f"group_{attribute.pk}"] = forms.ChoiceField(
                label=_("Group: %(name)s") % {"name": attribute.name},
                required=False,
                choices=optional,
                initial=guess.groups.get(attribute.name, "") if guess else "",
                help_text=_("An empty cell: a new item belongs to no group, one that is there keeps its own."),
            )
        self._choices("text").choices = optional if guess else [("", _("— choose —")), *columns]
        for name in ("external_id", "gold", "annotator", "label"):
            self._choices(name).choices = optional
        self._choices("annotators").choices = columns

    @property
    def meanings(self) -> list[forms.BoundField]:
        """The choices that say what an item is, not how it was labelled."""
        groups = [f"group_{attribute.pk}" for attribute in self.attributes]
        return [self[name] for name in ("text", "external_id", *groups, "gold")]

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    @staticmethod
    def _initial(guess: ColumnMapping) -> dict[str, Any]:
        shape = LONG if guess.is_long else WIDE if guess.annotators else NONE
        on_existing = OnExisting.REPORT if guess.text else OnExisting.UPDATE
        chosen = {"annotators": list(guess.annotators), "shape": shape, "on_existing": on_existing}
        return guess.as_json() | chosen

    def mapping(self) -> dict[str, Any]:
        """The chosen columns, of valid forms, as ``services.import_start`` takes them."""
        chosen, shape = self.cleaned_data, self.cleaned_data["shape"]
        groups = {attribute.name: chosen[f"group_{attribute.pk}"] for attribute in self.attributes}
        return {
            "text": chosen["text"],
            "external_id": chosen["external_id"] or None,
            "gold": chosen["gold"] or None,
            "groups": {name: column for name, column in groups.items() if column},
            "annotators": {name: name for name in chosen["annotators"]} if shape == WIDE else {},
            "annotator": (chosen["annotator"] or None) if shape == LONG else None,
            "label": (chosen["label"] or None) if shape == LONG else None,
            "extra": chosen["extra"],
        }

    def options(self) -> dict[str, Any]:
        """What else the service takes, of valid forms."""
        return {
            "dataset_name": self.cleaned_data["dataset_name"],
            "on_existing": self.cleaned_data["on_existing"] or OnExisting.REPORT,
            "change_gold": self.cleaned_data["change_gold"],
        }

    def add_refusal(self, fields: dict[str, list[str]], message: str) -> None:
        """The service's refusal beside the field that it is about."""
        name = next(iter(fields), "").removeprefix("mapping.")
        self.add_error(name if name in self.fields else None, message)
