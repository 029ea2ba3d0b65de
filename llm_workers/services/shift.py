"""One task's worth of asking: lease work, ask the servers about much of it at once, store the answers as they come.

Runs, validators and audits work in the same way; what differs between them is a ``Job``.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings

from llm_workers import limits
from llm_workers.client import ChatClient, ClientError, Refused, Server, Unavailable, Usage
from llm_workers.client.load import Load
from llm_workers.client.registry import Registry
from llm_workers.pacing import TOLERATED, Pace


@dataclass(frozen=True)
class Next:
    """The task that should follow: for this generation, after so many seconds."""

    generation: int
    wait: float = 0.0


class Answered(Protocol):
    """What asking about one thing brought."""

    @property
    def usage(self) -> Usage: ...
    @property
    def requests(self) -> int: ...
    @property
    def usable(self) -> bool:
        """Whether it is an answer to the question."""


Leased = TypeVar("Leased")
Answer = TypeVar("Answer", bound=Answered)


@dataclass(frozen=True)
class Back(Generic[Leased]):
    """What could not be asked about to the end. ``usage``: what that took all the same; ``died``: a server stopped
    while it was asked about this."""

    one: Leased
    usage: Usage = field(default_factory=Usage)
    died: bool = False


class Job(Protocol[Leased, Answer]):
    """A claim on a lane. All but ``ask`` use the database, in short transactions, and do nothing once the claim is
    lost."""

    @property
    def servers(self) -> tuple[Server, ...]: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def concurrency(self) -> int:
        """The most requests at a time."""

    @property
    def width(self) -> int:
        """Requests at a time to begin with."""

    @property
    def is_timed(self) -> bool:
        """Whether money is counted by the servers' time."""

    def lease(self, count: int) -> list[Leased]:
        """Up to ``count`` things to ask about that nobody else asks about; none: ask no more."""

    async def ask(self, client: ChatClient, one: Leased) -> Answer:
        """Raises ``ClientError`` where no server could be used."""

    def store(self, answers: Sequence[Answer]) -> None:
        """Keep them, once."""

    def release(self, leased: Sequence[Back[Leased]]) -> None:
        """Give back what could not be asked about to the end."""

    def touch(self, width: int) -> bool:
        """Say that the lane is worked on, and that so many requests at a time are worth it, which the next task begins
        with; False where the claim is lost."""


class Shift(Generic[Leased, Answer]):
    """Keeps as many requests going as the server takes well. The database is used in the calling thread."""

    def __init__(self, job: Job[Leased, Answer]) -> None:
        self.job = job
        self.pace = Pace(start=job.width, most=job.concurrency)
        self.began = self.stored_at = self.touched_at = self.loaded_at = time.monotonic()
        self.ready: deque[Leased] = deque()
        self.asking: dict[asyncio.Task[Answer], Leased] = {}
        self.since: dict[asyncio.Task[Answer], float] = {}  # when each of them began
        self.done: list[asyncio.Task[Answer]] = []
        self.answers: list[Answer] = []
        self.storing: asyncio.Task[None] | None = None  # goes on while more is asked: a server never waits for us
        self.news = asyncio.Event()
        self.fault: ClientError | None = None
        self.dry, self.asked = False, 0
        self.unusable = 0  # answers in a row, since the last store
        self.memory: float | None = None  # bytes that the servers' processes held in the end, where they say so
        self.gpu_memory: int | None = None  # likewise, of those on this machine, on its GPUs
        self.load: Load | None = None  # requests that were inside the servers in the end, likewise

    async def run(self) -> ClientError | None:
        """Returns why no server could be used, or None."""
        client = ChatClient(
            self.job.servers,
            api_key=settings.LLM_API_KEY,
            concurrency=self.job.concurrency,
            patience=limits.PATIENCE,
            registry=self.job.registry,
        )
        client.on_overload = self._overloaded
        async with client:
            try:
                while await self._fill(client):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(limits.STORE_EVERY):
                            await self.news.wait()
                    self.news.clear()
                    await self._collect()
                    if self.unusable < limits.MAX_UNANSWERED_IN_ROW:
                        self._store_beside(client)
                    else:
                        await self._store_all(client)  # perhaps nothing more should be asked
                    if not await self._touch():
                        break
                    self._look(client)
                await self._store_all(client)
            finally:
                await self._abandon()
            self.memory, self.gpu_memory = client.memory, await client.gpu_memory()
            self.load = client.load
        return self.fault

    def _overloaded(self, wait: float) -> None:
        self.pace.refused(now=time.monotonic(), wait=min(wait, limits.PATIENCE.longest_wait))

    def _goes_on(self) -> bool:
        """Whether anything new is to be asked."""
        slow = 0.0 if math.isnan(self.pace.usual) else limits.TASK_ANSWERS * self.pace.usual
        until = self.began + min(max(limits.TASK_SECONDS, slow), limits.LONGEST_TASK)
        return self.fault is None and (time.monotonic() < until or self._is_held_up(until))

    def _is_held_up(self, until: float) -> bool:
        """Whether something that was asked in time takes far longer than others do: they must not wait for it."""
        usual = 0.0 if math.isnan(self.pace.usual) else self.pace.usual
        late = time.monotonic() - max(limits.TASK_SECONDS, TOLERATED * usual)
        return any(began < min(until, late) for began in self.since.values())

    async def _fill(self, client: ChatClient) -> bool:
        """Lease and start as many requests as there is room for; False where nothing is left under way."""
        if self._goes_on() and self.pace.may_ask(time.monotonic()):
            room = self._ask_ready(client)
            if room and not self.dry:
                # More than there is room for now: a lease for each answer would cost more than it brings.
                leased = await sync_to_async(self.job.lease)(room + self.pace.width)
                self.dry = not leased
                self.ready.extend(leased)
                self._ask_ready(client)
        return bool(self.asking) or (bool(self.ready) and self._goes_on())

    def _ask_ready(self, client: ChatClient) -> int:
        """Start what is leased, as far as there is room; returns the room that is left."""
        room = max(self.pace.width - len(self.asking), 0)
        for _ in range(min(room, len(self.ready))):
            self._ask(client, self.ready.popleft())
        return max(self.pace.width - len(self.asking), 0)

    def _ask(self, client: ChatClient, one: Leased) -> None:
        task = asyncio.create_task(self.job.ask(client, one))
        self.asking[task], self.since[task] = one, time.monotonic()
        self.asked += 1
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Answer]) -> None:
        self.done.append(task)
        self.news.set()

    async def _collect(self) -> None:
        done, self.done = self.done, []
        full = len(self.asking) >= self.pace.width
        released: list[Back[Leased]] = []
        for task in done:
            one = self.asking.pop(task)
            del self.since[task]
            try:
                answer = task.result()
            except ClientError as error:
                if not isinstance(self.fault, Refused):  # that says more than what came of it afterwards
                    self.fault = error
                released.append(Back(one, error.usage, isinstance(error, Unavailable) and error.died))
                continue
            self.answers.append(answer)
            self.unusable = 0 if answer.usable else self.unusable + 1
            if answer.usage.seconds:
                self.pace.answered(answer.usage.seconds / answer.requests, full=full)
        if released:
            await sync_to_async(self.job.release)(released)

    def _store_beside(self, client: ChatClient) -> None:
        """Begin to store what has come, now and then, and one lot at a time. Raises what broke while storing."""
        if self.storing is not None and self.storing.done():
            self.storing.result()
            self.storing = None
        due = self.answers and time.monotonic() - self.stored_at >= limits.STORE_EVERY
        if self.storing is None and due:
            self.storing = asyncio.create_task(self._store(client))

    async def _store_all(self, client: ChatClient) -> None:
        if self.storing is not None:
            await self.storing
            self.storing = None
        await self._store(client)
        self.unusable = 0

    async def _store(self, client: ChatClient) -> None:
        if self.answers:
            if self.job.is_timed:  # what these answers cost must be known when they are held to a limit of money
                await client.hand_in()
            answers, self.answers = self.answers, []
            await sync_to_async(self.job.store)(answers)
            self.stored_at = time.monotonic()

    async def _touch(self) -> bool:
        if time.monotonic() - self.touched_at < limits.TOUCH_EVERY:
            return True
        self.touched_at = time.monotonic()
        return await sync_to_async(self.job.touch)(self.pace.proven)

    def _look(self, client: ChatClient) -> None:
        """Heed how many requests wait inside the servers."""
        if time.monotonic() - self.loaded_at >= limits.LOAD_EVERY:
            self.loaded_at = time.monotonic()
            load = client.load
            if load is not None:
                self.pace.waiting(load.waiting, running=load.running)

    async def _abandon(self) -> None:
        """Give back what was not asked about, and stop what is still under way: the claim is lost, or something here
        broke.
        """
        for task in self.asking:
            task.cancel()
        await asyncio.gather(*self.asking, *([self.storing] if self.storing else []), return_exceptions=True)
        if self.ready:
            await sync_to_async(self.job.release)([Back(one) for one in self.ready])
