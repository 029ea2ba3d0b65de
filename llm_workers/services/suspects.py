"""What servers may have died of. An item (or label) that kills whoever is asked about it must end, and not its run.

Everything that was under way when a server died goes back, and has a death more. One death is what any outage brings.
What was under way at two is suspected: then nothing else is asked, and the suspects are tried in groups that shrink
with every further death, each time only after the server has answered something else. Whatever a group answers is no
suspect any more; the one under which, asked alone, the server dies again and again is given up. Alone means that nobody
else uses the server: others wait meanwhile (``llm_workers.services.company``). That is adaptive group
testing (Dorfman 1943): a restarted server loads its model for minutes, so deaths must be few.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from llm_workers.models import RunItem, RunItemStatus
from llm_workers.services.company import SUSPECTED, Company
from llm_workers.validating.models import Rating

GROUPS = {2: 16, 3: 4}  # deaths → how many are tried together at most; after more of them each is tried alone
LONE_DEATHS = 2  # then it is given up

OPEN = (RunItemStatus.PENDING.value, RunItemStatus.LEASED.value)  # a rating's states have the same names

Row = TypeVar("Row", RunItem, Rating)


def suspects(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the rows that wait or are being asked about, and under which servers died too often to be chance."""
    return rows.filter(deaths__gte=SUSPECTED, status__in=OPEN)


def group_lock(rows: QuerySet[Row], *, count: int, company: Company) -> list[Row]:
    """The suspects that are tried next, at most ``count``, locked; none while anything else is under way, or others in
    ``company`` try theirs.

    The caller holds the row of their run or validator, so that two lanes do not try at once.
    """
    if count < 1 or rows.filter(status=RunItemStatus.LEASED).exists() or company.hunts(alone=True):
        return []
    waiting = suspects(rows).filter(status=RunItemStatus.PENDING).order_by("-deaths", "id")
    locked = waiting.select_for_update(of=("self",)).select_related("item")
    found = list(locked[: 2 * max(GROUPS.values())])
    alike = [row for row in found if row.deaths == found[0].deaths]
    if not alike:
        return []
    half = (len(alike) + 1) // 2  # all of them together are known to kill it
    return alike[: min(GROUPS.get(alike[0].deaths, 1), half, count)]


def next_lock(
    rows: QuerySet[Row], holder: QuerySet[Any], *, count: int, company: Company, suspected: bool
) -> list[Row]:
    """What may be asked about next of the rows of a run or validator (``holder``, one row), locked: nothing but
    suspects where there are any, and nothing while others try theirs on the same servers."""
    if suspected:
        holder.select_for_update().get()
        return group_lock(rows, count=count, company=company)
    if company.hunts(alone=False):
        return []
    pending = rows.filter(status=RunItemStatus.PENDING).order_by("id")
    return list(pending.select_for_update(skip_locked=True, of=("self",)).select_related("item")[:count])


def died_under(rows: QuerySet[Row], *, alone: bool, why: str) -> int:
    """A server died under ``rows``, which the caller's claim holds; ``alone``: nobody asked it about anything else.

    Returns how many were given up, with the reason in the field ``why``.
    """
    rows.update(deaths=F("deaths") + 1, lone_deaths=F("lone_deaths") + int(alone))
    if not alone:
        return 0
    text = _("The server stopped each time this item was asked, %(times)s times in a row, though it answered others.")
    return rows.filter(lone_deaths__gte=LONE_DEATHS).update(
        status=RunItemStatus.UNANSWERED,
        lane=None,
        generation=None,
        finished_at=timezone.now(),
        **{why: text % {"times": LONE_DEATHS}},
    )
