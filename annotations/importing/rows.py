"""A row of a file as an item with labels, or the reason why it is none. Pure: no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from annotations.grouping.selectors import GroupRules
from annotations.grouping.values import original_column
from annotations.importing.cells import cell_json, cell_text, label_value, stored_json
from annotations.importing.errors import BadRow
from annotations.importing.mapping import MAX_NAME, ColumnMapping
from annotations.importing.readers import Row
from annotations.modalities import modality
from annotations.modalities.base import content_hash_of
from annotations.models import RowProblemKind
from annotations.task_types import TaskType
from ledger.errors import DomainError

MODALITY = "text"
MAX_ID = 200
MAX_GROUP = 100
MAX_EXTRA = 50_000
REMEMBERED = 10_000


@dataclass(slots=True)
class ParsedRow:
    """A sound row. ``labels``: (annotator's name, value) pairs. ``id`` is the item's, once it has one; ``line`` what
    of it is the same whichever id it gets."""

    row: Row
    content_hash: str
    payload_json: str
    external_id: str
    groups: dict[str, str]
    groups_json: str
    gold: Any
    extra_json: str
    labels: list[tuple[str, Any]] = field(default_factory=list)
    originals: Mapping[str, str] = field(default_factory=dict)
    id: int = 0
    line: str = ""


@dataclass(frozen=True, slots=True)
class Groups:
    """Attribute → group, and the same as JSON. ``originals``: column of the item → value as it was imported, of groups
    that rules of the owner made of other values."""

    groups: dict[str, str]
    as_json: str
    originals: dict[str, str]


@dataclass(slots=True)
class Problem:
    number: int
    kind: RowProblemKind
    reason: str
    excerpt: str


def bad(row: Row, reason: str) -> Problem:
    return Problem(row.number, RowProblemKind.BAD, reason, row.excerpt())


def duplicate(row: Row, reason: str) -> Problem:
    return Problem(row.number, RowProblemKind.DUPLICATE, reason, row.excerpt())


class RowParser:
    """Applies a mapping to rows, for one label schema."""

    def __init__(
        self,
        *,
        mapping: ColumnMapping,
        columns: list[str],
        task: TaskType,
        config: Mapping[str, Any],
        rules: GroupRules | None = None,
    ) -> None:
        self._rules = rules or None
        self.mapping, self.task, self.config = mapping, task, config
        self.modality = modality(MODALITY)
        self._used = mapping.columns
        self._extra_columns = [name for name in columns if name not in self._used]
        self._has_labels = bool(mapping.annotators or mapping.annotator)
        # The same few labels and groups come again and again.
        self._values: dict[str, Any] = {}  # label text → value
        self._known_groups: dict[tuple[tuple[str, str], ...], Groups] = {}

    def parse(self, row: Row) -> ParsedRow | Problem:
        if row.problem:
            return bad(row, row.problem)
        try:
            return self._parse(row)
        except BadRow as error:
            return bad(row, str(error))

    def _parse(self, row: Row) -> ParsedRow:
        values, mapping = row.values, self.mapping
        payload = self._payload(values.get(mapping.text))
        payload_json = stored_json(payload)
        groups = self._groups(values)
        return ParsedRow(
            row,
            content_hash_of(MODALITY, payload_json),
            payload_json,
            self._external_id(values) if mapping.external_id else "",
            groups.groups,
            groups.as_json,
            self._label(mapping.gold, values.get(mapping.gold)) if mapping.gold else None,
            self._extra(values if mapping.extra else {}, groups.originals),
            self._labels(values) if self._has_labels else [],
            groups.originals,
        )

    def _payload(self, cell: Any) -> dict[str, Any]:
        try:
            return self.modality.check_payload(cell if isinstance(cell, str) else cell_text(cell))
        except (BadRow, DomainError) as error:
            raise BadRow(_at(self.mapping.text, error)) from None

    def _external_id(self, values: Mapping[str, Any]) -> str:
        column = str(self.mapping.external_id)
        text = _text(column, values.get(column))
        if len(text) > MAX_ID:
            raise BadRow(_at(column, _("an id has at most 200 characters")))
        if "\n" in text or "\r" in text:
            raise BadRow(_at(column, _("an id cannot hold a line end")))
        return _storable(column, text)

    def _groups(self, values: Mapping[str, Any]) -> Groups:
        """The row's groups. Rows of the same groups share one object, which nobody changes."""
        groups = {}
        for attribute, column in self.mapping.groups.items():
            text = _text(column, values.get(column))
            if len(text) > MAX_GROUP:
                raise BadRow(_at(column, _("a group's name has at most 100 characters")))
            if text:
                groups[attribute] = text
        key = tuple(groups.items())
        known = self._known_groups.get(key)
        if known is None:
            known = self._regrouped(groups)
            if len(self._known_groups) < REMEMBERED:
                self._known_groups[key] = known
        return known

    def _regrouped(self, imported: dict[str, str]) -> Groups:
        """By the bins and merges that the owner had made before."""
        if self._rules is None:
            return Groups(imported, stored_json(imported), {})
        groups = {name: self._rules.group(name, value) for name, value in imported.items()}
        changed = {original_column(name): value for name, value in imported.items() if groups[name] != value}
        return Groups(groups, stored_json(groups), changed)

    def _label(self, column: str, cell: Any) -> Any:
        """The value in a cell, None where it is empty."""
        if isinstance(cell, str):
            if cell in self._values:
                return self._values[cell]
            if not cell.strip():
                return None
        elif cell is None or (not isinstance(cell, list) and not _checked(column, lambda: cell_text(cell))):
            return None
        value = _checked(column, lambda: label_value(self.task, self.config, cell))
        if isinstance(cell, str) and len(self._values) < REMEMBERED:
            self._values[cell] = value
        return value

    def _labels(self, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
        mapping = self.mapping
        if mapping.annotators:
            given = ((name, self._label(column, values.get(column))) for column, name in mapping.annotators.items())
            return [(name, value) for name, value in given if value is not None]
        if mapping.annotator is None or mapping.label is None:
            return []
        value = self._label(mapping.label, values.get(mapping.label))
        column = mapping.annotator
        name = _text(column, values.get(column))
        if value is None:
            return []
        if not name:
            raise BadRow(_at(column, _("the label has no annotator")))
        if len(name) > MAX_NAME:
            raise BadRow(_at(column, _("an annotator's name has at most 200 characters")))
        return [(_storable(column, name), value)]

    def _extra(self, values: Mapping[str, Any], originals: Mapping[str, str]) -> str:
        if not originals and (not values or (not self._extra_columns and len(values) == len(self._used))):
            return "{}"
        names = (
            self._extra_columns
            if len(values) == len(self._used) + len(self._extra_columns)
            else values.keys() - self._used
        )
        kept = {name: cell_json(values.get(name)) for name in names if values.get(name) not in (None, "")}
        kept |= originals
        if not kept:
            return "{}"
        text = stored_json(kept)
        if len(text) > MAX_EXTRA:
            raise BadRow(_("the columns that are only kept hold more than 50,000 characters"))
        return text


def _text(column: str, cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else str(_checked(column, lambda: cell_text(cell)))


def _storable(column: str, text: str) -> str:
    if not text.isascii() or "\x00" in text:
        _checked(column, lambda: stored_json(text))
    return text


def _checked(column: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (BadRow, DomainError) as error:
        raise BadRow(_at(column, error)) from None


def _at(column: str, why: object) -> str:
    """The reason with the column that it is about."""
    return _("Column “%(column)s”: %(why)s") % {"column": column[:80], "why": why}
