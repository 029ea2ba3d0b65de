"""JSON Lines: one object per line. A key that a row lacks is an empty cell; empty lines are no rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson
from django.utils.translation import gettext as _

from annotations.importing.errors import BrokenFile
from annotations.importing.readers.base import Row
from annotations.importing.readers.lines import Lines, encoding_problem

HEAD_LINES = 100


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


# What both parsers read alike. The quick one gives whole numbers of more than 64 bits as fractions.
_ALIKE = frozenset({str, int, bool, type(None)})


def _parse(line: str) -> Any:
    """The line's value; raises ``ValueError``."""
    try:
        values = orjson.loads(line)
    except ValueError:
        return _decoder.decode(line)  # says better what is wrong
    if type(values) is dict and _ALIKE.issuperset(map(type, values.values())):
        return values
    return _decoder.decode(line)


class JsonLinesReader:
    def __init__(self, stream: BinaryIO) -> None:
        self._lines = Lines(stream)
        self.columns = self._keys()

    def bytes_read(self) -> int:
        return self._lines.offset

    def rows(self) -> Iterator[Row]:
        number = 0
        for line in self._lines:
            bad_byte = self._lines.bad_byte
            self._lines.forget()
            if not line.strip():
                continue
            number += 1
            if bad_byte is not None:
                yield Row(number, {}, encoding_problem(bad_byte), line)
            else:
                yield self._row(number, line)

    def _row(self, number: int, line: str) -> Row:
        try:
            values = _parse(line)
        except RecursionError:
            return Row(number, {}, _("The JSON is nested too deeply."), line)
        except ValueError as error:
            if not line.endswith("\n") and line.lstrip().startswith("{") and not line.rstrip().endswith("}"):
                text = _("The file ends in the middle of row %(number)s: it is cut off. Nothing was imported.")
                raise BrokenFile(text % {"number": number}, "truncated_file") from None
            return Row(number, {}, _("Not JSON: %(why)s.") % {"why": error}, line)
        if not isinstance(values, dict):
            return Row(number, {}, _("The line holds no JSON object ({…})."), line)
        return Row(number, values, raw=line)

    def _keys(self) -> list[str]:
        keys: dict[str, None] = {}
        head = self._lines.peek(HEAD_LINES)
        for line in head:
            try:
                values = _parse(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(values, dict):
                keys.update(dict.fromkeys(values))
        if not keys and any(line.strip() for line in head):
            text = _("None of the first lines holds a JSON object. JSON Lines has one object ({…}) per line.")
            raise BrokenFile(text, "not_json_lines")
        return list(keys)
