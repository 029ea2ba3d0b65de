"""What became of one request so far, and whether asking it again would do harm."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from llm_workers.client.errors import ClientError, Refused, Transient, Unavailable
from llm_workers.client.router import Replica
from llm_workers.client.wire import Usage

MOST_DEATHS = 2  # servers that may die under one request before it goes back: any of those then asked may be why


@dataclass
class Tries:
    """``wait`` and ``busy`` are those of the latest round. ``once``: the first connection that breaks is enough; else a
    connection that broke alone says nothing of its server, and ``most_deaths`` are."""

    failure: ClientError
    request: int
    once: bool = False
    most_deaths: float = MOST_DEATHS
    refused: set[str] = field(default_factory=set)  # servers, by address
    usage: Usage = field(default_factory=Usage)
    wait: float = 0.0
    busy: bool = False
    broke: bool = False
    lost: list[tuple[Replica, float]] = field(default_factory=list)

    def turned_away(self, replica: Replica, error: Refused) -> None:
        self.refused.add(replica.url)
        self.failure = error

    def failed(self, replica: Replica, error: Transient) -> None:
        self.broke = self.broke or error.lost or error.broke
        if error.lost:
            self.lost.append((replica, time.monotonic()))
        self.failure = Unavailable(f"{replica.url}: {error}", died=self.broke)
        self.wait, self.busy = max(self.wait, error.wait), self.busy or error.overloaded

    @property
    def over(self) -> bool:
        """Whether it must not be asked again now."""
        if self.once:
            return bool(self.lost)
        return sum(replica.died(at, self.request) for replica, at in self.lost) >= self.most_deaths
