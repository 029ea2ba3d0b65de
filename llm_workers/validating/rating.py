"""One task's worth of rating: lease labels, ask about many at once, store what comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings

from llm_workers import limits
from llm_workers.client import BadRequest, ChatClient, ClientError, Refused, Request, Usage
from llm_workers.models import ValidatorServer
from llm_workers.prompts import repair, rotations
from llm_workers.questions import BadAnswer
from llm_workers.services.labelling import Next
from llm_workers.services.routing import ModelServers
from llm_workers.validating.claims import (
    Answer,
    Leased,
    Work,
    chain_claim,
    chain_fault,
    chain_next,
    ratings_lease,
    ratings_release,
    ratings_store,
)
from llm_workers.validating.question import guidelines, messages, question

ROUNDS = 2  # leases are this many times what is asked at a time, so that slow answers hold up few others


def rate_for_a_while(*, validator_id: int, generation: int) -> Next | None:
    """Rate labels for a few seconds; None where no task need follow. May be called twice, or die anywhere."""
    work = chain_claim(validator_id=validator_id, generation=generation)
    if work is None:
        return None
    fault = async_to_sync(_rate)(work)
    if fault is not None:
        wait = chain_fault(work=work, reason=fault.message, hopeless=isinstance(fault, Refused))
        return None if wait is None else Next(work.generation, wait)
    return Next(work.generation) if chain_next(work=work) else None


async def _rate(work: Work) -> ClientError | None:
    """Rounds of questions until the time is up; returns why no server could be used, or None.

    The database is used in the calling thread, in short transactions between the rounds.
    """
    until = time.monotonic() + limits.TASK_SECONDS
    client = ChatClient(
        work.servers,
        api_key=settings.LLM_API_KEY,
        concurrency=work.concurrency,
        patience=limits.PATIENCE,
        registry=ModelServers(work.model, ValidatorServer, validator_id=work.validator_id),
    )
    async with client:
        while time.monotonic() < until:
            leased = await sync_to_async(ratings_lease)(work=work, count=ROUNDS * work.concurrency)
            if not leased:
                return None
            answers, fault, failed = await _round(client, work, leased)
            await client.hand_in()  # what they cost must be known when they are held to a limit of money
            go_on = not answers or await sync_to_async(ratings_store)(work=work, answers=answers)
            if failed:
                await sync_to_async(ratings_release)(work=work, rating_ids=failed)
            if fault is not None or not go_on:
                return fault
    return None


async def _round(
    client: ChatClient, work: Work, leased: Sequence[Leased]
) -> tuple[list[Answer], ClientError | None, list[int]]:
    """Answers, why a server could not be used, and the ratings that could not be asked about for it."""
    room = asyncio.Semaphore(work.concurrency)

    async def one(label: Leased) -> Answer:
        async with room:
            return await ask(client, work, label)

    found = await asyncio.gather(*(one(label) for label in leased), return_exceptions=True)
    answers: list[Answer] = []
    fault, failed = None, []
    for label, result in zip(leased, found, strict=True):
        if isinstance(result, Answer):
            answers.append(result)
        elif isinstance(result, ClientError):
            fault = result
            failed.append(label.rating_id)
        else:
            raise result
    return answers, fault, failed


async def ask(client: ChatClient, work: Work, label: Leased) -> Answer:
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
    for _try in range(2):
        try:
            reply = await client.complete(Request(work.model.name, wording, asked.constraint))
        except BadRequest as error:
            return Answer(label.rating_id, None, error.message, usage)
        usage += reply.usage
        try:
            return Answer(label.rating_id, asked.read(reply, rotation), usage=usage)
        except BadAnswer as error:
            problem = str(error)
            wording = repair(wording, answer=reply.text, problem=problem, question=asked)
    return Answer(label.rating_id, None, problem, usage)
