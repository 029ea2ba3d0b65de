"""Which replica gets the next request: the one with the fewest under way, among those whose breaker lets it.

What is under way is known exactly within this process; other processes' requests are known by a server's ``/metrics``
where it has one. Nothing here waits or asks the network.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from llm_workers.client.breaker import BreakerState, is_due, tried
from llm_workers.client.errors import Refused, Transient
from llm_workers.client.load import Load
from llm_workers.client.transport import LONG_AGO
from llm_workers.client.wire import Server, Usage

LOSSES = 64  # connections that broke, as far as they are remembered
AT_ONCE = 1.0  # seconds within which connections break when a server dies


class _Process:
    """Requests of this process that are under way, by address: clients in other threads count too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    def change(self, url: str, by: int) -> None:
        with self._lock:
            self._under_way[url] += by
            if not self._under_way[url]:
                del self._under_way[url]

    def under_way(self, url: str) -> int:
        return self._under_way[url]


PROCESS = _Process()


@dataclass
class Tally:
    """What one client took from a server since it was last asked for it.

    ``requests`` and ``faults`` count those as well that ended at a look at its models, before they were sent.
    ``seconds`` in which something was under way; ``share``: those seconds, each times the client's part of all
    requests that are known to be there.
    """

    requests: int = 0
    faults: int = 0
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    share: float = 0.0
    joules: float | None = None
    load_before: Load | None = None
    load_after: Load | None = None
    load_seconds: float = 0.0  # between the two loads


class Replica:
    """A server as one client sees it. Times are of ``time.monotonic``."""

    def __init__(self, server: Server, now: float) -> None:
        self.server = server
        self.breaker: BreakerState = server.breaker
        self.own = 0
        self.elsewhere = 0.0  # requests of other processes
        self.busy_since = now  # when something came to be under way
        self.answered_at = LONG_AGO
        self.replied_at = LONG_AGO  # when it last gave an answer that can be read
        self.alive_at = LONG_AGO  # it has answered something that it was asked then, whatever it said
        self.slowest = 0.0  # seconds of the slowest answer
        self.losses: deque[tuple[float, int]] = deque(maxlen=LOSSES)  # when connections broke, and under which request
        self.verified_at = LONG_AGO  # when its list of models was last asked for, with the right model in it
        self.unverified_at = LONG_AGO  # when that failed
        self.unverified_because: Transient | Refused | None = None
        self.verifying = asyncio.Lock()
        self.resting_until = LONG_AGO
        self.trying = False
        self.gone = False
        self.has_metrics = True
        self.load: Load | None = None
        self.load_at = LONG_AGO
        self.cuts: set[asyncio.Timeout] = set()
        self.tally = Tally()
        self._counted_at = now

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def under_way(self) -> float:
        return PROCESS.under_way(self.url) + self.elsewhere

    def begin(self, now: float) -> None:
        self._count(now)
        if not self.own:
            self.busy_since = now
        self.own += 1
        PROCESS.change(self.url, 1)

    def end(self, now: float) -> None:
        self._count(now)
        self.own -= 1
        PROCESS.change(self.url, -1)

    def loaded(self, load: Load, now: float) -> None:
        """Take in what its ``/metrics`` says."""
        self._count(now)
        self.elsewhere = max(load.requests - PROCESS.under_way(self.url), 0.0)
        if self.tally.load_before is None:
            self.tally.load_before, self.tally.load_seconds = load, 0.0
        else:
            self.tally.load_seconds += now - self.load_at
        self.tally.load_after = self.load = load
        self.load_at = now

    def take_tally(self, now: float) -> Tally:
        self._count(now)
        taken, self.tally = self.tally, Tally(load_before=self.load, load_after=self.load)
        return taken

    def _count(self, now: float) -> None:
        passed, self._counted_at = now - self._counted_at, now
        if self.own:
            self.tally.seconds += passed
            self.tally.share += passed * self.own / max(self.under_way, self.own)

    def died(self, at: float, request: int) -> bool:
        """Whether connections broke under other requests about then, too: it was the server, not one connection."""
        return any(abs(when - at) <= AT_ONCE and whose != request for when, whose in self.losses)

    def stalls(self, now: float, after: float) -> bool:
        """Whether it has answered nothing for ``after`` seconds although something was under way."""
        return self.own > 0 and now - max(self.busy_since, self.answered_at) > after


class Router:
    """The replicas of one model."""

    def __init__(self, servers: Iterable[Server], now: float) -> None:
        self.replicas: dict[str, Replica] = {}
        self.update(servers, now)

    def update(self, servers: Iterable[Server], now: float) -> None:
        """Take in the list as it is now: new replicas get requests at once, those that left it get none any more."""
        listed = {server.url: server for server in servers}
        for url, replica in list(self.replicas.items()):
            if url not in listed:
                replica.gone = True
        for url, server in listed.items():
            known = self.replicas.get(url)
            if known is None:
                self.replicas[url] = Replica(server, now)
                continue
            if (known.server.identity, known.server.api_key) != (server.identity, server.api_key) or known.gone:
                known.verified_at = LONG_AGO
            known.server, known.gone = server, False
            if not known.trying:
                known.breaker = _merged(known.breaker, server.breaker)

    @property
    def usable(self) -> list[Replica]:
        return [replica for replica in self.replicas.values() if not replica.gone]

    def choose(self, passed_over: Collection[str], *, now: float, epoch: float) -> tuple[Replica, bool] | None:
        """The replica for the next request, and whether that is a trial (to be claimed first); None where none is left.

        A replica whose rest is over is tried before the others, by one request. Where every breaker is open, the
        servers are asked all the same: there is nothing to lose, and whoever waits for them knows no better.
        """
        left = [replica for replica in self.usable if replica.url not in passed_over]
        due = [one for one in left if is_due(one.breaker, now=epoch) and not one.trying]
        if due:
            return min(due, key=lambda one: one.breaker.retry_at), True
        closed = [one for one in left if one.breaker.phase == "closed"]
        if not closed and any(one.breaker.phase == "closed" for one in self.usable):
            return None
        found = closed or left
        if not found:
            return None
        return min(found, key=lambda one: _rank(one, now)), False

    def stalled(self, now: float, after: float, *, read: float) -> list[Replica]:
        """Those that answer nothing while another one does: see ``Replica.stalls``. ``after`` belongs to servers that
        may take ``read`` seconds for an answer; one that may take longer is waited for as much longer."""
        alive = [one for one in self.usable if one.breaker.phase == "closed"]
        found = []
        for replica in self.replicas.values():
            own = after * max((replica.server.answer_seconds or read) / read, 1.0)
            patience = max(own, 5 * max((one.slowest for one in alive), default=0.0))
            since = max(replica.busy_since, replica.answered_at)
            if replica.stalls(now, patience) and any(one.answered_at > since for one in alive if one is not replica):
                found.append(replica)
        return found


def begin_trial(replica: Replica, *, epoch: float) -> None:
    replica.trying, replica.breaker = True, tried(replica.breaker, now=epoch)


def _rank(replica: Replica, now: float) -> tuple[bool, bool, float, float]:
    resting = replica.resting_until > now
    return replica.server.doubtful, resting, replica.under_way, random.random()  # noqa: S311


def _merged(own: BreakerState, shared: BreakerState) -> BreakerState:
    """What others found of a server counts; one's own count of failures below the limit stays."""
    return own if own.phase == shared.phase == "closed" else shared
