"""Labels by how their item came to be given out: chosen by a rule, or drawn uniformly beside those that are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from annotations.models import Stream
from ledger.errors import invalid

SERVED = (Stream.CHOSEN.value, Stream.AUDIT.value)


@dataclass(frozen=True)
class Served:
    """``stream``: by which the item was given out. ``since`` and
    ``until`` (not included): when it was given out; ``newest_from``: the id of the oldest lease that is meant."""

    stream: str = ""
    since: datetime | None = None
    until: datetime | None = None
    newest_from: int | None = None

    def leases(self, before: str = "") -> dict[str, Any]:
        """As conditions on leases, or with ``before`` (``assignment__``) on what refers to them.

        Raises ``DomainError`` (400) where it is no such filter.
        """
        if self.stream not in SERVED:
            text = _("Labels are of items that were served as chosen or audit.")
            raise invalid(text, fields={"served": [text]})
        found: dict[str, Any] = {"stream": self.stream}
        for name, value in (
            ("leased_at__gte", self.since),
            ("leased_at__lt", self.until),
            ("pk__gte", self.newest_from),
        ):
            if value is not None:
                found[name] = value
        return {f"{before}{name}": value for name, value in found.items()}
