"""One cell of an uploaded file: as text, as a label, as JSON that can be kept."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotations.importing.errors import BadRow
from annotations.modalities.base import canonical
from annotations.task_types import TaskType


def cell_text(cell: Any) -> str:
    """The cell as text without outer blanks, empty where there is nothing; nested or binary: ``BadRow``.

    Whole numbers lose the ".0" that tables with gaps give them.
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return "" if cell != cell else str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell)
    if isinstance(cell, int | decimal.Decimal | datetime.date | datetime.time | uuid.UUID):
        return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
    if isinstance(cell, bytes):
        raise BadRow(_("the cell is binary; it must be text"))
    raise BadRow(_("the cell is nested; it must be one value"))


def label_value(task: TaskType, config: Mapping[str, Any], cell: Any) -> Any:
    """The label value in a cell that is not empty: text, or a list as the task type stores it.

    Raises ``DomainError`` or ``BadRow`` where it is no label of the project.
    """
    if isinstance(cell, list):
        return task.check_value(config, cell)
    return task.value_from_text(config, cell_text(cell))


def cell_json(cell: Any) -> Any:
    """The cell as JSON to keep: dates and decimals as text, "not a number" as null; ``BadRow`` for bytes."""
    if cell is None or isinstance(cell, str | bool | int):
        return cell
    if isinstance(cell, float):
        return cell if cell - cell == 0 else None  # neither infinite nor "not a number"
    if isinstance(cell, Mapping):
        return {str(key): cell_json(part) for key, part in cell.items()}
    if isinstance(cell, list | tuple):
        return [cell_json(part) for part in cell]
    return cell_text(cell)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def stored_json(value: Any) -> str:
    """``value`` as canonical JSON text for PostgreSQL; raises ``BadRow`` for NUL and half surrogate characters."""
    try:
        text = canonical(value)
    except TypeError:
        text = _large_or_refused(value)
    if "\\u0000" in text and _has_nul(value):
        raise BadRow(_("a NUL character, which cannot be stored"))
    return text


def _large_or_refused(value: Any) -> str:
    """What the quick encoder does not take: whole numbers of more than 64 bits, or what cannot be stored at all."""
    try:
        text = _encode(value)
        text.encode()
    except UnicodeEncodeError:
        raise BadRow(_("half of a surrogate pair, which is no character, cannot be stored")) from None
    except (ValueError, RecursionError):
        raise BadRow(_("a value that cannot be stored as JSON")) from None
    return text


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_has_nul(key) or _has_nul(part) for key, part in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
