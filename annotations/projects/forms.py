"""Forms about projects. They parse; what a project, a schema or an attribute may be is for the services to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import LabelSchema, Project
from annotations.projects.inputs import AttributeInput, SchemaInput
from annotations.task_types import REGISTRY, task_type

TASKS = [(name, task.title) for name, task in REGISTRY.items()]


class SettingsForm(forms.Form):
    """Everything of ``ProjectSettings`` but the favourable label, which is chosen among the labels."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("What labellers will see."))
    summary = forms.CharField(label=_("What it is for, in a sentence"), max_length=300, required=False)
    content_warning = forms.CharField(
        label=_("Content warning"),
        max_length=300,
        required=False,
        help_text=_("Shown before the first item: “Contains insults and slurs.” Leave empty where nothing disturbs."),
    )
    redundancy = forms.IntegerField(
        label=_("Labels per item"), min_value=1, max_value=50, initial=3, help_text=_("From so many different people.")
    )
    min_support = forms.IntegerField(
        label=_("Labels that must agree"),
        min_value=1,
        max_value=50,
        initial=2,
        help_text=_("An item has a consensus when so many people, and more than half, give the same label."),
    )
    wage_per_hour = forms.DecimalField(
        label=_("Wage per hour"), min_value=0, max_digits=8, decimal_places=2, initial=0, help_text=_("0: unpaid.")
    )
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3, initial="EUR")
    expected_seconds = forms.IntegerField(
        label=_("Expected seconds per item"),
        min_value=1,
        max_value=86_400,
        initial=10,
        help_text=_("A label pays wage × this time."),
    )
    lease_seconds = forms.IntegerField(
        label=_("Seconds that an item stays reserved"),
        min_value=30,
        max_value=86_400,
        initial=600,
        help_text=_("After that it goes to somebody else."),
    )
    is_open = forms.BooleanField(
        label=_("Anyone signed in may join as a worker"),
        required=False,
        help_text=_("Otherwise people come by invitation link only."),
    )


def settings_of(project: Project) -> dict[str, Any]:
    """What a ``SettingsForm`` starts with."""
    return {name: getattr(project, name) for name in SettingsForm.base_fields}


class SchemaForm(forms.Form):
    """The question; its labels are rows of ``LabelRow``."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    favourable = forms.IntegerField(required=False)  # number of the row of the favourable label; none: empty
    task_type = forms.ChoiceField(
        label=_("Kind of answer"), choices=TASKS, initial=TASKS[0][0], widget=forms.RadioSelect
    )
    min_choices = forms.IntegerField(label=_("At least"), min_value=0, max_value=50, required=False)
    max_choices = forms.IntegerField(label=_("At most"), min_value=1, max_value=50, required=False)
    guidelines = forms.CharField(
        label=_("Guidelines"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "true"}),
        help_text=_("Markdown: # headings, **bold**, - lists, > quotes, tables. At hand on every item."),
    )


class LabelRow(forms.Form):
    key = forms.CharField(
        label=_("Key"), required=False, max_length=64, widget=forms.TextInput(attrs={"autocapitalize": "none"})
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=80)
    description = forms.CharField(label=_("When to give it"), required=False, max_length=500)
    shortcut = forms.CharField(
        label=_("Shortcut"), required=False, max_length=1, widget=forms.TextInput(attrs={"autocapitalize": "none"})
    )


class AttributeRow(forms.Form):
    name = forms.CharField(label=_("Attribute"), required=False, max_length=64)
    column = forms.CharField(label=_("Column with the group"), required=False, max_length=128)


LabelRows = forms.formset_factory(LabelRow, extra=0, max_num=50, absolute_max=60)
AttributeRows = forms.formset_factory(AttributeRow, extra=0, max_num=20, absolute_max=30)


def rows_posted(data: Mapping[str, Any], prefix: str, row: type[forms.Form]) -> list[dict[str, Any]]:
    """The rows as they were sent, unchecked, for showing them again; ``favourable`` marks the label chosen as such."""
    total = str(data.get(f"{prefix}-TOTAL_FORMS", "0"))
    count = min(int(total), 60) if total.isdecimal() else 0
    return [
        {name: data.get(f"{prefix}-{n}-{name}", "") for name in row.base_fields}
        | {"favourable": data.get("favourable", "") == str(n)}
        for n in range(count)
    ]


def rows_edited(rows: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The rows after ``add``, ``remove-2``, ``up-2`` or ``down-2``; anything else leaves them alone."""
    rows = list(rows)
    name, _dash, place = action.partition("-")
    at = int(place) if place.isdecimal() else -1
    if name == "add":
        rows.append({})
    elif 0 <= at < len(rows) and name == "remove":
        del rows[at]
    elif 0 <= at < len(rows) and name in ("up", "down"):
        to = at - 1 if name == "up" else at + 1
        if 0 <= to < len(rows):
            rows[at], rows[to] = rows[to], rows[at]
    return rows


def schema_given(form: SchemaForm, rows: Any) -> tuple[SchemaInput, str]:
    """(schema, favourable label's key) of valid forms. Blank rows do not count; new labels get their keys here."""
    data, favourable = form.cleaned_data, None
    labels: list[dict[str, Any]] = []
    for number, row in enumerate(rows.cleaned_data):
        if any(row.values()):
            favourable = len(labels) if number == data["favourable"] else favourable
            labels.append(dict(row))
    config: dict[str, Any] = {"labels": labels}
    config |= {name: data[name] for name in ("min_choices", "max_choices") if data[name] is not None}
    checked = task_type(data["task_type"]).check_config(config)
    schema: SchemaInput = {"task_type": data["task_type"], "config": checked, "guidelines": data["guidelines"]}
    return schema, "" if favourable is None else checked["labels"][favourable]["key"]


def attributes_given(rows: Any) -> list[AttributeInput]:
    """The attributes of a valid formset; blank rows do not count."""
    return [{"name": row["name"], "column": row["column"]} for row in rows.cleaned_data if any(row.values())]


def schema_initial(schema: LabelSchema) -> dict[str, Any]:
    config = schema.config
    return {
        "version": schema.version,
        "task_type": schema.task_type,
        "guidelines": schema.guidelines,
        "min_choices": config.get("min_choices"),
        "max_choices": config.get("max_choices"),
    }


def label_rows(schema: LabelSchema, favourable: str) -> list[dict[str, Any]]:
    return [{**label, "favourable": label["key"] == favourable} for label in schema.config["labels"]]
