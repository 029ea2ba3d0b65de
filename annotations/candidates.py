"""Models that may be audited, and asking them: what audits need of those who can ask, so that neither knows the other.

The app that talks to models registers itself once, when it is ready::

    candidates.register(Panel())

What audits used up is told back the same way, for the page that shows what models cost; and whether one asks, since
whoever finds out what a server dies of must know who else uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext as _

from annotations.models import Project
from ledger.errors import DomainError


@dataclass(frozen=True)
class Candidate:
    """A model asked in one way. ``prompt``: id of a prompt of the project; None: the plain one.

    ``signature``: SHA-256 (hex) over the model's identity and the way of asking; another adapter, quantization, prompt
    or version of labels and guidelines has another one. ``facts``: what is known of the model. ``changed_at``: when the
    way of asking was last edited. ``orders`` and ``samples``: how often its way of asking asks about one thing, where
    it averages over orders of the options or over several answers.
    """

    model: int
    prompt: int | None
    name: str
    prompt_name: str
    signature: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    changed_at: datetime | None = None
    orders: int = 1
    samples: int = 1

    def requests(self, orders: int) -> int:
        """For one probe, at most, where an audit asks in ``orders`` orders of the options; second tries after an
        unusable answer come on top."""
        return asked_orders(self.orders, orders) * self.samples

    @property
    def key(self) -> str:
        """What a form sends: "model" or "model:prompt"."""
        return str(self.model) if self.prompt is None else f"{self.model}:{self.prompt}"


def asked_orders(own: int, wanted: int) -> int:
    """In how many orders of the options an audit asks that wants ``wanted``: those of the way of asking (``own``) where
    that averages over some."""
    return own if own > 1 else wanted


@dataclass(frozen=True)
class Question:
    """What is asked. ``own``: the project's current labels and guidelines, so that the whole prompt is used; otherwise
    only its form (language, reasoning, orders, samples) around these ``guidelines``."""

    task_type: str
    config: Mapping[str, Any]
    guidelines: str
    own: bool = False


@dataclass(frozen=True)
class Probe:
    """One thing to ask about. ``seat``: decides the order of the options; equal seats see the same orders."""

    key: int
    task: str
    modality: str
    payload: Mapping[str, Any]
    seat: int


@dataclass(frozen=True)
class Said:
    """What came of it. ``value`` is the label that a run would have given; None: ``problem`` says why there is none.

    ``votes``: the label under each order of the options, the first order first, for as far as they were usable.
    """

    key: int
    value: Any
    confidence: float | None
    probabilities: Mapping[str, float] | None
    votes: Sequence[Any]
    problem: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    seconds: float
    requests: int


@dataclass(frozen=True)
class Spent:
    """What was used up although no answer came of it: by probes that go out again, because no server could be used
    before all that is asked of each was asked."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    seconds: float
    requests: int


@dataclass(frozen=True)
class Sitting:
    """How a few seconds of asking went. ``seconds`` passed; ``server_seconds`` of servers' time were this audit's.

    ``fault``: why no server could be used, empty where all went well; ``hopeless``: trying again will not help.
    ``memory``: bytes that the servers' processes hold in main memory, where they say so; ``gpu_memory``: those that
    servers on this machine hold on its GPUs, where that can be read.
    """

    seconds: float = 0.0
    server_seconds: float = 0.0
    fault: str = ""
    hopeless: bool = False
    memory: int | None = None
    gpu_memory: int | None = None


@dataclass(frozen=True)
class Used:
    """What asking a model took."""

    model: int
    prompt_tokens: int
    completion_tokens: int
    server_seconds: float = 0.0


@dataclass(frozen=True)
class Price:
    """``amount`` in ``currency``, counted ``by`` tokens or server time; None: ``why`` says what is missing."""

    amount: Decimal | None
    currency: str = ""
    why: str = ""
    by: str = ""


Take = Callable[[int], Sequence[Probe]]
Keep = Callable[[Sequence[Said]], bool]
Spend = Callable[[Spent], None]
How = Mapping[str, Any]  # JSON


class Panel(Protocol):
    """Whoever can ask models."""

    def offered(self, project: Project) -> list[Candidate]:
        """The models that are served now, each with every way of asking that the project has. Asks no server."""

    def frozen(
        self, *, project: Project, model: int, prompt: int | None, questions: Mapping[str, Question], orders: int
    ) -> How:
        """Everything that decides how a candidate is asked, as JSON that never changes; inside the caller's
        transaction. ``shown``: items whose label the prompt shows. Raises ``DomainError`` where it cannot be asked."""

    def ask(self, how: How, *, take: Take, keep: Keep, spend: Spend) -> Sitting:
        """Ask for a few seconds: ``take(count)`` gives probes to ask about (none: it is done), ``keep`` stores what was
        said, if anything, and tells whether to go on, ``spend`` counts what brought no answer. All are called outside
        of transactions, one at a time."""

    def prices(self, used: Sequence[Used]) -> list[Price]:
        """What each costs at the prices that are known now; a fixed number of queries."""


@dataclass(frozen=True)
class Usage:
    """What one model used up in audits of a project. ``asked``: probes, with or without a usable answer."""

    used: Used
    name: str
    audits: int
    asked: int
    cached_tokens: int
    seconds: float


_panels: list[Panel] = []
_usages: list[Callable[[Project], Sequence[Usage]]] = []
_askings: list[Callable[[Collection[int], datetime], bool]] = []


def register(panel: Panel) -> None:
    """Ask through ``panel`` from now on."""
    _panels[:] = [panel]


def panel() -> Panel:
    """Raises ``DomainError`` (409) where nothing can ask models in this installation."""
    if not _panels:
        raise DomainError("no_panel", _("This installation has no part that asks models, so none can be audited."))
    return _panels[0]


def register_usage(usage: Callable[[Project], Sequence[Usage]]) -> None:
    """``usage(project)`` tells what audits used up."""
    _usages[:] = [usage]


def usage_of(project: Project) -> Sequence[Usage]:
    """What audits of the project used up, by model; empty where there were none."""
    return _usages[0](project) if _usages else ()


def register_asking(asking: Callable[[Collection[int], datetime], bool]) -> None:
    """``asking(models, since)`` tells whether an audit has asked one of these models since then."""
    _askings[:] = [asking]


def asked_since(models: Collection[int], since: datetime) -> bool:
    """Whether an audit asks one of these models, or has since then."""
    return bool(models) and any(asking(models, since) for asking in _askings)
