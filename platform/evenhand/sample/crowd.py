"""The sample's simulated crowd: 30 workers with stated, seeded behaviours.

Nothing here imitates a real person. Four behaviours are written down in words and in numbers, thirty workers
have one of them each, and every answer follows from the seed, the worker and the item alone: whoever asks, in
whatever order, gets the same label after the same time. Their work is called *simulated* in every page and
ledger entry.

At redundancy 3 the sample's seed gives a majority that is right on about nine items in ten, and some
disagreement on about one item in four; ``tests/sample`` holds the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from evenhand.sample.chance import Chance
from evenhand.sample.grammar import KEEP, SEVERITY, Label
from evenhand.sample.messages import SEED, SampleItem

Kind = Literal["careful", "hasty", "biased", "spammer"]

BIAS_ATTRIBUTE = "religion"
BIAS_GROUP = "Muslim"
"""The group whose messages the biased workers judge more severely. A demonstration of what the fairness pages
find, chosen because moderation studies report it; the messages of the group deserve no other labels than the
others'."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How workers of one kind answer; ``statement`` says in words what the numbers do.

    ``slip``: bounds between which each worker's own rate of careless errors lies. ``misled``: factor on an
    item's difficulty, the chance of being misled by it. ``severer``: probability of one step more severe on a
    message about the biased group. ``median_ms`` and ``spread``: log-normal active time for a message of
    average length. ``skip``, ``flag``: probability of skipping and of flagging an item.
    """

    kind: Kind
    statement: str
    slip: tuple[float, float]
    misled: float
    severer: float
    median_ms: float
    spread: float
    skip: float
    flag: float
    activity: float


BEHAVIOURS: Mapping[Kind, Behaviour] = {
    "careful": Behaviour(
        kind="careful",
        statement="Reads the whole message and follows the guidelines; errs mostly where it is hard.",
        slip=(0.004, 0.016),
        misled=0.9,
        severer=0.0,
        median_ms=9_500,
        spread=0.40,
        skip=0.015,
        flag=0.010,
        activity=1.0,
    ),
    "hasty": Behaviour(
        kind="hasty",
        statement=(
            "Answers in three to four seconds, is misled more easily, and slips in roughly one message in "
            "fifteen, towards the milder label where there is one."
        ),
        slip=(0.04, 0.09),
        misled=1.1,
        severer=0.0,
        median_ms=3_200,
        spread=0.45,
        skip=0.030,
        flag=0.002,
        activity=1.2,
    ),
    "biased": Behaviour(
        kind="biased",
        statement=(
            f"Works like a careful worker, but labels messages about {BIAS_GROUP} people one step more "
            "severely than they deserve in about two cases of three."
        ),
        slip=(0.004, 0.016),
        misled=0.9,
        severer=0.65,
        median_ms=8_500,
        spread=0.40,
        skip=0.010,
        flag=0.012,
        activity=1.0,
    ),
    "spammer": Behaviour(
        kind="spammer",
        statement="Does not read: answers after about a second, one always with “keep”, one at random.",
        slip=(1.0, 1.0),
        misled=0.0,
        severer=0.0,
        median_ms=1_100,
        spread=0.25,
        skip=0.0,
        flag=0.0,
        activity=0.7,
    ),
}

CREW: tuple[tuple[Kind, int], ...] = (("careful", 17), ("hasty", 5), ("biased", 6), ("spammer", 2))
"""How many workers of each kind there are: 30 in all."""

SKIP_REASONS = (
    "I cannot tell what this refers to.",
    "I do not know enough about the subject.",
    "I would rather not judge this one.",
)
FLAG_REASONS: Mapping[str, str] = {
    "fragment": "Part of this message seems to be missing.",
    "guideline": "The guidelines do not say what to do here.",
    "ambiguous": "This can be read in two ways.",
    "": "Please have a second look at this one.",
}

_TYPICAL_CHARACTERS = 95
_LEAN_SHARE = 0.9
_HARD = 0.3


@dataclass(frozen=True, slots=True)
class Worker:
    """One simulated worker. ``number`` runs from 1 to 30; ``slip`` is this worker's own rate of careless
    errors.

    ``always`` is the label of a spammer who presses the same key every time.
    """

    number: int
    behaviour: Behaviour
    slip: float
    always: Label | None = None

    @property
    def kind(self) -> Kind:
        """The behaviour's kind."""
        return self.behaviour.kind

    @property
    def key(self) -> str:
        """A stable short name, fit for an account name: ``simulated-07``."""
        return f"simulated-{self.number:02d}"

    @property
    def name(self) -> str:
        """The name that pages and ledger show: ``Simulated worker 07 (careful)``."""
        return f"Simulated worker {self.number:02d} ({self.kind})"

    @property
    def statement(self) -> str:
        """The behaviour in one sentence, exact for this worker."""
        if self.kind != "spammer":
            return self.behaviour.statement
        habit = f"always “{self.always}”" if self.always else "a label at random"
        return f"Does not read: answers after about a second, {habit}."


class Answer(NamedTuple):
    """A label and the active time it took, in milliseconds."""

    label: Label
    active_ms: int


class Reaction(NamedTuple):
    """What a worker does besides answering: the reason for skipping and for flagging, or ``None``."""

    skip: str | None
    flag: str | None


def crowd(*, seed: int = SEED) -> tuple[Worker, ...]:
    """The 30 workers. Which number has which behaviour depends on the seed: a number tells nothing."""
    kinds = Chance(seed, "crew").shuffled(kind for kind, count in CREW for _ in range(count))
    workers: list[Worker] = []
    spammers = 0
    for number, kind in enumerate(kinds, start=1):
        behaviour = BEHAVIOURS[kind]
        always = KEEP if kind == "spammer" and spammers == 0 else None
        spammers += kind == "spammer"
        slip = Chance(seed, "slip", number).between(*behaviour.slip)
        workers.append(Worker(number, behaviour, slip, always))
    return tuple(workers)


def answer(worker: Worker, item: SampleItem, *, seed: int = SEED) -> Answer:
    """The worker's label for the item and the active milliseconds it took; the same for the same three."""
    chance = Chance(seed, "answer", worker.key, item.external_id)
    active_ms = _active_ms(worker, item, chance)
    if worker.kind == "spammer":
        label = chance.pick(SEVERITY) if worker.always is None else worker.always
        return Answer(label, active_ms)
    label = _read(worker, item, chance)
    about_group = item.groups.get(BIAS_ATTRIBUTE) == BIAS_GROUP
    if about_group and chance.happens(worker.behaviour.severer):
        label = _step(label, 1)
    return Answer(label, active_ms)


def reaction(worker: Worker, item: SampleItem, *, seed: int = SEED) -> Reaction:
    """Whether the worker skips the item instead of answering, or flags it: oftener where it is hard."""
    chance = Chance(seed, "reaction", worker.key, item.external_id)
    weight = 3.0 if item.latent.difficulty >= _HARD else 0.7
    if chance.happens(worker.behaviour.skip * weight):
        return Reaction(chance.pick(SKIP_REASONS), None)
    if chance.happens(worker.behaviour.flag * weight):
        return Reaction(None, FLAG_REASONS[item.latent.trouble])
    return Reaction(None, None)


def labellers(
    item: SampleItem, workers: Sequence[Worker], *, redundancy: int = 3, seed: int = SEED
) -> tuple[Worker, ...]:
    """The ``redundancy`` different workers who label the item where the platform does not hand out the work.

    Drawn without replacement in proportion to activity (Efraimidis and Spirakis 2006). Raises ``ValueError``
    for a redundancy that the crowd cannot give.
    """
    if not 1 <= redundancy <= len(workers):
        raise ValueError(f"redundancy must lie between 1 and {len(workers)}, not {redundancy}")

    def place(worker: Worker) -> float:
        # 1 - u is never 0, so that the power is defined for every activity.
        luck = 1.0 - Chance(seed, "labellers", worker.key, item.external_id).unit()
        return float(luck ** (1.0 / worker.behaviour.activity))

    return tuple(sorted(workers, key=place, reverse=True)[:redundancy])


def describe(workers: Sequence[Worker]) -> str:
    """The whole crowd in words, as Markdown, for the pages and the disclosure that show its work."""
    lines = [
        f"The crowd of this sample project is simulated: {len(workers)} programmed workers, no people. "
        "Every answer follows from a seed by these behaviours:",
        "",
    ]
    for kind, behaviour in BEHAVIOURS.items():
        numbers = [f"{worker.number:02d}" for worker in workers if worker.kind == kind]
        if numbers:
            lines.append(f"- **{kind}** ({len(numbers)}: {', '.join(numbers)}). {behaviour.statement}")
    return "\n".join(lines) + "\n"


def _read(worker: Worker, item: SampleItem, chance: Chance) -> Label:
    """The label of somebody who tries: the true one, a careless slip, or the one the message misleads to."""
    latent = item.latent
    if chance.happens(worker.slip):
        if worker.kind == "hasty" and latent.truth != KEEP:
            return _step(latent.truth, -1)
        return chance.pick([label for label in SEVERITY if label != latent.truth])
    if chance.happens(min(1.0, worker.behaviour.misled * latent.difficulty)):
        if chance.happens(_LEAN_SHARE):
            return latent.lean
        return chance.pick([label for label in SEVERITY if label not in (latent.truth, latent.lean)])
    return latent.truth


def _step(label: Label, steps: int) -> Label:
    place = min(max(SEVERITY.index(label) + steps, 0), len(SEVERITY) - 1)
    return SEVERITY[place]


def _active_ms(worker: Worker, item: SampleItem, chance: Chance) -> int:
    """Whoever reads takes longer over a long message and over a hard one; a spammer does not."""
    median = worker.behaviour.median_ms
    if worker.kind != "spammer":
        median *= 0.5 + 0.5 * len(item.text) / _TYPICAL_CHARACTERS
        median *= 1.0 + 0.4 * item.latent.difficulty
    return max(300, round(chance.lognormal(median, worker.behaviour.spread)))
