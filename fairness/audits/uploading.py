"""Rows of an uploaded file as probes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.importing.cells import cell_text, label_value
from annotations.importing.errors import BadRow
from annotations.importing.readers import Reader, Row
from annotations.modalities import modality
from annotations.models import LabelSchema
from annotations.task_types import task_type
from fairness.models import Probe
from ledger.errors import DomainError, invalid

TEXT, TRUTH, FAMILY, GROUPS = "text", "truth", "family", "groups"
MAX_GROUPS = 8
NAMED = 10  # bad rows that are named


def uploaded_probes(reader: Reader, *, schema: LabelSchema, task: str, most: int) -> list[Probe]:
    """Columns ``text`` and ``truth`` are needed, ``family`` may be there; every other column names a group of the item,
    or, in JSON Lines, ``groups`` holds them as one object. Raises ``DomainError`` (400)."""
    missing = [name for name in (TEXT, TRUTH) if name not in reader.columns]
    if missing:
        text = _("The file needs the columns “text” and “truth”; missing: %(missing)s.")
        raise _refused(text % {"missing": ", ".join(missing)})
    attributes = [name for name in reader.columns if name not in (TEXT, TRUTH, FAMILY, GROUPS)]
    if len(attributes) > MAX_GROUPS:
        text = _(
            "Every column beside text, truth and family is an attribute, and there may be %(most)s of them at most."
        )
        raise _refused(text % {"most": MAX_GROUPS})
    probes: list[Probe] = []
    problems: list[str] = []
    for row in reader.rows():
        if len(probes) + len(problems) >= most:
            raise _refused(_("A probe set has at most %(most)s rows. Take a sample.") % {"most": f"{most:,}"})
        try:
            probes.append(_probe(row, len(probes), schema, task, attributes))
        except (BadRow, DomainError) as error:
            reason = error.message if isinstance(error, DomainError) else str(error)
            problems.append(_("Row %(number)s: %(why)s") % {"number": row.number, "why": reason})
    if problems:
        more = len(problems) - NAMED
        listed = problems[:NAMED] + ([_("and %(more)s more rows.") % {"more": more}] if more > 0 else [])
        raise invalid(listed[0], fields={"file": listed}, code="bad_rows")
    if not probes:
        raise _refused(_("The file has no rows."))
    return probes


def _probe(row: Row, number: int, schema: LabelSchema, task: str, attributes: list[str]) -> Probe:
    if row.problem:
        raise BadRow(row.problem)
    payload = modality("text").check_payload(cell_text(row.values.get(TEXT)))
    cell = row.values.get(TRUTH)
    if cell in (None, "", []):
        raise BadRow(_("the truth is missing"))
    truth = label_value(task_type(schema.task_type), schema.config, cell)
    named: Mapping[str, Any] = {name: row.values.get(name) for name in attributes}
    nested = row.values.get(GROUPS)
    if nested not in (None, ""):
        if not isinstance(nested, Mapping) or len(nested) > MAX_GROUPS:
            raise BadRow(_("groups must be an object of at most %(most)s attributes") % {"most": MAX_GROUPS})
        named = {**named, **nested}
    groups = {str(name)[:64]: text[:64] for name, value in named.items() if (text := _text(value))}
    family = _text(row.values.get(FAMILY))[:200]
    return Probe(number=number, task=task, family=family, payload=payload, truth=truth, groups=groups)


def _text(cell: Any) -> str:
    return cell_text(cell).replace("\x00", "")


def _refused(text: str) -> DomainError:
    return invalid(text, fields={"file": [text]})
