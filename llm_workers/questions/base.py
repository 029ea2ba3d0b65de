"""What every question does, and the parts that choices share: option codes and reasons.

The complaints here are English and not translated: a model reads them when it is asked again, and owners in lists. The
sentences of the prompt are in ``wording``, in the prompt's language.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from annotations.task_types import TaskType
from ledger.errors import DomainError
from llm_workers.client.wire import Constraint, Reply
from llm_workers.questions.wording import ENGLISH, Wording

# One character each, so that a tokenizer has a single token for it: enough for the 50 labels of a schema.
CODES = string.ascii_uppercase + string.ascii_lowercase
REASON_CHARACTERS = 300
REASON_TOKENS = 120
STEPS_CHARACTERS = 1200
STEPS_TOKENS = 480
STATED_TOKENS = 12
CUT = "The answer was cut off before its end."
OFF, AFTER, BEFORE = "off", "after", "before"


@dataclass(frozen=True)
class Shape:
    """What an answer holds besides the label.

    ``thinking``: no reason (``off``), a short one ``after`` the label, or a chain of reasoning ``before`` it; the
    label is constrained in each case. ``stated``: the model also says how sure it is, from 0 to 100.
    """

    thinking: str = OFF
    stated: bool = False
    wording: Wording = ENGLISH

    @property
    def is_bare(self) -> bool:
        return self.thinking == OFF and not self.stated

    @property
    def extra_tokens(self) -> int:
        """How much longer an answer may be than its label alone."""
        thinking = {OFF: 0, AFTER: REASON_TOKENS, BEFORE: STEPS_TOKENS}[self.thinking]
        return thinking + (STATED_TOKENS if self.stated else 0)

    def fields(self, label: Mapping[str, str]) -> dict[str, str]:
        """Names and words of the answer's fields, in order, around those of the label."""
        words = self.wording
        first = {"reason": words.steps} if self.thinking == BEFORE else {}
        last = {"reason": words.why} if self.thinking == AFTER else {}
        return {**first, **label, **last, **({"certainty": words.sure} if self.stated else {})}

    def schema(self, label: Mapping[str, Any]) -> dict[str, Any]:
        """An object with exactly these properties, in the order of ``fields``."""
        most = STEPS_CHARACTERS if self.thinking == BEFORE else REASON_CHARACTERS
        own: dict[str, Any] = {
            "reason": {"type": "string", "minLength": 1, "maxLength": most},
            "certainty": {"type": "integer", "minimum": 0, "maximum": 100},
        }
        found = {name: label.get(name, own.get(name)) for name in self.fields(dict.fromkeys(label, ""))}
        return {"type": "object", "properties": found, "required": list(found), "additionalProperties": False}

    def instruction(self, label: Mapping[str, str]) -> str:
        """The sentence that asks for the object."""
        fields = ", ".join(f'"{name}": {words}' for name, words in self.fields(label).items())
        return self.wording.as_json.format(fields=fields)


class BadAnswer(Exception):
    """The answer is outside the schema; the text says how."""


@dataclass(frozen=True)
class Reading:
    """What an answer says: the value in the task type's form, and how sure the model was.

    ``probabilities`` maps label keys to probabilities: of being *the* label where there is one, of being *a* label
    where there may be several. ``confidence`` is that of the value, in [0, 1]. Both are None where the server gives no
    log-probabilities.

    ``stated`` is what the model says of itself, in [0, 1]; it never enters ``confidence``. Where several samples were
    drawn, ``samples`` counts them, ``share`` of them gave this value, and ``entropy`` (bits) is that of their values.
    Where the options were shown in several orders, ``orders`` counts those with an answer, and in ``order_share`` of
    them this value was what the answers said.
    """

    value: Any
    probabilities: dict[str, float] | None = None
    confidence: float | None = None
    reason: str = ""
    stated: float | None = None
    samples: int = 1
    share: float | None = None
    entropy: float | None = None
    orders: int = 1
    order_share: float | None = None


class Question(Protocol):
    """``rotation`` is by how many places the options are shifted in one request."""

    @property
    def shape(self) -> Shape:
        """What the answer holds besides the label."""

    @property
    def size(self) -> int:
        """How many different rotations there are."""

    @property
    def constraint(self) -> Constraint:
        """Which answers are allowed."""

    def options(self, rotation: int) -> str:
        """The options as the prompt lists them; empty where there are none."""

    def instruction(self) -> str:
        """The sentence that says how to answer."""

    def example(self, value: Any, rotation: int) -> str:
        """The right answer of an example, in the terms of this rotation."""

    def read(self, reply: Reply, rotation: int) -> Reading:
        """The answer's meaning; raises ``BadAnswer``."""

    def combine(self, readings: Sequence[Reading]) -> Reading:
        """One reading out of those of several rotations."""

    def sampled(self, values: Sequence[Any]) -> dict[str, float] | None:
        """Label key → its probability by how often it was drawn; None where values are not made of labels."""


class Choices:
    """Options with one-character codes. The codes stay in place (A, B, C …); the options move behind them."""

    def __init__(self, task: TaskType, config: Mapping[str, Any], *, shape: Shape) -> None:
        self.task, self.config, self.shape = task, config, shape
        self.labels: list[Mapping[str, str]] = list(config["labels"])
        self.codes = tuple(CODES[: len(self.labels)])

    @property
    def size(self) -> int:
        return len(self.labels)

    def keys(self, rotation: int) -> list[str]:
        """Label keys in the order in which they are shown: the key at i has code i."""
        return [label["key"] for label in self._rotated(rotation)]

    def options(self, rotation: int) -> str:
        lines = []
        for code, label in zip(self.codes, self._rotated(rotation), strict=True):
            description = f": {label['description']}" if label.get("description") else ""
            lines.append(f"{code}. {label['name']}{description}")
        return "\n".join(lines)

    def _rotated(self, rotation: int) -> list[Mapping[str, str]]:
        start = rotation % len(self.labels)
        return self.labels[start:] + self.labels[:start]

    def checked(self, value: Any, reason: str) -> Any:
        return checked(self.task, self.config, value, reason)


def checked(task: TaskType, config: Mapping[str, Any], value: Any, reason: str) -> Any:
    """The value as the task type accepts it; raises ``BadAnswer`` with the task type's own words."""
    try:
        return task.value_from_answer(config, {"label": value, "reason": reason})
    except DomainError as error:
        raise BadAnswer(error.message) from None


def not_refused(reply: Reply) -> None:
    """Raises ``BadAnswer`` where the server says, beside the answer, that there will be none."""
    if reply.refusal:
        raise BadAnswer(f"The model refused to answer: {reply.refusal}")


def parse_object(reply: Reply) -> dict[str, Any]:
    """The JSON object that an answer is; raises ``BadAnswer``."""
    text = reply.text.strip()
    if not text:
        raise BadAnswer("The answer is empty.")
    try:
        data = json.loads(text)
    except ValueError:
        raise BadAnswer(CUT if reply.cut else "The answer is not JSON.") from None
    if not isinstance(data, dict):
        raise BadAnswer("The answer is JSON, but not an object.")
    return data


def clean_reason(data: Mapping[str, Any], shape: Shape) -> str:
    """The reason on one line, as long as it may be; empty where none was asked for or it is not text."""
    reason = data.get("reason", "")
    if shape.thinking == OFF or not isinstance(reason, str):
        return ""
    most = STEPS_CHARACTERS if shape.thinking == BEFORE else REASON_CHARACTERS
    return " ".join(reason.replace("\x00", "").split())[:most]


def stated_in(data: Mapping[str, Any], shape: Shape) -> float | None:
    """How sure the model says it is, in [0, 1]; None where it was not asked. Raises ``BadAnswer``."""
    if not shape.stated:
        return None
    said = data.get("certainty")
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= 100:
        raise BadAnswer(f"“certainty” must be a whole number from 0 to 100, not “{str(said)[:40]}”.")
    return said / 100
