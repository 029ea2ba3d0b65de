"""Any other question: the answer is JSON by the task type's own schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from annotations.task_types import TaskType
from llm_workers.client.wire import Constraint, Reply
from llm_workers.questions.base import (
    REASON_TOKENS,
    BadAnswer,
    Reading,
    checked,
    clean_reason,
    object_schema,
    parse_object,
)

VALUE_TOKENS = 512


class JsonValue:
    """``{"label": …}``. No confidence: the probability of one spelling is not that of the value."""

    def __init__(self, task: TaskType, config: Mapping[str, Any], *, with_reason: bool) -> None:
        self.task, self.config, self.with_reason = task, config, with_reason

    @property
    def size(self) -> int:
        return 1

    @property
    def constraint(self) -> Constraint:
        schema = object_schema({"label": self.task.output_schema(self.config)}, with_reason=self.with_reason)
        return Constraint(codes=(), schema=schema, max_tokens=VALUE_TOKENS + (REASON_TOKENS if self.with_reason else 0))

    def options(self, rotation: int) -> str:
        return ""

    def instruction(self) -> str:
        schema = json.dumps(self.constraint.schema, ensure_ascii=False)
        return f"Answer with one JSON object that follows this schema: {schema}"

    def read(self, reply: Reply, rotation: int) -> Reading:
        data = parse_object(reply)
        if "label" not in data:
            raise BadAnswer("The answer has no “label”.")
        reason = clean_reason(data)
        return Reading(value=checked(self.task, self.config, data["label"], reason), reason=reason)

    def combine(self, readings: Sequence[Reading]) -> Reading:
        return readings[0]
