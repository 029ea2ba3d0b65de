"""Which column of a file means what: checked against the file and the project, or guessed from names and first rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from annotations.importing.cells import cell_text, label_value
from annotations.importing.errors import BadRow
from annotations.models import LabelSchema, Project
from annotations.task_types import task_type
from ledger.errors import DomainError, invalid

TEXT_NAMES = (
    "text", "test_case", "content", "message", "comment", "sentence", "body", "post", "tweet", "document", "prompt",
    "utterance", "question",
)  # fmt: skip
ID_NAMES = ("external_id", "item_id", "case_id", "id", "uid", "uuid", "key")
GOLD_NAMES = ("gold", "gold_label", "label_gold", "true_label", "ground_truth", "expected")
ANNOTATOR_NAMES = ("annotator", "annotator_id", "worker", "worker_id", "rater", "rater_id", "coder")
LABEL_NAMES = ("label", "annotation", "answer", "rating", "judgment", "judgement")
WIDE_COLUMN = re.compile(r"(label|annotator|annotation|rater|coder|vote)[ _-]?\d+", re.IGNORECASE)
MAX_NAME = 200


@dataclass(frozen=True)
class ColumnMapping:
    """``groups``: protected attribute → column. Labels come in one of two shapes, or not at all.

    Wide: ``annotators`` maps each column of labels to the name of who gave them; an empty cell is no label.
    Long: ``annotator`` and ``label`` are columns, and an item may stand in several rows, one for each label.
    ``extra``: keep the columns that nothing else uses. ``text`` is empty where an update finds items by id alone.
    """

    text: str
    external_id: str | None = None
    gold: str | None = None
    groups: dict[str, str] = field(default_factory=dict)
    annotators: dict[str, str] = field(default_factory=dict)
    annotator: str | None = None
    label: str | None = None
    extra: bool = True

    @property
    def is_long(self) -> bool:
        return self.annotator is not None

    @property
    def says_something(self) -> bool:
        """Whether it holds more than which item is meant."""
        return bool(self.gold or self.groups or self.annotators or self.annotator)

    @property
    def columns(self) -> set[str]:
        """The columns that this mapping uses."""
        single = (self.text, self.external_id, self.gold, self.annotator, self.label)
        return {name for name in single if name} | set(self.groups.values()) | set(self.annotators)

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "external_id": self.external_id,
            "gold": self.gold,
            "groups": self.groups,
            "annotators": self.annotators,
            "annotator": self.annotator,
            "label": self.label,
            "extra": self.extra,
        }


def check_mapping(raw: Any, *, columns: Sequence[str], project: Project, updates: bool = False) -> ColumnMapping:
    """The mapping in canonical form; raises ``DomainError`` (400) that names the field at fault.

    ``updates``: for an update of items that are there, which finds them by id, text or both, and keeps no columns.
    """
    if not isinstance(raw, Mapping):
        raise _at("mapping", _('The mapping must be a JSON object such as {"text": "column"}.'))
    known = set(ColumnMapping.__dataclass_fields__)
    unknown = sorted(set(map(str, raw)) - known)
    if unknown:
        text = _("“%(name)s” is no part of a mapping. Parts: %(known)s.")
        raise _at(unknown[0], text % {"name": unknown[0], "known": ", ".join(sorted(known))})
    single = {name: _column(raw, name, columns) for name in ("text", "external_id", "gold", "annotator", "label")}
    if single["text"] is None and not (updates and single["external_id"]):
        raise _at("text", _("Say which column holds the text. Columns: %(columns)s.") % {"columns": _listed(columns)})
    groups = _names(raw, "groups")
    _check_groups(groups, columns, project)
    annotators = _names(raw, "annotators")
    _check_annotators(annotators, columns, single)
    extra = raw.get("extra", True)
    if not isinstance(extra, bool):
        raise _at("extra", _("“extra” is true or false."))
    single["text"] = single["text"] or ""
    mapping = ColumnMapping(
        **single,  # type: ignore[arg-type]
        groups=groups,
        annotators=annotators,
        extra=extra and not updates,
    )
    _refuse_double_use(mapping)
    if updates and not mapping.says_something:
        raise _at("mapping", _("Say what to add to the items: a gold label, groups, or labels."))
    return mapping


def _column(raw: Mapping[str, Any], name: str, columns: Sequence[str]) -> str | None:
    column = raw.get(name)
    if column is None or column == "":
        return None
    return _existing(name, column, columns)


def _existing(where: str, column: Any, columns: Sequence[str]) -> str:
    if column not in columns:
        text = _("The file has no column “%(name)s”. Columns: %(columns)s.")
        raise _at(where, text % {"name": str(column)[:80], "columns": _listed(columns)})
    return str(column)


def _names(raw: Mapping[str, Any], part: str) -> dict[str, str]:
    names = raw.get(part) or {}
    if not isinstance(names, Mapping) or not all(isinstance(text, str) for pair in names.items() for text in pair):
        raise _at(part, _("“%(part)s” must be an object of texts.") % {"part": part})
    return {key: text.strip() for key, text in names.items() if text.strip()}


def _check_groups(groups: dict[str, str], columns: Sequence[str], project: Project) -> None:
    known = list(project.attributes.values_list("name", flat=True))
    for attribute, column in groups.items():
        if attribute not in known:
            text = _(
                "The project has no protected attribute “%(name)s”. It has: %(known)s. Add it in the settings first."
            )
            raise _at("groups", text % {"name": attribute[:80], "known": ", ".join(known) or "–"})
        _existing("groups", column, columns)


def _check_annotators(annotators: dict[str, str], columns: Sequence[str], single: dict[str, str | None]) -> None:
    if (single["annotator"] is None) != (single["label"] is None):
        missing = "label" if single["label"] is None else "annotator"
        raise _at(missing, _("Labels in rows need both columns: who labelled (annotator) and what (label)."))
    if annotators and single["annotator"]:
        raise _at("annotators", _("Labels are either in one column per annotator or in rows, not both."))
    names = list(annotators.values())
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise _at("annotators", _("Two columns cannot both be annotator “%(name)s”.") % {"name": twice[0][:80]})
    for column, name in annotators.items():
        _existing("annotators", column, columns)
        if len(name) > MAX_NAME:
            raise _at("annotators", _("An annotator's name has at most 200 characters."))


def _refuse_double_use(mapping: ColumnMapping) -> None:
    roles = {"text": mapping.text, "annotator": mapping.annotator, "label": mapping.label, "gold": mapping.gold}
    used: dict[str, str] = {}
    for role, column in [*roles.items(), *(("annotators", column) for column in mapping.annotators)]:
        if not column:
            continue
        if column in used:
            text = _("Column “%(name)s” cannot be both “%(one)s” and “%(other)s”.")
            raise _at(role, text % {"name": column[:80], "one": used[column], "other": role})
        used[column] = role


def _at(name: str, message: str) -> DomainError:
    return invalid(
        message, fields={f"mapping.{name}" if name != "mapping" else name: [message]}, code="invalid_mapping"
    )


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in columns[:40])
    return shown + (" …" if len(columns) > 40 else "")


def guess_mapping(
    *, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], project: Project
) -> ColumnMapping | None:
    """The mapping that the names of the columns suggest; None where it is not clear which of them holds the text.

    It has no text where the file can be nothing but an update: an id, and something to add to it. A column is taken for
    gold or for labels only where at least half of its cells in the first rows are labels of the project.
    """
    rows = list(rows)
    text = _first(columns, TEXT_NAMES) or (columns[0] if len(columns) == 1 else None)
    schema = project.schemas.get(is_current=True)
    free = [column for column in columns if column != text]
    groups = _guess_groups(free, project)
    free = [column for column in free if column not in groups.values()]
    gold = _first([column for column in free if _holds_labels(column, rows, schema)], GOLD_NAMES)
    wide = [c for c in free if c != gold and WIDE_COLUMN.fullmatch(c.strip()) and _holds_labels(c, rows, schema)]
    annotator, label = _first(free, ANNOTATOR_NAMES), _first(free, LABEL_NAMES)
    is_long = bool(not wide and annotator and label and _holds_labels(label, rows, schema))
    guess = ColumnMapping(
        text=text or "",
        external_id=_first(free, ID_NAMES),
        gold=gold,
        groups=groups,
        annotators={column: column for column in wide} if len(wide) > 1 else {},
        annotator=annotator if is_long else None,
        label=label if is_long else None,
    )
    return guess if text or (guess.external_id and guess.says_something) else None


def _first(columns: Sequence[str], names: Sequence[str]) -> str | None:
    by_name = {column.strip().casefold(): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def _guess_groups(columns: Sequence[str], project: Project) -> dict[str, str]:
    groups = {}
    for attribute in project.attributes.all():
        wanted = (attribute.column.casefold(), attribute.name.casefold(), f"group_{attribute.name}".casefold())
        column = _first(columns, wanted)
        if column is not None:
            groups[attribute.name] = column
    return groups


def _holds_labels(column: str, rows: Sequence[Mapping[str, Any]], schema: LabelSchema) -> bool:
    """Whether at least half of the cells that are not empty are labels; a wrong one among them is a bad row."""
    task, right, wrong = task_type(schema.task_type), 0, 0
    for row in rows:
        try:
            if cell_text(row.get(column)):
                label_value(task, schema.config, row.get(column))
                right += 1
        except (BadRow, DomainError):
            wrong += 1
    return right > 0 and right >= wrong
