"""Cells of a CSV file that a spreadsheet will open."""

from __future__ import annotations

import re
from typing import Any

# A spreadsheet runs a cell that begins like this as a formula; it skips blanks and invisible characters before it, and
# takes the full-width signs too. Source: OWASP, "CSV Injection".
_FORMULA = re.compile(r"[\t\r＝＋－＠=+\-@]|[\s\ufeff\u200b-\u200f\u2060\x00-\x1f]+[＝＋－＠=+\-@]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def csv_cell(value: Any) -> Any:
    """The value as a CSV cell that no spreadsheet takes for a formula: such text gets a ' before it. Numbers stay."""
    if not isinstance(value, str) or not _FORMULA.match(value) or _NUMBER.fullmatch(value):
        return value
    return "'" + value
