"""The four tables that can be exported: which columns they have, which query fills them, how a row is made.

Annotators appear by pseudonym only, models by their name. Groups stand beside every row, so that each table can be
analysed by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case as DbCase
from django.db.models import CharField, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from annotations.exporting.snapshot import Snapshot
from annotations.modalities import REGISTRY as MODALITIES
from annotations.modalities import modality
from annotations.models import (
    Annotation,
    AnnotationStatus,
    Case,
    Consensus,
    Item,
    LabelSchema,
    ProtectedAttribute,
    Suggestion,
)
from annotations.task_types import TaskType, task_type

Row = dict[str, Any]
# Kinds of columns: whole, number, text, flag, time; json is an object or a list, written as text where cells are flat.
Columns = dict[str, str]


@dataclass(frozen=True)
class Table:
    """Columns in order (name → kind) and the rows, each with a value or None for every column."""

    columns: Columns
    rows: Iterator[Row]


@dataclass(frozen=True)
class Selection:
    """What of a project is wanted. ``history``: superseded and withdrawn annotations too."""

    project_id: int
    what: str
    dataset_id: int | None = None
    history: bool = False


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
        self.group_columns: Columns = {f"group_{name}": "text" for name in self.attributes}

    def groups(self, text: str) -> Row:
        groups = json.loads(text)
        return {f"group_{name}": groups.get(name) for name in self.attributes}

    def label(self, schema_id: int | None, text: str | None) -> Row:
        """``schema_version`` and the label's columns; those of labels that its version did not have are None."""
        row: Row = dict.fromkeys(("schema_version", *self.label_columns))
        if schema_id is None:
            return row
        version, task, config = self.schemas[schema_id]
        row["schema_version"] = version
        return row if text is None or text == "null" else row | task.flatten(config, json.loads(text))

    def gold(self, text: str | None) -> str | None:
        """The gold label as an import reads it. Versions of a schema share their task type."""
        if text is None or not self.schemas:
            return None
        _version, task, _config = list(self.schemas.values())[-1]
        return task.token(json.loads(text))


def open_table(source: Snapshot, wanted: Selection) -> Table:
    """The table that ``wanted.what`` names: items, annotations, cases or consensus."""
    context = _Context(source, wanted.project_id)
    columns, query, make = TABLES[wanted.what](context, wanted)
    return Table(columns=columns, rows=(make(*row) for row in source.rows(query)))


Parts = tuple[Columns, QuerySet[Any, Any], Callable[..., Row]]


def _of_project(model: Any, wanted: Selection, dataset: str) -> QuerySet[Any, Any]:
    rows = model.objects.filter(project_id=wanted.project_id).order_by("pk")
    return rows if wanted.dataset_id is None else rows.filter(**{dataset: wanted.dataset_id})


def _items(context: _Context, wanted: Selection) -> Parts:
    payload_columns: Columns = {name: "text" for kind in MODALITIES.values() for name in kind.columns}
    columns: Columns = {
        "item_id": "whole", "external_id": "text", **payload_columns, **context.group_columns, "gold": "text",
        "modality": "text", "dataset_id": "whole", "dataset": "text", "row_number": "whole", "content_hash": "text",
        "extra": "json", "created_at": "time",
    }  # fmt: skip
    query = _of_project(Item, wanted, "dataset").values_list(
        "pk", "external_id", "payload", "groups", "gold", "modality", "dataset_id", "dataset__name", "row_number",
        "content_hash", "extra", "created_at",
    )  # fmt: skip

    def make(
        pk: int, external_id: str, payload: str, groups: str, gold: str | None, kind: str, dataset_id: int,
        dataset: str, row_number: int | None, digest: str, extra: str, created_at: Any,
    ) -> Row:  # fmt: skip
        return {
            **dict.fromkeys(payload_columns),
            "item_id": pk,
            "external_id": external_id,
            **modality(kind).flatten(json.loads(payload)),
            **context.groups(groups),
            "gold": context.gold(gold),
            "modality": kind,
            "dataset_id": dataset_id,
            "dataset": dataset,
            "row_number": row_number,
            "content_hash": digest,
            "extra": json.loads(extra),
            "created_at": created_at,
        }

    return columns, query, make


def _annotations(context: _Context, wanted: Selection) -> Parts:
    columns: Columns = {
        "annotation_id": "whole", "item_id": "whole", "external_id": "text", **context.group_columns,
        "annotator": "text", "annotator_kind": "text", "annotator_origin": "text", "model": "text", "source": "text",
        "run_id": "whole", "schema_version": "whole", **context.label_columns, "status": "text",
        "confidence": "number", "probabilities": "json", "reason": "text", "active_ms": "whole",
        "supersedes_id": "whole", "assisted_by": "text", "created_at": "time",
    }  # fmt: skip
    query = _of_project(Annotation, wanted, "item__dataset")
    if not wanted.history:
        query = query.filter(status=AnnotationStatus.CURRENT)
    model = Coalesce(
        NullIf("assignment__suggestion__model__name", Value("")), "assignment__suggestion__model__pseudonym"
    )
    assisted: Any = DbCase(When(assignment__suggestion__shown=True, then=model), default=None)
    if not context.has_assisted:
        assisted = Value(None, output_field=CharField())
    query = query.annotate(assisted_by=assisted).values_list(
        "pk", "item_id", "item__external_id", "item__groups", "annotator__pseudonym", "annotator__kind",
        "annotator__origin", "annotator__name", "source", "run_id", "schema_id", "value", "status", "confidence",
        "probabilities", "reason", "active_ms", "supersedes_id", "assisted_by",
        "created_at",
    )  # fmt: skip

    def make(
        pk: int, item_id: int, external_id: str, groups: str, pseudonym: str, kind: str, origin: str, name: str,
        source: str, run_id: int | None, schema_id: int, value: str, status: str, confidence: float | None,
        probabilities: str | None, reason: str, active_ms: int | None, supersedes_id: int | None,
        assisted_by: str | None, created_at: Any,
    ) -> Row:  # fmt: skip
        return {
            "annotation_id": pk,
            "item_id": item_id,
            "external_id": external_id,
            **context.groups(groups),
            "annotator": pseudonym,
            "annotator_kind": kind,
            "annotator_origin": origin,
            "model": name if kind == "model" else None,  # the name of a person never leaves the platform
            "source": source,
            "run_id": run_id,
            **context.label(schema_id, value),
            "status": status,
            "confidence": confidence,
            "probabilities": json.loads(probabilities) if probabilities else None,
            "reason": reason,
            "active_ms": active_ms,
            "supersedes_id": supersedes_id,
            "assisted_by": assisted_by,
            "created_at": created_at,
        }

    return columns, query, make


def _cases(context: _Context, wanted: Selection) -> Parts:
    columns: Columns = {
        "case_id": "whole", "item_id": "whole", "external_id": "text", **context.group_columns, "kind": "text",
        "status": "text", "priority": "number", "opened_at": "time", "closed_at": "time", "settlement_id": "whole",
        "schema_version": "whole", **context.label_columns, "cause": "text", "recurrent": "flag", "reason": "text",
        "settled_at": "time",
    }  # fmt: skip
    query = _of_project(Case, wanted, "item__dataset").values_list(
        "pk", "item_id", "item__external_id", "item__groups", "kind", "status", "priority", "opened_at", "closed_at",
        "settlement__pk", "settlement__schema_id", "settlement__value", "settlement__cause", "settlement__recurrent",
        "settlement__reason", "settlement__created_at",
    )  # fmt: skip

    def make(
        pk: int, item_id: int, external_id: str, groups: str, kind: str, status: str, priority: float,
        opened_at: Any, closed_at: Any, settlement_id: int | None, schema_id: int | None, value: str | None,
        cause: str | None, recurrent: bool | None, reason: str | None, settled_at: Any,
    ) -> Row:  # fmt: skip
        return {
            "case_id": pk,
            "item_id": item_id,
            "external_id": external_id,
            **context.groups(groups),
            "kind": kind,
            "status": status,
            "priority": priority,
            "opened_at": opened_at,
            "closed_at": closed_at,
            "settlement_id": settlement_id,
            **context.label(schema_id, value),
            "cause": cause,
            "recurrent": recurrent,
            "reason": reason,
            "settled_at": settled_at,
        }

    return columns, query, make


def _consensus(context: _Context, wanted: Selection) -> Parts:
    columns: Columns = {
        "item_id": "whole", "external_id": "text", **context.group_columns, "gold": "text",
        "schema_version": "whole", **context.label_columns, "method": "text", "support": "number", "votes": "json",
        "models": "json", "annotations": "json", "settlement_id": "whole", "decided_at": "time",
    }  # fmt: skip
    query = _of_project(Consensus, wanted, "item__dataset").values_list(
        "pk", "item__external_id", "item__groups", "item__gold", "schema_id", "value", "method", "support", "evidence",
        "decided_at",
    )  # fmt: skip

    def make(
        pk: int, external_id: str, groups: str, gold: str | None, schema_id: int, value: str | None, method: str,
        support: float | None, evidence: str, decided_at: Any,
    ) -> Row:  # fmt: skip
        found = json.loads(evidence)
        return {
            "item_id": pk,
            "external_id": external_id,
            **context.groups(groups),
            "gold": context.gold(gold),
            **context.label(schema_id, value),
            "method": method,
            "support": support,
            "votes": found.get("votes", {}),
            "models": found.get("models", {}),
            "annotations": found.get("annotations", []),
            "settlement_id": found.get("settlement"),
            "decided_at": decided_at,
        }

    return columns, query, make


TABLES: dict[str, Callable[[_Context, Selection], Parts]] = {
    "items": _items,
    "annotations": _annotations,
    "cases": _cases,
    "consensus": _consensus,
}
