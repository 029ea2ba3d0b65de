"""What an item's labels amount to, as plain data: the votes, the consensus rule, the disagreement, the live state.

Pure: no database. ``annotations.services.changes`` feeds it inside a label's transaction, a recount feeds it from rows;
both give the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from annotations.models.cases import CaseKind, ConsensusMethod

SECONDS_AN_HOUR = 3600


def hour_of(moment: datetime) -> int:
    """The hour that holds an aware ``moment``, in hours since 1970 (UTC)."""
    return int(moment.timestamp() // SECONDS_AN_HOUR)


@dataclass(frozen=True)
class Vote:
    """A current label: whose (annotator id), of which kind, its token (see ``TaskType``), and the hour it was given in,
    in hours since 1970 (UTC; ``hour_of``)."""

    annotation_id: int
    annotator_id: int
    is_model: bool
    token: str
    hour: int = 0


@dataclass(frozen=True)
class Decision:
    """The consensus: its token (None: a bad item, settled without a label), how it came, its share of the votes."""

    token: str | None
    method: str
    support: float | None


@dataclass(frozen=True)
class Doubt:
    """Why the label of an item looks wrong though nobody disagrees about it.

    ``token``: the label; ``score``: how probably it is right, in [0, 1]; ``why``: names of the signals that speak
    against it, the weightiest first; ``method``: what gave the score.
    """

    token: str
    score: float
    why: tuple[str, ...] = ()
    method: str = ""

    @property
    def error(self) -> float:
        return 1 - self.score

    def as_json(self) -> dict[str, Any]:
        return {"token": self.token, "score": self.score, "why": list(self.why), "method": self.method}


@dataclass(frozen=True)
class ItemState:
    """All that live counters need to know of one item.

    ``groups``: attribute → group. ``people``: token → number of people. ``models``: annotator id (as text) → token.
    ``human``: the people's own consensus token, before any expert. ``final``: the consensus token. ``decided``: there
    is a consensus (also one without a label). ``complete``: as many people's labels as the project asks for, or
    settled. ``needed``: labels that are asked for, ``raised`` of them because of the item's groups alone. ``settled``:
    by an expert, so that ``final`` is theirs. ``dataset``: its id. ``people_at``: hour (as text) → token → people,
    which sums up to ``people``; ``models_at``: annotator id (as text) → hour. ``audit``: the chance with which the item
    was drawn into the uniform audit stream, None where it was not. ``first``: the token of the earliest person's label
    that stands.
    """

    groups: dict[str, str]
    people: dict[str, int] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    human: str | None = None
    final: str | None = None
    decided: bool = False
    complete: bool = False
    needed: int = 1
    gold: str | None = None
    settled: bool = False
    dataset: int = 0
    people_at: dict[str, dict[str, int]] = field(default_factory=dict)
    models_at: dict[str, int] = field(default_factory=dict)
    audit: float | None = None
    first: str | None = None
    raised: int = 0

    @property
    def own(self) -> int:
        """Labels that the project asks for of any such item: by these groups are held against each other."""
        return self.needed - self.raised

    def as_json(self) -> dict[str, Any]:
        return {
            "groups": self.groups,
            "people": self.people,
            "models": self.models,
            "human": self.human,
            "final": self.final,
            "decided": self.decided,
            "complete": self.complete,
            "needed": self.needed,
            "gold": self.gold,
            "settled": self.settled,
            "dataset": self.dataset,
            "people_at": self.people_at,
            "models_at": self.models_at,
            "audit": self.audit,
            "first": self.first,
            "raised": self.raised,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ItemState:
        return cls(**data)


def people_decide(votes: Iterable[Vote], *, min_support: int) -> Decision | None:
    """Unanimous, or a strict majority of people's votes, with at least ``min_support`` votes for it; else None.

    Models do not vote: their labels confirm or dispute what people say.
    """
    counts = Counter(vote.token for vote in votes if not vote.is_model)
    total = sum(counts.values())
    if not total:
        return None
    token, top = counts.most_common(1)[0]
    if top < min_support or 2 * top <= total:
        return None
    method = ConsensusMethod.UNANIMOUS if top == total else ConsensusMethod.MAJORITY
    return Decision(token=token, method=method, support=top / total)


def disagreement(votes: Iterable[Vote], *, human: str | None) -> CaseKind | None:
    """Who disagrees: people among themselves, people and a model, both, or nobody.

    A model disagrees with the people's consensus where there is one, else where no person gave its label.
    """
    votes = list(votes)
    said = {vote.token for vote in votes if not vote.is_model}
    if not said:
        return None
    accepted = {human} if human is not None else said
    people = len(said) > 1
    model = any(vote.is_model and vote.token not in accepted for vote in votes)
    if people and model:
        return CaseKind.BOTH
    if people:
        return CaseKind.HUMAN_HUMAN
    return CaseKind.HUMAN_MODEL if model else None


def expected_error(votes: Iterable[Vote]) -> float:
    """1 − the leading label's share of all votes, each label given half a vote beforehand (Jeffreys): in [0, 1]."""
    counts = Counter(vote.token for vote in votes)
    if not counts:
        return 0.0
    return 1 - (max(counts.values()) + 0.5) / (sum(counts.values()) + 0.5 * max(len(counts), 2))


def item_state(
    votes: Iterable[Vote],
    *,
    groups: Mapping[str, str],
    redundancy: int,
    min_support: int,
    settled: Decision | None,
    gold: str | None,
    dataset: int,
    audit: float | None = None,
    raised: int = 0,
) -> ItemState:
    """The state that these votes make. ``settled`` is an expert's decision, which stands above the votes; ``raised``:
    how many of the labels that ``redundancy`` asks for are asked for because of the item's groups."""
    votes = list(votes)
    people = Counter(vote.token for vote in votes if not vote.is_model)
    people_at: dict[str, dict[str, int]] = {}
    for vote in votes:
        if not vote.is_model:
            at_hour = people_at.setdefault(str(vote.hour), {})
            at_hour[vote.token] = at_hour.get(vote.token, 0) + 1
    human = people_decide(votes, min_support=min_support)
    final = settled or human
    first = min((vote for vote in votes if not vote.is_model), key=lambda vote: vote.annotation_id, default=None)
    return ItemState(
        groups=dict(groups),
        people=dict(people),
        models={str(vote.annotator_id): vote.token for vote in votes if vote.is_model},
        human=human.token if human else None,
        final=final.token if final else None,
        decided=final is not None,
        complete=settled is not None or sum(people.values()) >= redundancy,
        needed=redundancy,
        gold=gold,
        settled=settled is not None,
        dataset=dataset,
        people_at=people_at,
        models_at={str(vote.annotator_id): vote.hour for vote in votes if vote.is_model},
        audit=audit,
        first=first.token if first else None,
        raised=raised,
    )
