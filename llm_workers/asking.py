"""Everything that is asked about one item: every order of the options, every sample, and once more where an answer is
unusable. No database: a run and a trial ask in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from llm_workers.client import BadRequest, ClientError, Completer, Request, Usage
from llm_workers.client.wire import SEED
from llm_workers.prompts import Example, digest, messages, repair, rotations
from llm_workers.questions import BadAnswer, Question, Reading, not_refused
from llm_workers.questions.samples import over_orders, stated_of, vote


class Examples(Protocol):
    def shown_for(self, *, item_id: int, kind: str, payload: Mapping[str, Any]) -> Sequence[Example]:
        """The examples that stand before this item; never the item itself."""


@dataclass(frozen=True)
class SameForAll:
    """Examples that every item is shown, so that the beginning of all requests is the same."""

    examples: tuple[Example, ...] = ()

    def shown_for(self, *, item_id: int, kind: str, payload: Mapping[str, Any]) -> Sequence[Example]:
        return [example for example in self.examples if example.item_id != item_id]


@dataclass(frozen=True)
class Asking:
    """How a model is asked: the words, the question, and how often."""

    text: str
    question: Question
    orders: int = 1
    samples: int = 1
    temperature: float = 0.0
    examples: Examples = field(default_factory=SameForAll)

    def turns(self, item_id: int) -> Iterator[tuple[int, float, int]]:
        """(rotation, temperature, seed) of each request about an item; the same in every repetition."""
        for rotation in rotations(item_id=item_id, orders=self.orders, size=self.question.size):
            for number in range(self.samples):
                yield rotation, self.temperature if self.samples > 1 else 0.0, SEED + number

    @property
    def requests(self) -> int:
        """How often one item is asked about."""
        return min(self.orders, self.question.size) * self.samples

    @property
    def needed(self) -> int:
        """How many of the answers must be usable: each order, because orders cancel out only together; of samples
        more than half."""
        return self.requests // 2 + 1 if self.samples > 1 else self.requests


@dataclass(frozen=True)
class Asked:
    """What came of it: a reading, or the reason why there is none. ``first`` are the messages of the first request;
    ``readings`` are those of single requests, each with its rotation, as far as they were usable."""

    reading: Reading | None
    problem: str
    usage: Usage
    rotations: tuple[int, ...]
    first: tuple[Mapping[str, Any], ...]
    raw: str
    requests: int
    readings: tuple[tuple[int, Reading], ...] = ()

    @property
    def prompt_hash(self) -> str:
        return digest(list(self.first))


@dataclass
class Meter:
    """What asking about one item has used so far: all that is known where asking is broken off."""

    usage: Usage = field(default_factory=Usage)
    requests: int = 0


async def ask_item(
    client: Completer,
    *,
    model: str,
    asking: Asking,
    item_id: int,
    kind: str,
    payload: Mapping[str, Any],
    meter: Meter | None = None,
) -> Asked:
    """Ask about one item. Raises ``ClientError``, with all that was used, where no server could be used; a refusal of
    this item alone is an outcome. ``meter``, where given, runs along."""
    shown = asking.examples.shown_for(item_id=item_id, kind=kind, payload=payload)
    turns = list(asking.turns(item_id))
    meter = meter or Meter()
    inquiry = _Inquiry(client, model, asking.question, meter)
    first: list[dict[str, Any]] = []
    for number, (rotation, temperature, seed) in enumerate(turns):
        asked = messages(
            text=asking.text, question=asking.question, rotation=rotation, kind=kind, payload=payload, examples=shown
        )
        first = first or asked
        await inquiry.ask(asked, rotation, temperature, seed)
        if len(inquiry.readings) + len(turns) - number - 1 < asking.needed:
            break  # what is left cannot bring enough any more
    reading = together(asking, inquiry.readings, inquiry.rotations)
    return Asked(
        reading,
        "" if reading else inquiry.problem,
        meter.usage,
        tuple(dict.fromkeys(rotation for rotation, _, _ in turns)),
        tuple(first),
        inquiry.raw,
        meter.requests,
        tuple(zip(inquiry.rotations, inquiry.readings, strict=True)),
    )


def together(asking: Asking, readings: Sequence[Reading], rotations: Sequence[int]) -> Reading | None:
    """What readings of one item, each with its rotation, say together; None where too few are usable."""
    if len(readings) < asking.needed:
        return None
    question = asking.question
    combined = vote(question, readings) if asking.samples > 1 else question.combine(readings)
    orders, share = over_orders(rotations, [reading.value for reading in readings], combined.value)
    return replace(combined, stated=stated_of(readings, combined.value), orders=orders, order_share=share)


@dataclass
class _Inquiry:
    """The requests about one item so far."""

    client: Completer
    model: str
    question: Question
    meter: Meter
    readings: list[Reading] = field(default_factory=list)
    rotations: list[int] = field(default_factory=list)  # that of each reading
    problem: str = ""
    raw: str = ""

    async def ask(self, asked: list[dict[str, Any]], rotation: int, temperature: float, seed: int) -> None:
        """One answer, with a second try where the first is unusable."""
        for _ in range(2):
            request = Request(self.model, asked, self.question.constraint, temperature, seed)
            self.meter.requests += 1
            before = self.meter.usage
            try:
                reply = await self.client.complete(request)
            except BadRequest as error:
                self.problem, self.meter.usage = error.message, before + error.usage
                return
            except ClientError as error:
                self.meter.usage = before + error.usage
                raise error.after(before) from None
            self.meter.usage, self.raw = before + reply.usage, reply.text
            try:
                not_refused(reply)
                self.readings.append(self.question.read(reply, rotation))
                self.rotations.append(rotation)
                return
            except BadAnswer as error:
                self.problem = str(error)
                asked = repair(asked, answer=reply.text, problem=self.problem, question=self.question)
