"""Items as an owner names them on a page: by their id in the source, or by their number here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from annotations.models import Item, Project
from annotations.task_types import task_type
from ledger.errors import DomainError, invalid

LONGEST = 200  # lines that are looked at


def items_named(*, project: Project, names: Sequence[str], field: str) -> dict[str, int]:
    """Name → item id. An id in the source goes before a number. Raises ``DomainError`` 400 naming ``field``."""
    if len(names) > LONGEST:
        raise _at(field, _("Name at most %(most)s items.") % {"most": LONGEST})
    numbers = {int(name): name for name in names if name.isascii() and name.isdigit() and len(name) < 18}
    rows = Item.objects.filter(project=project).filter(Q(external_id__in=names) | Q(pk__in=list(numbers)))
    by_source, by_number = {}, {}
    for pk, external_id in rows.values_list("pk", "external_id"):
        by_source[external_id] = pk
        by_number[str(pk)] = pk
    found = {name: by_source.get(name) or by_number.get(numbers_name(name)) for name in names}
    missing = [name for name, pk in found.items() if pk is None]
    if missing:
        raise _at(field, _("No item of this project: %(names)s.") % {"names": ", ".join(missing)[:200]})
    return {name: pk for name, pk in found.items() if pk is not None}


def numbers_name(name: str) -> str:
    """A number without leading zeros, as items are numbered."""
    return name.lstrip("0") if name.isascii() and name.isdigit() else name


def picked_from(*, project: Project, text: str, field: str = "picked") -> tuple[tuple[int, Any], ...]:
    """Lines ``item = label`` (several labels with ``|`` between) as (item id, label). Raises ``DomainError`` 400."""
    schema = project.schemas.get(is_current=True)
    task = task_type(schema.task_type)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parts = [line.rpartition("=") for line in lines]
    for line, (name, sign, label) in zip(lines, parts, strict=True):
        if not sign or not name.strip() or not label.strip():
            raise _at(field, _("“%(line)s” is not “item = label”.") % {"line": line[:80]})
    names = [name.strip() for name, _sign, _label in parts]
    found = items_named(project=project, names=names, field=field)
    try:
        labels = [task.value_from_text(schema.config, label.strip()) for _name, _sign, label in parts]
    except DomainError as error:
        raise _at(field, error.message) from None
    return tuple((found[name], label) for name, label in zip(names, labels, strict=True))


def picked_as_text(*, project: Project, picked: Sequence[tuple[int, Any]]) -> str:
    """The lines that ``picked_from`` reads."""
    schema = project.schemas.get(is_current=True)
    task = task_type(schema.task_type)
    items = Item.objects.in_bulk([item_id for item_id, _value in picked])
    lines = []
    for item_id, value in picked:
        name = items[item_id].external_id if item_id in items else ""
        lines.append(f"{name or item_id} = {task.token(value)}")
    return "\n".join(lines)


def _at(field: str, text: str) -> DomainError:
    return invalid(text, fields={field: [text]})
