"""Which format a file is in: by what the sender says, by its name, and by its first bytes."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.importing.errors import BrokenFile
from annotations.importing.readers import READERS
from ledger.errors import invalid

EXTENSIONS = {
    "csv": "csv",
    "tsv": "csv",
    "txt": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "pq": "parquet",
}
_FOREIGN = (
    (b"PK\x03\x04", gettext_lazy("This is a ZIP or Excel file. Save the sheet as CSV (UTF-8) and upload that.")),
    (b"\x1f\x8b", gettext_lazy("This file is compressed (gzip). Unpack it and upload what is inside.")),
    (b"\xd0\xcf\x11\xe0", gettext_lazy("This is an old Excel file. Save the sheet as CSV (UTF-8) and upload that.")),
    (b"%PDF", gettext_lazy("This is a PDF. Upload a table: CSV, JSON Lines or Parquet.")),
)


def claimed_format(filename: str, said: str = "") -> str:
    """The format that the sender names, else the one of the file name's ending; raises ``DomainError`` (400)."""
    if said:
        if said not in READERS:
            raise invalid(
                _("The format must be csv, jsonl or parquet."), fields={"format": [_("csv, jsonl or parquet")]}
            )
        return said
    ending = filename.rsplit(".", 1)[-1].lower() if "." in filename else ""
    if ending == "json":
        text = _("“%(name)s” is JSON. Upload JSON Lines (one object per line, .jsonl), CSV or Parquet.")
        raise invalid(text % {"name": filename[:80]}, code="unknown_format")
    if ending not in EXTENSIONS:
        text = _("“%(name)s” does not end in .csv, .tsv, .jsonl or .parquet. Upload one of these, or name the format.")
        raise invalid(text % {"name": filename[:80]}, code="unknown_format")
    return EXTENSIONS[ending]


def check_head(format_name: str, head: bytes) -> None:
    """Refuse a file whose first bytes (a few hundred) contradict its format; raises ``BrokenFile``."""
    if not head:
        raise BrokenFile(_("The file is empty."), "empty_file")
    for magic, message in _FOREIGN:
        if head.startswith(magic):
            raise BrokenFile(str(message), "unknown_format")
    is_parquet = head.startswith(b"PAR1")
    if is_parquet != (format_name == "parquet"):
        text = (
            _("The file is said to be %(said)s but is not.")
            if not is_parquet
            else _("The file is Parquet, not %(said)s.")
        )
        raise BrokenFile(text % {"said": format_name}, "wrong_format")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start and format_name != "parquet":
        raise BrokenFile(_("The file holds nothing but blanks."), "empty_file")
    if format_name == "jsonl" and start.startswith(b"["):
        raise BrokenFile(
            _("This is one JSON array. JSON Lines has one object ({…}) per line, without commas."), "wrong_format"
        )
    if format_name == "csv" and start.startswith(b'{"'):
        raise BrokenFile(
            _("This looks like JSON Lines, not CSV. Name it .jsonl, or give the format jsonl."), "wrong_format"
        )
