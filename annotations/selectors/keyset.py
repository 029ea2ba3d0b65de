"""Pages by primary key: page ten thousand costs as much as the first, and rows that come in shift nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page, newest rows first. ``before`` and ``after``: keys that the next older and newer page start from."""

    items: list[Row]
    before: Any
    after: Any


def keyset_page(rows: QuerySet[Row], *, size: int, before: int | None = None, after: int | None = None) -> Page[Row]:
    """The page below ``before``, or above ``after``, by primary key."""
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        more = len(found) > size
        shown = found[:size][::-1]
        return Page(shown, shown[-1].pk if shown else None, shown[0].pk if more and shown else None)
    older = rows.filter(pk__lt=before) if before is not None else rows
    found = list(older.order_by("-pk")[: size + 1])
    shown = found[:size]
    return Page(
        shown,
        shown[-1].pk if len(found) > size else None,
        shown[0].pk if before is not None and shown else None,
    )


def key_in(text: str) -> int | None:
    """A primary key as an address carries it; None for anything else."""
    return int(text) if text.isdecimal() and len(text) < 19 else None
