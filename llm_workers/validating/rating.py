"""One task's worth of rating: what ``Shift`` needs to know of validators."""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import async_to_sync

from llm_workers import limits
from llm_workers.client import (
    BadRequest,
    Careful,
    ChatClient,
    ClientError,
    Completer,
    Refused,
    Request,
    Server,
    Usage,
)
from llm_workers.models import ValidatorServer
from llm_workers.prompts import repair, rotations
from llm_workers.questions import BadAnswer, not_refused
from llm_workers.services.routing import ModelServers
from llm_workers.services.shift import Back, Next, Shift
from llm_workers.validating.claims import (
    Answer,
    Leased,
    Work,
    lane_claim,
    lane_fault,
    lane_next,
    ratings_lease,
    ratings_release,
    ratings_store,
)
from llm_workers.validating.lanes import lane_touch
from llm_workers.validating.question import guidelines, messages, question


def rate_for_a_while(*, validator_id: int, lane: int, generation: int) -> Next | None:
    """Work on a lane for a few seconds; None where no task need follow. May be called twice, or die anywhere."""
    work = lane_claim(validator_id=validator_id, lane=lane, generation=generation)
    if work is None:
        return None
    shift = Shift(_Rating(work))
    fault = async_to_sync(shift.run)()
    if fault is not None:
        wait = lane_fault(work=work, reason=fault.message, hopeless=isinstance(fault, Refused))
        return None if wait is None else Next(work.generation, wait)
    if not lane_next(work=work, pace=shift.pace, load=shift.load):
        return None
    # Where there was no room under the limits, other lanes' answers must come first.
    return Next(work.generation, 0.0 if shift.asked else limits.NO_ROOM_PAUSE)


class _Rating:
    """The ``Job`` of a validator's lane."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.servers: tuple[Server, ...] = work.servers
        self.registry = ModelServers(work.model, ValidatorServer, validator_id=work.validator_id)
        self.concurrency, self.width, self.is_timed = work.concurrency, work.width, work.is_timed

    def lease(self, count: int) -> list[Leased]:
        return ratings_lease(work=self.work, count=count)

    async def ask(self, client: ChatClient, one: Leased) -> Answer:
        return await ask(Careful(client) if one.suspected else client, self.work, one)

    def store(self, answers: Sequence[Answer]) -> None:
        ratings_store(work=self.work, answers=answers)

    def release(self, leased: Sequence[Back[Leased]]) -> None:
        ratings_release(work=self.work, back=leased)

    def touch(self, width: int) -> bool:
        work = self.work
        return lane_touch(validator_id=work.validator_id, lane=work.lane, generation=work.generation, width=width)


async def ask(client: Completer, work: Work, label: Leased) -> Answer:
    """Ask about one label, and once more where the answer is unusable.

    Raises ``ClientError`` where no server could be used; a refusal of this label alone is an answer without a reading.
    """
    asked = question()
    rotation = rotations(item_id=label.item_id, orders=1, size=asked.size)[0]
    wording = messages(
        system=guidelines(work.schema),
        asked=asked,
        rotation=rotation,
        kind=label.modality,
        payload=label.payload,
        label=label.label,
    )
    usage, problem = Usage(), ""
    for requests in (1, 2):
        try:
            reply = await client.complete(Request(work.model.name, wording, asked.constraint))
        except BadRequest as error:
            return Answer(label.rating_id, None, error.message, usage + error.usage, requests)
        except ClientError as error:
            raise error.after(usage) from None
        usage += reply.usage
        try:
            not_refused(reply)
            return Answer(label.rating_id, asked.read(reply, rotation), usage=usage, requests=requests)
        except BadAnswer as error:
            problem = str(error)
            wording = repair(wording, answer=reply.text, problem=problem, question=asked)
    return Answer(label.rating_id, None, problem, usage, requests)
