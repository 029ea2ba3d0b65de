"""What a client asks of whoever keeps the list of servers. The client knows no database: this is its way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from llm_workers.client.breaker import BreakerState
from llm_workers.client.probe import Probe
from llm_workers.client.router import Tally
from llm_workers.client.wire import Server


class Registry(Protocol):
    """Called by a client while it works, never by two of its tasks for the same server at once."""

    async def servers(self) -> Sequence[Server]:
        """The replicas as they are listed now, each with its breaker as all processes share it."""

    async def breaker_moved(self, server: Server, state: BreakerState, fault: str) -> None:
        """The breaker opened (``fault`` says why), or closed."""

    async def trial_claimed(self, server: Server) -> bool:
        """Whether this client may try a server whose rest is over: one in all processes may."""

    async def found(self, probe: Probe) -> None:
        """The server was asked what it serves, and it is not what was listed."""

    async def took(self, tallies: Mapping[str, Tally]) -> None:
        """What was taken from each server (by address) since the last call."""
