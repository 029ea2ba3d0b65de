"""One task's worth of a run: lease items, ask the servers about many at once, store the answers as they come."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings

from llm_workers import limits
from llm_workers.asking import ask_item
from llm_workers.client import ChatClient, ClientError, Refused
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
    fault = async_to_sync(_Shift(work).run)()
    if fault is not None:
        wait = lane_fault(claim=work.claim, reason=fault.message, hopeless=isinstance(fault, Refused))
        return None if wait is None else Next(work.claim.generation, wait)
    return Next(work.claim.generation) if lane_next(claim=work.claim) else None


class _Shift:
    """Keeps ``concurrency`` requests going. The database is used in the calling thread, in short transactions."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.until = time.monotonic() + limits.TASK_SECONDS
        self.asking: dict[asyncio.Task[Outcome], Leased] = {}
        self.outcomes: list[Outcome] = []
        self.fault: ClientError | None = None
        self.dry = False
        self.stored_at = self.touched_at = time.monotonic()

    async def run(self) -> ClientError | None:
        """Returns why no server could be used, or None."""
        client = ChatClient(
            self.work.servers,
            api_key=settings.LLM_API_KEY,
            concurrency=self.work.concurrency,
            patience=limits.PATIENCE,
            registry=RunServers(self.work.claim.run_id),
        )
        async with client:
            try:
                while await self._fill(client):
                    done, _ = await asyncio.wait(
                        self.asking, timeout=limits.STORE_EVERY, return_when=asyncio.FIRST_COMPLETED
                    )
                    await self._collect(done)
                    await self._store(at_least=limits.STORE_EVERY)
                    if not await self._touch():
                        break
                await self._store()
            finally:
                await self._abandon()
        return self.fault

    async def _fill(self, client: ChatClient) -> bool:
        """Lease and start as many requests as there is room for; False where nothing is left under way."""
        room = self.work.concurrency - len(self.asking)
        enough = max(self.work.concurrency // 4, 1)  # a lease for each answer would cost more than it brings
        if room >= enough and not self.dry and self.fault is None and time.monotonic() < self.until:
            leased = await sync_to_async(items_lease)(claim=self.work.claim, count=room)
            self.dry = not leased
            for item in leased:
                self.asking[asyncio.create_task(ask(client, self.work, item))] = item
        return bool(self.asking)

    async def _collect(self, done: set[asyncio.Task[Outcome]]) -> None:
        released = []
        for task in done:
            item = self.asking.pop(task)
            try:
                self.outcomes.append(task.result())
            except ClientError as error:
                self.fault = error
                released.append(item.item_id)
        if released:
            await sync_to_async(items_release)(claim=self.work.claim, item_ids=released)

    async def _store(self, *, at_least: float = 0.0) -> None:
        if self.outcomes and time.monotonic() - self.stored_at >= at_least:
            outcomes, self.outcomes = self.outcomes, []
            await sync_to_async(answers_store)(work=self.work, outcomes=outcomes)
            self.stored_at = time.monotonic()

    async def _touch(self) -> bool:
        if time.monotonic() - self.touched_at < limits.TOUCH_EVERY:
            return True
        self.touched_at, claim = time.monotonic(), self.work.claim
        return await sync_to_async(lane_touch)(run_id=claim.run_id, lane=claim.lane, generation=claim.generation)

    async def _abandon(self) -> None:
        """Stop what is still under way: the claim is lost, or something here broke."""
        for task in self.asking:
            task.cancel()
        if self.asking:
            await asyncio.gather(*self.asking, return_exceptions=True)


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
        item.item_id, asked.reading, asked.problem, asked.usage, asked.rotations, asked.prompt_hash, asked.raw
    )
