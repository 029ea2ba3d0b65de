"""What every question does, and the parts that choices share: option codes and reasons.

The sentences here are English and not translated: a model reads them, in the prompt or when it is asked again.
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

# One character each, so that a tokenizer has a single token for it: enough for the 50 labels of a schema.
CODES = string.ascii_uppercase + string.ascii_lowercase
REASON_CHARACTERS = 300
REASON_TOKENS = 120


class BadAnswer(Exception):
    """The answer is outside the schema; the text says how."""


@dataclass(frozen=True)
class Reading:
    """What an answer says: the value in the task type's form, and how sure the model was.

    ``probabilities`` maps label keys to probabilities: of being *the* label where there is one, of being *a* label
    where there may be several. ``confidence`` is that of the value, in [0, 1]. Both are None where the server gives no
    log-probabilities.
    """

    value: Any
    probabilities: dict[str, float] | None = None
    confidence: float | None = None
    reason: str = ""


class Question(Protocol):
    """``rotation`` is by how many places the options are shifted in one request."""

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

    def read(self, reply: Reply, rotation: int) -> Reading:
        """The answer's meaning; raises ``BadAnswer``."""

    def combine(self, readings: Sequence[Reading]) -> Reading:
        """One reading out of those of several rotations."""


class Choices:
    """Options with one-character codes. The codes stay in place (A, B, C …); the options move behind them."""

    def __init__(self, task: TaskType, config: Mapping[str, Any], *, with_reason: bool) -> None:
        self.task, self.config, self.with_reason = task, config, with_reason
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


def parse_object(reply: Reply) -> dict[str, Any]:
    """The JSON object that an answer is; raises ``BadAnswer``."""
    text = reply.text.strip()
    if not text:
        raise BadAnswer("The answer is empty.")
    try:
        data = json.loads(text)
    except ValueError:
        said = "was cut off before its end" if reply.cut else "is not JSON"
        raise BadAnswer(f"The answer {said}.") from None
    if not isinstance(data, dict):
        raise BadAnswer("The answer is JSON, but not an object.")
    return data


def clean_reason(data: Mapping[str, Any]) -> str:
    reason = data.get("reason", "")
    return " ".join(reason.replace("\x00", "").split())[:REASON_CHARACTERS] if isinstance(reason, str) else ""


def object_schema(properties: Mapping[str, Any], *, with_reason: bool) -> dict[str, Any]:
    """An object with exactly ``properties`` in this order, and a short reason after them where one is asked for."""
    fields = dict(properties)
    if with_reason:
        fields["reason"] = {"type": "string", "minLength": 1, "maxLength": REASON_CHARACTERS}
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
