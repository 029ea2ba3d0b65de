"""What became of one request so far, and whether asking it again would do harm."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from llm_workers.client.errors import ClientError, Refused, Transient, Unavailable
from llm_workers.client.router import Replica
from llm_workers.client.wire import Usage

MOST_DEATHS = 2  # servers that may die under one request before it goes back: any of those then asked may be why


@dataclass(frozen=True)
class Doubt:
    """A server whose connection broke under the request (``lost``), or that said that it broke; perhaps it died."""

    replica: Replica
    at: float
    lost: bool


@dataclass
class Tries:
    """``wait`` and ``busy`` are those of the latest round. ``once``: the first server that dies is enough; else
    ``MOST_DEATHS`` are. ``asked``: seconds spent waiting for answers."""

    failure: ClientError
    request: int
    once: bool = False
    refused: set[str] = field(default_factory=set)  # servers, by address
    usage: Usage = field(default_factory=Usage)
    wait: float = 0.0
    busy: bool = False
    broke: bool = False
    asked: float = 0.0
    deaths: int = 0
    losses: int = 0
    doubts: list[Doubt] = field(default_factory=list)

    def turned_away(self, replica: Replica, error: Refused) -> None:
        self.refused.add(replica.url)
        self.failure = error

    def failed(self, replica: Replica, error: Transient) -> None:
        if error.lost or error.broke:
            self.broke = True
            self.losses += error.lost
            self.doubts.append(Doubt(replica, time.monotonic(), error.lost))
        self.failure = Unavailable(f"{replica.url}: {error}", died=self.broke)
        self.wait, self.busy = max(self.wait, error.wait), self.busy or error.overloaded

    @property
    def matters(self) -> bool:
        """Whether it must be known now which of the doubtful servers died."""
        return bool(self.doubts) and self.deaths + len(self.doubts) >= self._most

    def died(self, doubt: Doubt) -> bool:
        """Whether it is known to have died without asking it: connections of others broke as well."""
        return doubt.lost and doubt.replica.died(doubt.at, self.request)

    @property
    def over(self) -> bool:
        """Whether it must not be asked again now. A router in front of many servers answers for one that died, so of
        what is asked ``once`` a second connection that breaks is enough, whatever answers afterwards."""
        return self.deaths >= self._most or (self.once and self.losses >= MOST_DEATHS)

    @property
    def _most(self) -> int:
        return 1 if self.once else MOST_DEATHS
