"""One task's worth of a run: lease items, ask the servers about many at once, store the answers as they come."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings

from llm_workers import limits
from llm_workers.asking import ask_item
from llm_workers.client import ChatClient, ClientError, Refused
from llm_workers.pacing import Pace
from llm_workers.services.answers import Outcome, answers_store
from llm_workers.services.claims import (
    Leased,
    Work,
    items_lease,
    items_release,
    lane_claim,
    lane_fault,
    lane_next,
)
from llm_workers.services.routing import RunServers
from llm_workers.services.runs import lane_touch


@dataclass(frozen=True)
class Next:
    """The task that should follow: for this generation, after so many seconds."""

    generation: int
    wait: float = 0.0


def label_for_a_while(*, run_id: int, lane: int, generation: int) -> Next | None:
    """Work on a lane for a few seconds; None where no task need follow. May be called twice, or die anywhere."""
    work = lane_claim(run_id=run_id, lane=lane, generation=generation)
    if work is None:
        return None
    shift = _Shift(work)
    fault = async_to_sync(shift.run)()
    if fault is not None:
        wait = lane_fault(claim=work.claim, reason=fault.message, hopeless=isinstance(fault, Refused))
        return None if wait is None else Next(work.claim.generation, wait)
    if not lane_next(claim=work.claim):
        return None
    # Where there was no room under the limits, other lanes' answers must come first.
    return Next(work.claim.generation, 0.0 if shift.asked else limits.NO_ROOM_PAUSE)


class _Shift:
    """Keeps as many requests going as the server takes well. The database is used in the calling thread, in short
    transactions.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.pace = Pace(start=work.width, most=work.concurrency)
        self.began = self.stored_at = self.touched_at = self.loaded_at = time.monotonic()
        self.ready: deque[Leased] = deque()
        self.asking: dict[asyncio.Task[Outcome], Leased] = {}
        self.done: list[asyncio.Task[Outcome]] = []
        self.outcomes: list[Outcome] = []
        self.news = asyncio.Event()
        self.fault: ClientError | None = None
        self.dry, self.asked = False, 0

    async def run(self) -> ClientError | None:
        """Returns why no server could be used, or None."""
        client = ChatClient(
            self.work.servers,
            api_key=settings.LLM_API_KEY,
            concurrency=self.work.concurrency,
            patience=limits.PATIENCE,
            registry=RunServers(self.work.claim.run_id),
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
                    await self._store(client, at_least=limits.STORE_EVERY)
                    if not await self._touch():
                        break
                    self._look(client)
                await self._store(client)
            finally:
                await self._abandon()
        return self.fault

    def _overloaded(self, wait: float) -> None:
        self.pace.refused(now=time.monotonic(), wait=min(wait, limits.PATIENCE.longest_wait))

    def _goes_on(self) -> bool:
        """Whether anything new is to be asked."""
        slow = 0.0 if math.isnan(self.pace.usual) else limits.TASK_ANSWERS * self.pace.usual
        whole = min(max(limits.TASK_SECONDS, slow), limits.LONGEST_TASK)
        return self.fault is None and time.monotonic() - self.began < whole

    async def _fill(self, client: ChatClient) -> bool:
        """Lease and start as many requests as there is room for; False where nothing is left under way."""
        if self._goes_on() and self.pace.may_ask(time.monotonic()):
            room = self.pace.width - len(self.asking)
            if len(self.ready) < room and not self.dry:
                # More than there is room for now: a lease for each answer would cost more than it brings.
                count = room + self.pace.width - len(self.ready)
                leased = await sync_to_async(items_lease)(claim=self.work.claim, count=count)
                self.dry = not leased
                self.ready.extend(leased)
            for _ in range(min(room, len(self.ready))):
                self._ask(client, self.ready.popleft())
        return bool(self.asking) or (bool(self.ready) and self._goes_on())

    def _ask(self, client: ChatClient, item: Leased) -> None:
        task = asyncio.create_task(ask(client, self.work, item))
        self.asking[task] = item
        self.asked += 1
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Outcome]) -> None:
        self.done.append(task)
        self.news.set()

    async def _collect(self) -> None:
        done, self.done = self.done, []
        full = len(self.asking) >= self.pace.width
        released = []
        for task in done:
            item = self.asking.pop(task)
            try:
                outcome = task.result()
            except ClientError as error:
                if not isinstance(self.fault, Refused):  # that says more than what came of it afterwards
                    self.fault = error
                released.append(item.item_id)
                continue
            self.outcomes.append(outcome)
            if outcome.usage.seconds:
                self.pace.answered(outcome.usage.seconds / outcome.requests, full=full)
        if released:
            await sync_to_async(items_release)(claim=self.work.claim, item_ids=released)

    async def _store(self, client: ChatClient, *, at_least: float = 0.0) -> None:
        if self.outcomes and time.monotonic() - self.stored_at >= at_least:
            if self.work.is_timed:  # what these answers cost must be known when they are held to a limit of money
                await client.hand_in()
            outcomes, self.outcomes = self.outcomes, []
            await sync_to_async(answers_store)(work=self.work, outcomes=outcomes)
            self.stored_at = time.monotonic()

    async def _touch(self) -> bool:
        if time.monotonic() - self.touched_at < limits.TOUCH_EVERY:
            return True
        self.touched_at, claim = time.monotonic(), self.work.claim
        return await sync_to_async(lane_touch)(
            run_id=claim.run_id, lane=claim.lane, generation=claim.generation, width=self.pace.width
        )

    def _look(self, client: ChatClient) -> None:
        """Heed how many requests wait inside the servers."""
        if time.monotonic() - self.loaded_at >= limits.LOAD_EVERY:
            self.loaded_at = time.monotonic()
            waiting = client.waiting
            if waiting is not None:
                self.pace.waiting(waiting)

    async def _abandon(self) -> None:
        """Give back what was not asked about, and stop what is still under way: the claim is lost, or something here
        broke.
        """
        for task in self.asking:
            task.cancel()
        if self.asking:
            await asyncio.gather(*self.asking, return_exceptions=True)
        if self.ready:
            unasked = [item.item_id for item in self.ready]
            await sync_to_async(items_release)(claim=self.work.claim, item_ids=unasked)


async def ask(client: ChatClient, work: Work, item: Leased) -> Outcome:
    """What asking about one item brings. Raises ``ClientError`` where no server could be used."""
    asked = await ask_item(
        client,
        model=work.model_name,
        asking=work.asking,
        item_id=item.item_id,
        kind=item.modality,
        payload=item.payload,
    )
    return Outcome(
        item.item_id,
        asked.reading,
        asked.problem,
        asked.usage,
        asked.rotations,
        asked.prompt_hash,
        asked.raw,
        asked.requests,
    )
