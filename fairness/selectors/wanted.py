"""What a reader of the dashboard asked to see: the same in the address of the page, of its socket, of the REST API, of
a table to download and of the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from annotations.state import SECONDS_AN_HOUR, hour_of
from fairness.cells import HOURS_A_DAY
from ledger.errors import invalid

PEOPLE, CONSENSUS, MODEL = "people", "consensus", "model"
KINDS = (PEOPLE, CONSENSUS, MODEL)
LAST_HOUR = 2**31 - 1
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?P<hour>T[0-9]{2}(:[0-9]{2}(:[0-9]{2})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?")


@dataclass(frozen=True)
class Wanted:
    """A filter; empty and None: no limit, or the project's own choice.

    Attributes
    ----------
    attribute, label : the protected attribute that is compared across, and the key of the label in question.
    beside : a second attribute, for the intersections.
    by : whose labels: ``people``, ``consensus`` or ``model``. model : annotator id of one model.
    dataset : id of the dataset that the items are of.
    since, until : days (``2026-05-01``) or hours (``2026-05-01T14``), UTC, the last one included, as asked. Of when a
        label was given; a consensus has no such time.
    """

    attribute: str = ""
    label: str = ""
    beside: str = ""
    by: str = ""
    model: int | None = None
    dataset: int | None = None
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Wanted:
        """Read from an address. Raises ``DomainError`` (400) for a value that is none."""
        text = {name: str(query.get(name, "")).strip() for name in cls.__dataclass_fields__}
        if text["by"] and text["by"] not in KINDS:
            message = _("There is no “by=%(by)s”: it is people, consensus or model.")
            raise invalid(message % {"by": text["by"][:60]}, code="unknown_kind")
        found = cls(
            **{name: text[name] for name in ("attribute", "label", "beside", "by", "since", "until")},
            model=_number(text["model"], "model"),
            dataset=_number(text["dataset"], "dataset"),
        )
        if found.hours[0] > found.hours[1]:
            raise invalid(_("The time ends before it begins: swap “since” and “until”."), code="bad_time")
        return found

    @property
    def is_timed(self) -> bool:
        return bool(self.since or self.until)

    @property
    def is_sliced(self) -> bool:
        """Whether the counters of the whole project do not answer it, but their slices do."""
        return self.is_timed or self.dataset is not None

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return self.is_sliced or bool(self.by) or self.model is not None

    @property
    def hours(self) -> tuple[int, int]:
        """First and last hour since 1970 (UTC). Everything that has a time where no time is asked for."""
        first = _hour(self.since, "since", last=False) if self.since else 1
        return first, _hour(self.until, "until", last=True) if self.until else LAST_HOUR

    @property
    def days(self) -> tuple[int, int]:
        """First and last hour of the whole days that hold ``hours``."""
        first, last = self.hours
        return max(1, first - first % HOURS_A_DAY), min(LAST_HOUR, last - last % HOURS_A_DAY + HOURS_A_DAY - 1)

    @property
    def parts_days(self) -> bool:
        """Whether it takes a part of a day, not whole days alone."""
        first, last = self.hours
        return bool(self.since and first % HOURS_A_DAY) or bool(self.until and (last + 1) % HOURS_A_DAY)

    def moments(self, *, whole_days: bool = False) -> dict[str, str]:
        """The hours, or the whole days that hold them, as moments, ``until`` not included, as far as they were asked
        for."""
        first, last = self.days if whole_days else self.hours
        found = {"since": first} if self.since else {}
        found |= {"until": last + 1} if self.until else {}
        return {
            name: f"{datetime.fromtimestamp(hour * SECONDS_AN_HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"
            for name, hour in found.items()
        }

    def query(self, **changes: Any) -> str:
        """As the query of an address, without the question mark."""
        asked = asdict(replace(self, **changes))
        return urlencode({name: value for name, value in asked.items() if value not in ("", None)})


def _number(text: str, name: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise invalid(_("“%(name)s” is a number, got “%(text)s”.") % {"name": name, "text": text[:60]}, code="bad_id")
    return int(text)


def _hour(text: str, name: str, *, last: bool) -> int:
    """Of the forms that ISO 8601 has, a day or an hour with its minutes as in ``MOMENT``, and no other."""
    found = MOMENT.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if last and found["hour"] is None:
            moment += timedelta(hours=23)
        return max(1, hour_of(moment))
    except (ValueError, OverflowError):
        message = _("“%(name)s” is a day such as 2026-05-01 or an hour such as 2026-05-01T14, got “%(text)s”.")
        raise invalid(message % {"name": name, "text": text[:60]}, code="bad_time") from None
