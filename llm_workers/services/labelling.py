"""One task's worth of a run: what ``Shift`` needs to know of runs."""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import async_to_sync

from llm_workers import limits
from llm_workers.asking import ask_item
from llm_workers.client import Careful, ChatClient, Refused, Server
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
from llm_workers.services.shift import Back, Next, Shift


def label_for_a_while(*, run_id: int, lane: int, generation: int) -> Next | None:
    """Work on a lane for a few seconds; None where no task need follow. May be called twice, or die anywhere."""
    work = lane_claim(run_id=run_id, lane=lane, generation=generation)
    if work is None:
        return None
    shift = Shift(_Labelling(work))
    fault = async_to_sync(shift.run)()
    if fault is not None:
        wait = lane_fault(claim=work.claim, reason=fault.message, hopeless=isinstance(fault, Refused))
        return None if wait is None else Next(work.claim.generation, wait)
    if not lane_next(claim=work.claim, pace=shift.pace, load=shift.load):
        return None
    # Where there was no room under the limits, other lanes' answers must come first.
    return Next(work.claim.generation, 0.0 if shift.asked else limits.NO_ROOM_PAUSE)


class _Labelling:
    """The ``Job`` of a run's lane."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.servers: tuple[Server, ...] = work.servers
        self.registry = RunServers(work.claim.run_id)
        self.concurrency, self.width, self.is_timed = work.concurrency, work.width, work.is_timed

    def lease(self, count: int) -> list[Leased]:
        return items_lease(claim=self.work.claim, count=count)

    async def ask(self, client: ChatClient, one: Leased) -> Outcome:
        asked = await ask_item(
            Careful(client) if one.suspected else client,
            model=self.work.model_name,
            asking=self.work.asking,
            item_id=one.item_id,
            kind=one.modality,
            payload=one.payload,
        )
        return Outcome(
            one.item_id,
            asked.reading,
            asked.problem,
            asked.usage,
            asked.rotations,
            asked.prompt_hash,
            asked.raw,
            asked.requests,
        )

    def store(self, answers: Sequence[Outcome]) -> None:
        answers_store(work=self.work, outcomes=answers)

    def release(self, leased: Sequence[Back[Leased]]) -> None:
        items_release(claim=self.work.claim, back=leased)

    def touch(self, width: int) -> bool:
        claim = self.work.claim
        return lane_touch(run_id=claim.run_id, lane=claim.lane, generation=claim.generation, width=width)
