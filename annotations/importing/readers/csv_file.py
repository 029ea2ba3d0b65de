"""CSV: commas, semicolons, tabs or bars; quoted fields may hold line ends; the first record names the columns."""

from __future__ import annotations

import contextlib
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.importing.errors import BrokenFile
from annotations.importing.readers.base import Row
from annotations.importing.readers.lines import Lines, encoding_problem

DELIMITERS = ",;\t|"
SNIFF_LINES = 60
MAX_COLUMNS = 2000


class CsvReader:
    def __init__(self, stream: BinaryIO) -> None:
        self._lines = Lines(stream)
        self.delimiter = sniff_delimiter("".join(self._lines.peek(SNIFF_LINES)))
        self._records = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        self.columns = self._header()

    def bytes_read(self) -> int:
        return self._lines.offset

    def rows(self) -> Iterator[Row]:
        width, columns = len(self.columns), self.columns
        number = 0
        while True:
            first_line = self._records.line_num + 1
            try:
                cells = next(self._records)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield self._malformed(number, first_line, error)
                continue
            if not cells:
                continue  # an empty line is no row
            number += 1
            if self._lines.bad_byte is not None:
                yield Row(number, {}, encoding_problem(self._lines.bad_byte), self.delimiter.join(cells))
                self._lines.forget()
            elif len(cells) != width:
                yield Row(number, {}, _width_problem(len(cells), width), self.delimiter.join(cells))
            else:
                yield Row(number, dict(zip(columns, cells, strict=True)))

    def _header(self) -> list[str]:
        try:
            header = next(self._records, [])
        except csv.Error as error:
            text = _("The first line, which names the columns, cannot be read as CSV: %(why)s.")
            raise BrokenFile(text % {"why": error}) from None
        if self._lines.bad_byte is not None:
            raise BrokenFile(encoding_problem(self._lines.bad_byte), "wrong_encoding")
        names = [name.strip() or _("column %(number)s") % {"number": place} for place, name in enumerate(header, 1)]
        if not any(name.strip() for name in header):
            raise BrokenFile(_("The first line is empty. It must name the columns."))
        if len(names) > MAX_COLUMNS:
            raise BrokenFile(_("The file has %(count)s columns; at most 2,000 can be read.") % {"count": len(names)})
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            text = _("The column “%(name)s” is there more than once. Give every column its own name.")
            raise BrokenFile(text % {"name": twice[0][:80]}, "duplicate_column")
        if any("\x00" in name for name in names):
            raise BrokenFile(_("The first line has a NUL character: this is not a text file."))
        return names

    def _malformed(self, number: int, first_line: int, error: csv.Error) -> Row:
        last_line = self._records.line_num
        self._lines.forget()
        if "unexpected end of data" in str(error):
            text = _(
                "The file ends inside a quoted field that began in or after line %(line)s: it is cut off, or a"
                " quotation mark is missing. Nothing was imported."
            )
            raise BrokenFile(text % {"line": first_line}, "truncated_file")
        if "field larger" in str(error):
            text = _("A field is longer than 131,072 characters (lines %(first)s to %(last)s): is a quote left open?")
        else:
            text = _("Wrong quotation marks in line %(last)s: %(why)s.")
        return Row(number, {}, text % {"first": first_line, "last": last_line, "why": error})


def _width_problem(found: int, wanted: int) -> str:
    text = ngettext(
        "%(found)s column where the header names %(wanted)s.",
        "%(found)s columns where the header names %(wanted)s.",
        found,
    )
    return text % {"found": found, "wanted": wanted}


def sniff_delimiter(head: str) -> str:
    """The delimiter that splits the most rows of ``head`` into as many columns as the first; comma where none does."""

    def score(delimiter: str) -> tuple[float, int]:
        rows: list[list[str]] = []
        with contextlib.suppress(csv.Error):  # what was read so far decides
            rows.extend(row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row)
        width = len(rows[0]) if rows else 0
        alike = sum(len(row) == width for row in rows)
        return (alike / len(rows) if width > 1 else 0.0) * min(width, 3), width

    return max(DELIMITERS, key=score)
