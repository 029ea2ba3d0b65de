"""Reading lists in a request: what takes the database too long is looked for step by step, and then given up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from psycopg2.errors import QueryCanceled

from annotations.models import Item, Project
from annotations.selectors.keyset import Page, keyset_page
from ledger.errors import DomainError

SECONDS = 4.0
FIRST_STEP, LONGEST_STEP = 500, 50_000  # items that are looked through at once


@contextmanager
def in_time(seconds: float | None = None) -> Iterator[None]:
    """Let every statement inside take so long at most, else ``SECONDS``; ``DomainError`` (503, ``takes_too_long``)
    beyond that."""
    limit = SECONDS if seconds is None else seconds
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [max(1, round(limit * 1000))])
            yield
            # A transaction around this one goes on as it was; after an error its savepoint sees to that.
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        text = _("So few items fit that finding them takes too long. Narrow the filter by a dataset or a label.")
        raise DomainError("takes_too_long", text, HTTPStatus.SERVICE_UNAVAILABLE) from None


@dataclass(frozen=True)
class Looked:
    """A page of what was found in time. ``is_part``: fewer than fit on it, though there may be more further on; its
    ``before`` (or ``after``) goes on where the search stopped."""

    page: Page[Item]
    is_part: bool = False


def page_in_time(
    project: Project, found: QuerySet[Item], *, size: int, before: int | None = None, after: int | None = None
) -> Looked:
    """A page of ``found``, as ``keyset_page`` has it, within ``SECONDS``.

    Half of the time goes to the list as a whole, for which the database may begin at the rarest of what is asked.
    Where that is not enough, the items themselves are looked through from the edge of the page, in growing steps.
    Raises ``DomainError`` (503, ``takes_too_long``) where not even one step can be done.
    """
    try:
        with in_time(SECONDS / 2):
            return Looked(keyset_page(found, size=size, before=before, after=after))
    except DomainError:
        return _step_by_step(project, found, size, before, after)


def _step_by_step(project: Project, found: QuerySet[Item], size: int, before: int | None, after: int | None) -> Looked:
    upwards, edge, step = after is not None, before if after is None else after, FIRST_STEP
    rows: list[Item] = []
    end, is_part = time.monotonic() + SECONDS / 2, False
    while len(rows) <= size and not is_part:
        try:
            with in_time(end - time.monotonic()):
                last = _edge_after(project, edge, step, upwards=upwards)
                part = _between(found, edge, last, upwards=upwards)
                rows += list(part[: size + 1 - len(rows)])
        except DomainError:
            if edge in (before, after) and not rows:
                raise
            is_part = True
            break
        if last is None:
            break
        edge, step = last, min(2 * step, LONGEST_STEP)
        is_part = len(rows) <= size and time.monotonic() >= end
    return Looked(_page(rows, size, before, after, edge if is_part else None), is_part)


def _edge_after(project: Project, edge: int | None, step: int, *, upwards: bool) -> int | None:
    """The id of the last of the ``step`` items on from ``edge``; None where there are fewer."""
    items = Item.objects.filter(project=project)
    if edge is not None:
        items = items.filter(pk__gt=edge) if upwards else items.filter(pk__lt=edge)
    return items.order_by("pk" if upwards else "-pk").values_list("pk", flat=True)[step - 1 : step].first()


def _between(found: QuerySet[Item], edge: int | None, last: int | None, *, upwards: bool) -> QuerySet[Item]:
    """Those beyond ``edge``, up to ``last`` and with it, in the order of the search."""
    if edge is not None:
        found = found.filter(pk__gt=edge) if upwards else found.filter(pk__lt=edge)
    if last is not None:
        found = found.filter(pk__lte=last) if upwards else found.filter(pk__gte=last)
    return found.order_by("pk" if upwards else "-pk")


def _page(rows: list[Item], size: int, before: int | None, after: int | None, edge: int | None) -> Page[Item]:
    """Newest first, with the keys to go on from: the last that is shown, or where the search stopped."""
    shown, further = rows[:size], edge
    if len(rows) > size:
        further = shown[-1].pk
    if after is not None:
        back = shown[0].pk if shown else after + 1
        return Page(shown[::-1], back, further)
    if before is None:
        return Page(shown, further, None)
    return Page(shown, further, shown[0].pk if shown else before - 1)
