"""The four tables that can be exported: which columns they have, which query fills them, how cells are made.

Annotators appear by pseudonym only, models by their name. Groups stand beside every row, so that each table can be
analysed by itself. Everything is by column: a million rows are a few hundred Arrow batches, and what needs Python (a
label of any task type, a modality's payload) is worked out once for each distinct cell of a batch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from django.db.models import Case as DbCase
from django.db.models import CharField, F, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from annotations.calibration import Curve
from annotations.exporting.columns import Columns, Field, Row, arrow_schema, derive, one
from annotations.exporting.snapshot import Snapshot
from annotations.modalities import REGISTRY as MODALITIES
from annotations.modalities import modality
from annotations.models import (
    Annotation,
    AnnotationStatus,
    AnnotatorKind,
    Calibration,
    Case,
    Consensus,
    ConsensusFit,
    Item,
    LabelSchema,
    ProtectedAttribute,
    Suggestion,
)
from annotations.task_types import TaskType, task_type

# What an export's query calls them → the posterior's columns.
FIT_CELLS = {
    "fitted_value": "value",
    "fitted_certainty": "certainty",
    "fitted_probabilities": "probabilities",
    "fitted_method": "",
}


@dataclass(frozen=True)
class Table:
    """Columns in order (name → kind) and the rows, as Arrow record batches of these columns."""

    columns: Columns
    batches: Iterator[Any]


@dataclass(frozen=True)
class Selection:
    """What of a project is wanted. ``history``: superseded and withdrawn annotations too."""

    project_id: int
    what: str
    dataset_id: int | None = None
    history: bool = False


class Parts(NamedTuple):
    """A table: its query and the fields that are made of the query's cells, in order."""

    query: QuerySet[Any, Any]
    fields: list[Field]


class _Context:
    """What all rows share: the project's attributes and all versions of its label schema, read from the snapshot."""

    def __init__(self, source: Snapshot, project_id: int) -> None:
        attributes = ProtectedAttribute.objects.filter(project_id=project_id)
        self.attributes = [name for (name,) in source.rows(attributes.values_list("name"))]
        self.schemas: dict[int, tuple[int, TaskType, dict[str, Any]]] = {}
        schemas = LabelSchema.objects.filter(project_id=project_id).order_by("version")
        for pk, version, kind, config in source.rows(schemas.values_list("pk", "version", "task_type", "config")):
            self.schemas[pk] = (version, task_type(kind), json.loads(config))
        kinds = {str: "text", bool: "flag", float: "number"}
        self.label_columns: Columns = {}
        for _version, task, config in self.schemas.values():
            self.label_columns |= {name: kinds[type_] for name, type_ in task.columns(config).items()}
        # Without any, their table need not be looked at for each of millions of rows.
        shown = Suggestion.objects.filter(project_id=project_id, shown=True).values_list("pk")[:1]
        self.has_assisted = any(source.rows(shown))
        curves = Calibration.objects.filter(project_id=project_id, curve__isnull=False)
        self.curves = {
            pk: Curve.from_json(json.loads(text))
            for pk, text in source.rows(curves.values_list("annotator_id", "curve"))
        }
        fits = ConsensusFit.objects.filter(project_id=project_id).values_list("method")
        self.fit_method: str | None = next((method for (method,) in source.rows(fits)), None)

    def groups(self, path: str) -> Field:
        """One column for each protected attribute."""

        def make(text: str) -> Row:
            groups = json.loads(text)
            return {f"group_{name}": groups.get(name) for name in self.attributes}

        return Field({f"group_{name}": "text" for name in self.attributes}, (path,), make)

    def label(self, schema_path: str, value_path: str) -> Field:
        """``schema_version`` and the label's columns; those of labels that its version did not have are None."""
        columns: Columns = {"schema_version": "whole", **self.label_columns}

        def make(schema_id: str | None, text: str | None) -> Row:
            row: Row = dict.fromkeys(columns)
            if schema_id is None:
                return row
            version, task, config = self.schemas[int(schema_id)]
            row["schema_version"] = version
            return row if text is None or text == "null" else row | task.flatten(config, json.loads(text))

        return Field(columns, (schema_path, value_path), make)

    def token(self, name: str, path: str) -> Field:
        """A label in one column, as an import reads it. Versions of a schema share their task type."""

        def make(text: str | None) -> Row:
            if text is None or not self.schemas:
                return {name: None}
            _version, task, _config = list(self.schemas.values())[-1]
            return {name: task.token(json.loads(text))}

        return Field({name: "text"}, (path,), make)

    def calibrated(self) -> Field:
        """The confidence as it was found to be worth, by the giver's curve."""

        def whole(annotator: Any, confidence: Any) -> Any:
            giver = annotator.to_numpy(zero_copy_only=False)
            stated = confidence.to_numpy(zero_copy_only=False)
            found = np.full(len(stated), np.nan)
            for pk, curve in self.curves.items():
                mine = giver == pk
                found[mine] = curve.apply(stated[mine])
            return pa.array(found, mask=np.isnan(found))

        return Field(
            {"calibrated_confidence": "number"}, ("annotator_id", "confidence"), whole=whole, kinds=("whole", "number")
        )

    def with_fit(self, query: QuerySet[Any, Any], path: str) -> QuerySet[Any, Any]:
        """``query`` with the cells of ``fit``; ``path`` leads to the item's posterior."""
        if self.fit_method is None:  # then its table need not be looked at either
            nothing: Any = Value(None, output_field=CharField())
            return query.annotate(**dict.fromkeys(FIT_CELLS, nothing))
        fitted: Any = DbCase(When(**{f"{path}__isnull": False}, then=Value(self.fit_method)), default=None)
        cells = {name: F(f"{path}__{cell}") for name, cell in FIT_CELLS.items() if cell}
        return query.annotate(**cells, fitted_method=fitted)

    def fit(self) -> list[Field]:
        """What the last fit makes of the item: label, certainty, probabilities, and by which method."""
        return [
            self.token("fitted", "fitted_value"),
            one("fitted_certainty", "number"),
            one("fitted_probabilities", "json"),
            one("fitted_method", "text"),
        ]


def open_table(source: Snapshot, wanted: Selection) -> Table:
    """The table that ``wanted.what`` names: items, annotations, cases or consensus."""
    parts = TABLES[wanted.what](_Context(source, wanted.project_id), wanted)
    cells = _cells(parts.fields)
    columns = {name: kind for field in parts.fields for name, kind in field.columns.items()}
    raw = source.batches(parts.query.values_list(*cells), cells)
    schema = arrow_schema(columns)
    return Table(columns=columns, batches=(derive(batch, parts.fields, schema) for batch in raw))


def _cells(fields: Iterable[Field]) -> dict[str, str]:
    """The query's cells that ``fields`` need, each once, with its kind: text, where something is made of it."""
    return {source: kind for field in fields for source, kind in zip(field.sources, _kinds(field), strict=True)}


def _kinds(field: Field) -> Iterable[str]:
    if field.kinds:
        return field.kinds
    return ["text" if field.make else next(iter(field.columns.values()))] * len(field.sources)


def _of_project(model: Any, wanted: Selection, dataset: str) -> QuerySet[Any, Any]:
    rows = model.objects.filter(project_id=wanted.project_id).order_by("pk")
    return rows if wanted.dataset_id is None else rows.filter(**{dataset: wanted.dataset_id})


def _items(context: _Context, wanted: Selection) -> Parts:
    payload_columns: Columns = {name: "text" for kind in MODALITIES.values() for name in kind.columns}

    def payload(kind: str, text: str) -> Row:
        return dict.fromkeys(payload_columns) | modality(kind).flatten(json.loads(text))

    return Parts(
        context.with_fit(_of_project(Item, wanted, "dataset"), "posterior"),
        [
            one("item_id", "whole", "pk"),
            one("external_id", "text"),
            Field(payload_columns, ("modality", "payload"), payload),
            context.groups("groups"),
            context.token("gold", "gold"),
            one("modality", "text"),
            one("dataset_id", "whole"),
            one("dataset", "text", "dataset__name"),
            one("row_number", "whole"),
            one("content_hash", "text"),
            one("extra", "json"),
            one("created_at", "time"),
            *context.fit(),
        ],
    )


def _annotations(context: _Context, wanted: Selection) -> Parts:
    query = _of_project(Annotation, wanted, "item__dataset")
    if not wanted.history:
        query = query.filter(status=AnnotationStatus.CURRENT)
    model = Coalesce(
        NullIf("assignment__suggestion__model__name", Value("")), "assignment__suggestion__model__pseudonym"
    )
    assisted: Any = DbCase(When(assignment__suggestion__shown=True, then=model), default=None)
    if not context.has_assisted:
        assisted = Value(None, output_field=CharField())
    # The name of a person never leaves the platform.
    name: Any = DbCase(When(annotator__kind=AnnotatorKind.MODEL, then="annotator__name"), default=None)
    return Parts(
        query.annotate(assisted_by=assisted, model=name),
        [
            one("annotation_id", "whole", "pk"),
            one("item_id", "whole"),
            one("external_id", "text", "item__external_id"),
            context.groups("item__groups"),
            one("annotator", "text", "annotator__pseudonym"),
            one("annotator_kind", "text", "annotator__kind"),
            one("annotator_origin", "text", "annotator__origin"),
            one("model", "text"),
            one("source", "text"),
            one("run_id", "whole"),
            context.label("schema_id", "value"),
            one("status", "text"),
            one("confidence", "number"),
            context.calibrated(),
            one("probabilities", "json"),
            one("reason", "text"),
            one("active_ms", "whole"),
            one("supersedes_id", "whole"),
            one("assisted_by", "text"),
            one("created_at", "time"),
        ],
    )


def _cases(context: _Context, wanted: Selection) -> Parts:
    return Parts(
        _of_project(Case, wanted, "item__dataset"),
        [
            one("case_id", "whole", "pk"),
            one("item_id", "whole"),
            one("external_id", "text", "item__external_id"),
            context.groups("item__groups"),
            one("kind", "text"),
            one("status", "text"),
            one("priority", "number"),
            one("opened_at", "time"),
            one("closed_at", "time"),
            one("settlement_id", "whole", "settlement__pk"),
            context.label("settlement__schema_id", "settlement__value"),
            one("cause", "text", "settlement__cause"),
            one("recurrent", "flag", "settlement__recurrent"),
            one("reason", "text", "settlement__reason"),
            one("settled_at", "time", "settlement__created_at"),
        ],
    )


def _consensus(context: _Context, wanted: Selection) -> Parts:
    def settlement(text: str | None) -> Row:
        return {"settlement_id": None if text is None else json.loads(text)}

    return Parts(
        context.with_fit(_of_project(Consensus, wanted, "item__dataset"), "item__posterior"),
        [
            one("item_id", "whole", "pk"),
            one("external_id", "text", "item__external_id"),
            context.groups("item__groups"),
            context.token("gold", "item__gold"),
            context.label("schema_id", "value"),
            one("method", "text"),
            one("support", "number"),
            one("votes", "json", "evidence__votes"),
            one("models", "json", "evidence__models"),
            one("annotations", "json", "evidence__annotations"),
            Field({"settlement_id": "whole"}, ("evidence__settlement",), settlement),
            one("decided_at", "time"),
            *context.fit(),
        ],
    )


TABLES: dict[str, Callable[[_Context, Selection], Parts]] = {
    "items": _items,
    "annotations": _annotations,
    "cases": _cases,
    "consensus": _consensus,
}
