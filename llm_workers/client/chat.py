"""Chat completions over several servers: the least busy replica, retries with jitter, a limit to patience."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType

import httpx
from django.utils.translation import gettext as _

from llm_workers.client.breaker import failed, succeeded
from llm_workers.client.control import Control
from llm_workers.client.errors import BadRequest, Refused, Transient, Unavailable
from llm_workers.client.load import Load
from llm_workers.client.registry import Registry
from llm_workers.client.replies import broken, reply_of, retry_after
from llm_workers.client.router import Replica, Router, begin_trial
from llm_workers.client.transport import GeneralClient, LeanClient, Poster, is_proxied
from llm_workers.client.tries import Tries
from llm_workers.client.upkeep import Upkeep
from llm_workers.client.verify import verify
from llm_workers.client.wire import Reply, Request, Server, Usage, is_local


@dataclass(frozen=True)
class Patience:
    """``rounds`` over all servers, with about ``pause`` · 2ⁿ seconds between, none begun after ``whole``; a server's
    wish to wait counts up to ``longest_wait``. A request that fails while others are answered is given
    ``rounds_alone``; where servers are busy or slow ``rounds_late``, and at least ``whole``. Whatever the rounds
    and the servers, it waits for answers ``times`` as long as the most patient server may take, or ``least`` if that is
    longer. A server that answers nothing for ``stall`` while others do is given up at once. All times in seconds."""

    connect: float = 5.0
    read: float = 45.0
    whole: float = 60.0
    rounds: int = 3
    rounds_alone: int = 6
    rounds_late: int = 4
    times: float = 2.0
    least: float = 180.0
    pause: float = 0.5
    longest_wait: float = 15.0
    stall: float = 5.0


class ChatClient:
    """Use as ``async with ChatClient(…) as client: await client.complete(request)``; safe for many tasks at once.

    With a ``registry`` the list of servers is renewed every few seconds, breakers are shared with other processes, and
    what was taken from each server is written down.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        api_key: str = "",
        concurrency: int = 8,
        patience: Patience | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self.registry = registry
        self.router = Router(servers, time.monotonic())
        self.overloads = 0  # answers 429 and 503, and requests without an answer in time, so far
        self.on_overload: Callable[[float], None] = lambda wait: None  # told of each, with the wait that is wished
        self._api_key = api_key
        self._concurrency = concurrency
        self._lean = LeanClient(connect=self.patience.connect)
        self._general: GeneralClient | None = None  # made where a proxy stands in between
        self._http: dict[str, Poster] = {}  # by the server's address
        self._upkeep = Upkeep(self)
        self._control = Control(self)

    async def __aenter__(self) -> ChatClient:
        self._upkeep.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._upkeep.stop()
        finally:
            await self._lean.aclose()
            if self._general is not None:
                await self._general.aclose()

    async def hand_in(self) -> None:
        """Tell the registry now what was taken from each server; else it learns of it every few seconds."""
        await self._upkeep.hand_in()

    @property
    def servers(self) -> list[Server]:
        """The replicas as they are known now."""
        return [replica.server for replica in self.router.usable]

    @property
    def load(self) -> Load | None:
        """The servers' requests together, by the latest ``/metrics``; None where none has any."""
        loads = [replica.load for replica in self.router.usable if replica.load is not None]
        if not loads:
            return None
        return Load(sum(load.running for load in loads), sum(load.waiting for load in loads))

    @property
    def memory(self) -> float | None:
        """Bytes that the servers' processes hold together, by the latest ``/metrics``; None where none says so."""
        known = [replica.load.memory for replica in self.router.usable if replica.load and replica.load.memory]
        return sum(known) if known else None

    async def gpu_memory(self) -> int | None:
        """Bytes that servers on this machine hold on its GPUs together, now; None where that cannot be read."""
        return await self._upkeep.gpu_memory()

    async def sure(self, model: str) -> Usage:
        """Make sure that a server answers something now; what that used. Raises ``Refused`` or ``Unavailable``."""
        return await self._control.sure(model=model)

    async def complete(self, request: Request, *, once: bool = False) -> Reply:
        """The answer of the first server that gives one. ``once``: no further try after a server died under it.

        Raises ``BadRequest`` (this request alone), ``Refused`` (no server will ever take it) or ``Unavailable`` (none
        could now), each with the last reason.
        """
        text = _("No server offers this model. Start one, or add it on the models page.")
        tries = Tries(Unavailable(text), request=id(request), once=once)
        started, last = time.monotonic(), math.inf
        for number in count(1):
            reply = await self._round(request, tries)
            if reply is not None:
                return reply.after(tries.usage)
            if tries.over or all(replica.url in tries.refused for replica in self.router.usable):
                break
            late, spent = time.monotonic() - started > self._whole, self._is_spent(tries)
            if late or spent or number >= self.patience.rounds:
                others, used = await self._control.answered(since=last, model=request.model)
                tries.usage += used
                if not others:
                    break
                if spent or number >= self._most_rounds(late=late, busy=tries.busy):
                    text = _("Others are answered, this is not, whoever is asked. %(why)s")
                    raise BadRequest(text % {"why": tries.failure.message}, tries.usage)
            last = time.monotonic()
            # Pauses of a request that fails alone need not grow any more, unless somebody is busy.
            await asyncio.sleep(self._pause(number if tries.busy else min(number, self.patience.rounds), tries.wait))
        raise tries.failure.after(tries.usage)

    async def _round(self, request: Request, tries: Tries) -> Reply | None:
        """Ask one server after the other until one answers; None where none did."""
        tries.wait, tries.busy, asked = 0.0, False, set(tries.refused)
        while not tries.over and (replica := await self.choose(asked)) is not None:
            asked.add(replica.url)
            if not self._has_time(replica, tries):
                continue
            began = time.monotonic()
            try:
                return await self.ask(replica, request)
            except BadRequest as error:
                raise error.after(tries.usage) from None
            except Refused as error:
                tries.turned_away(replica, error)
            except Transient as error:
                tries.failed(replica, error)
            tries.asked += time.monotonic() - began
            if tries.matters:
                await self._find_out(request, tries)
        return None

    async def _find_out(self, request: Request, tries: Tries) -> None:
        """Which of the servers that broke under the request have died: those that answer nothing afterwards."""
        doubts, tries.doubts = tries.doubts, []
        for doubt in doubts:
            died = tries.died(doubt)
            if not died:
                lives, used = await self._control.lives(doubt.replica, since=doubt.at, model=request.model)
                tries.usage += used
                died = not lives or tries.died(doubt)
            tries.deaths += died

    def _has_time(self, replica: Replica, tries: Tries) -> bool:
        """Whether most of an answer's time is left for the request; one that hangs must not go on for ever."""
        whole = max(self.patience.times * self._longest, self.patience.least)
        return tries.asked + self.seconds(replica.server) / 2 < whole

    def _is_spent(self, tries: Tries) -> bool:
        return not any(self._has_time(replica, tries) for replica in self.router.usable)

    def _most_rounds(self, *, late: bool, busy: bool) -> float:
        """For a request that fails while others are answered."""
        if late:
            return self.patience.rounds_late
        return math.inf if busy else self.patience.rounds_alone

    def http(self, server: Server) -> Poster:
        """The client that its requests go through. A server on this machine is asked without a proxy."""
        known = self._http.get(server.url)
        if known is None:
            known = self._through_proxy() if not is_local(server.url) and is_proxied(server.url) else self._lean
            self._http[server.url] = known
        return known

    def _through_proxy(self) -> GeneralClient:
        if self._general is None:
            self._general = GeneralClient(connect=self.patience.connect, connections=self._concurrency + 8)
        return self._general

    def seconds(self, server: Server) -> float:
        """How long the server may take for one answer."""
        return self.patience.read if server.answer_seconds is None else server.answer_seconds

    @property
    def _whole(self) -> float:
        """After so many seconds no round begins any more: a server that may take longer for an answer stretches it."""
        return self.patience.whole * max(self._longest / self.patience.read, 1.0)

    @property
    def _longest(self) -> float:
        """Seconds that the most patiently awaited server may take for an answer."""
        return max(map(self.seconds, self.servers), default=self.patience.read)

    def headers(self, server: Server) -> dict[str, str]:
        key = self._key(server)
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _key(self, server: Server) -> str:
        return self._api_key if server.api_key is None else server.api_key

    def _pause(self, number: int, wait: float) -> float:
        """Seconds after round ``number``, by the server's wish to wait."""
        jittered = self.patience.pause * 2 ** (number - 1) * random.uniform(0.5, 1.5)  # noqa: S311
        return min(max(jittered, wait), self.patience.longest_wait)

    async def choose(self, asked: set[str]) -> Replica | None:
        """The next replica; one whose rest is over only where this client is the one that may try it."""
        passed_over = set(asked)
        while True:
            chosen = self.router.choose(passed_over, now=time.monotonic(), epoch=time.time())
            if chosen is None:
                return None
            replica, is_trial = chosen
            if not is_trial:
                return replica
            begin_trial(replica, epoch=time.time())
            replica.verified_at = float("-inf")
            if self.registry is None or await self.registry.trial_claimed(replica.server):
                return replica
            replica.trying = False
            passed_over.add(replica.url)

    async def ask(self, replica: Replica, request: Request) -> Reply:
        """One request to one server; its breaker learns how it went."""
        is_trial = replica.breaker.phase != "closed"  # also where everything is open, and somebody asks all the same
        began = time.monotonic()
        replica.begin(began)
        try:
            reply = await self._post(replica, request)
        except BadRequest:
            await self._went_well(replica, began, is_trial=is_trial)
            raise
        except (Transient, Refused) as error:
            await self._went_wrong(replica, error, began, is_trial=is_trial)
            raise
        else:
            replica.tally.usage += reply.usage
            replica.slowest = max(replica.slowest, reply.usage.seconds)
            replica.replied_at = time.monotonic()
            await self._went_well(replica, began, is_trial=is_trial)
            return reply
        finally:
            replica.trying = replica.trying and not is_trial
            replica.tally.requests += 1
            replica.end(time.monotonic())

    async def _post(self, replica: Replica, request: Request) -> Reply:
        server, started = replica.server, time.monotonic()
        if replica.breaker.phase != "closed":
            await verify(self, replica, since=started)
        try:
            async with asyncio.timeout(None) as cut:
                replica.cuts.add(cut)
                try:
                    answer = await self.http(server).post(
                        f"{server.url}/chat/completions",
                        json=request.body(server.dialect),
                        headers=self.headers(server),
                        timeout=self.seconds(server),
                    )
                finally:
                    replica.cuts.discard(cut)
        except TimeoutError:
            raise Transient(_("it answers nothing while other servers do. See its log."), stalls=True) from None
        except httpx.TransportError as error:
            if isinstance(error, httpx.TimeoutException):
                self._overloaded(0.0)
            failure = broken(error, seconds=time.monotonic() - started)
            if failure.lost:
                replica.losses.append((time.monotonic(), id(request)))
            raise failure from None
        if answer.status_code in (429, 503):
            self._overloaded(retry_after(answer))
        if answer.status_code == 404:  # perhaps it serves another model now
            await verify(self, replica, since=time.monotonic())
        reply = reply_of(server, request, answer, seconds=time.monotonic() - started, key=self._key(server))
        # A new connection may lead to a server that was started anew meanwhile, with another model.
        opened_at = self.http(server).opened_at(server.url)
        if opened_at > replica.verified_at:
            await verify(self, replica, since=opened_at)
        return reply

    def _overloaded(self, wait: float) -> None:
        self.overloads += 1
        self.on_overload(wait)

    async def _went_well(self, replica: Replica, began: float, *, is_trial: bool) -> None:
        replica.answered_at, replica.alive_at = time.monotonic(), max(replica.alive_at, began)
        before, replica.breaker = replica.breaker, succeeded(replica.breaker, trial=is_trial)
        if before.phase != "closed" and replica.breaker.phase == "closed" and self.registry is not None:
            await self.registry.breaker_moved(replica.server, replica.breaker, "")

    async def _went_wrong(self, replica: Replica, error: Transient | Refused, began: float, *, is_trial: bool) -> None:
        replica.tally.faults += 1
        if isinstance(error, Transient) and error.overloaded:  # it works
            replica.resting_until = time.monotonic() + max(error.wait, self.patience.pause)
            await self._went_well(replica, began, is_trial=is_trial)
            return
        jitter = random.uniform(0.75, 1.25)  # noqa: S311
        at_once = isinstance(error, Transient) and error.stalls
        before = replica.breaker
        replica.breaker = failed(before, now=time.time(), jitter=jitter, at_once=at_once)
        if replica.breaker.phase == "open" and before.phase != "open":
            replica.trying = False
            if self.registry is not None:
                await self.registry.breaker_moved(replica.server, replica.breaker, str(error))
