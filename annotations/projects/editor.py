"""A form with rows that are added, moved and removed: by a round trip to the server, or in the page by a script.

The button pressed is ``do``: ``save`` (or none) sends the form, anything else changes the rows and shows it again with
all that was typed, unchecked and unsaved.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django import forms

from accounts.people import blame
from annotations.markdown import render_markdown
from annotations.projects.forms import (
    AttributeRow,
    AttributeRows,
    LabelRow,
    LabelRows,
    SchemaForm,
    SettingsForm,
    attributes_given,
    rows_edited,
    rows_posted,
    schema_given,
)
from ledger.errors import DomainError

T = TypeVar("T")
EMPTY_LABELS = 2  # a choice needs two


class Editor(ABC):
    """One page's form. ``fields`` and ``rows`` are what the template shows; ``status`` is the answer's."""

    row: type[forms.Form]
    row_set: Any
    prefix: str
    form: forms.Form

    def __init__(self, data: Mapping[str, Any] | None, *, rows: list[dict[str, Any]]) -> None:
        self.data = data
        self.action = "" if data is None else str(data.get("do", "save"))
        self.is_sent = self.action == "save"
        if self.is_sent:
            self.rows = self.row_set(data, prefix=self.prefix)
        else:
            edited = rows if data is None else rows_edited(rows_posted(data, self.prefix, self.row), self._for_rows())
            self.rows = self.row_set(initial=edited, prefix=self.prefix)

    def _for_rows(self) -> str:
        """The action, where it is one on these rows: ``labels-add``, ``attributes-remove-2``."""
        return self.action.removeprefix(f"{self.prefix}-") if self.action.startswith(f"{self.prefix}-") else ""

    @property
    def status(self) -> int:
        return 422 if self.is_sent else 200

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.rows.is_valid()])

    @abstractmethod
    def given(self) -> dict[str, Any]:
        """What the service takes, of a valid form."""

    def attempt(self, service: Callable[[dict[str, Any]], T]) -> T | None:
        """What the service made of it; None where it refused, with the reasons on the form."""
        try:
            return service(self.given())
        except DomainError as error:
            blame(self.form, error)
        return None


class SchemaEditor(Editor):
    row, row_set, prefix = LabelRow, LabelRows, "labels"

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        initial: dict[str, Any] | None = None,
        rows: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(data, rows=rows or [{} for _ in range(EMPTY_LABELS)])
        self.form: SchemaForm = (
            SchemaForm(data) if self.is_sent else SchemaForm(initial=dict((data or initial or {}).items()))
        )

    @property
    def labels(self) -> list[dict[str, Any]]:
        """The rows for the template: their form, and whether each is the favourable one."""
        chosen = str((self.data or {}).get("favourable", "")) if self.is_sent else ""
        return [
            {
                "form": form,
                "favourable": chosen == str(number) if self.is_sent else bool(form.initial.get("favourable")),
            }
            for number, form in enumerate(self.rows)
        ]

    @property
    def has_favourable(self) -> bool:
        return any(label["favourable"] for label in self.labels)

    @property
    def preview(self) -> str:
        return render_markdown(self.form["guidelines"].value() or "")

    def given(self) -> dict[str, Any]:
        schema, favourable = schema_given(self.form, self.rows)
        return {"schema": schema, "favourable_label": favourable}


class AttributesEditor(Editor):
    row, row_set, prefix = AttributeRow, AttributeRows, "attributes"

    def __init__(self, data: Mapping[str, Any] | None, *, rows: list[dict[str, Any]] | None = None) -> None:
        super().__init__(data, rows=rows or [{}])
        self.form = forms.Form(data) if self.is_sent else forms.Form()

    def given(self) -> dict[str, Any]:
        return {"attributes": attributes_given(self.rows)}


class ProjectEditor:
    """The page that makes a project: its settings, its question, its protected attributes, in one form."""

    def __init__(self, data: Mapping[str, Any] | None) -> None:
        self.schema = SchemaEditor(data)
        self.attributes = AttributesEditor(data)
        self.is_sent, self.status = self.schema.is_sent, self.schema.status
        self.form = SettingsForm(data) if self.is_sent else SettingsForm(initial=dict((data or {}).items()))

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), self.schema.is_valid(), self.attributes.is_valid()])

    def attempt(self, service: Callable[[dict[str, Any]], T]) -> T | None:
        try:
            return service({**self.form.cleaned_data, **self.schema.given(), **self.attributes.given()})
        except DomainError as error:
            schema_fields = set(self.schema.form.fields) & set(error.fields)
            blame(self.schema.form if schema_fields else self.form, error)
        return None
