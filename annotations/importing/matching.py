"""Rows of an update: which item each means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from annotations.importing.cells import stored_json
from annotations.importing.errors import BadRow
from annotations.importing.readers import Row
from annotations.importing.rows import MODALITY, ParsedRow, Problem, RowParser, bad
from annotations.modalities.base import content_hash_of
from annotations.models import Item, Project

Matched = list[tuple[ParsedRow, int]]  # rows, each with its item's id

# Two look-ups by unique indexes, in one statement.
FIND = f"""
    SELECT id, external_id, content_hash FROM {Item._meta.db_table}
    WHERE project_id = %(project)s AND external_id = ANY(%(ids)s) AND external_id <> ''
    UNION
    SELECT id, external_id, content_hash FROM {Item._meta.db_table}
    WHERE project_id = %(project)s AND content_hash = ANY(%(digests)s)
"""  # noqa: S608


class UpdateParser(RowParser):
    """Reads no more of a row than says which item is meant, and what is to be added to it.

    ``content_hash`` is empty where the row has no text.
    """

    def _parse(self, row: Row) -> ParsedRow:
        values, mapping = row.values, self.mapping
        external_id = self._external_id(values) if mapping.external_id else ""
        digest = self._digest(values)
        if not external_id and not digest:
            raise BadRow(_("neither id nor text: which item is meant?"))
        groups = self._groups(values)
        return ParsedRow(
            row,
            digest,
            "",
            external_id,
            groups.groups,
            groups.as_json,
            self._label(mapping.gold, values.get(mapping.gold)) if mapping.gold else None,
            "{}",
            self._labels(values),
            groups.originals,
        )

    def _digest(self, values: Mapping[str, Any]) -> str:
        cell = values.get(self.mapping.text) if self.mapping.text else None
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return ""
        return content_hash_of(MODALITY, stored_json(self._payload(cell)))


class Found(NamedTuple):
    """An item that one of the rows may mean."""

    id: int
    external_id: str
    content_hash: str


def match_rows(project: Project, rows: Sequence[ParsedRow]) -> tuple[Matched, list[Problem]]:
    """Each row with its item's id, in order; and the rows whose item is not there, or is not as they say."""
    values: dict[str, Any] = {
        "project": project.pk,
        "ids": [row.external_id for row in rows if row.external_id],
        "digests": [row.content_hash for row in rows if row.content_hash],
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND, values)
        found = [Found(*row) for row in cursor.fetchall()]
    by_id = {item.external_id: item for item in found if item.external_id}
    by_content = {item.content_hash: item for item in found}
    matched: Matched = []
    problems: list[Problem] = []
    for row in rows:
        item = by_id.get(row.external_id) if row.external_id else None
        same_text = by_content.get(row.content_hash) if row.content_hash else None
        reason = _refusal(row, item, same_text)
        target = item or same_text
        if reason is None and target is not None:
            matched.append((row, target.id))
        else:
            problems.append(bad(row.row, reason or _not_there(row)))
    return matched, problems


def _refusal(row: ParsedRow, item: Found | None, same_text: Found | None) -> str | None:
    """Why the item that was found is not the one that the row means."""
    if item is not None:
        if row.content_hash and item.content_hash != row.content_hash:
            text = _("The id “%(id)s” belongs to item %(item)s, which has another text.")
            return text % {"id": row.external_id[:80], "item": item.id}
    elif same_text is not None and row.external_id and same_text.external_id:
        text = _("The text is that of item %(item)s, whose id is “%(own)s”, not “%(id)s”.")
        return text % {"item": same_text.id, "own": same_text.external_id[:80], "id": row.external_id[:80]}
    return None


def _not_there(row: ParsedRow) -> str:
    if row.external_id:
        return _("The project has no item with the id “%(id)s”.") % {"id": row.external_id[:80]}
    return _("The project has no item with this text.")
