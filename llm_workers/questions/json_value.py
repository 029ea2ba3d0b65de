"""Any other question: the answer is JSON by the task type's own schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from annotations.task_types import TaskType
from llm_workers.client.wire import Constraint, Reply
from llm_workers.questions.base import (
    BadAnswer,
    Reading,
    Shape,
    checked,
    clean_reason,
    parse_object,
    stated_in,
)

VALUE_TOKENS = 512


class JsonValue:
    """``{"label": …}``. No confidence: the probability of one spelling is not that of the value."""

    def __init__(self, task: TaskType, config: Mapping[str, Any], *, shape: Shape) -> None:
        self.task, self.config, self.shape = task, config, shape

    @property
    def size(self) -> int:
        return 1

    @property
    def constraint(self) -> Constraint:
        schema = self.shape.schema({"label": self.task.output_schema(self.config)})
        return Constraint(codes=(), schema=schema, max_tokens=VALUE_TOKENS + self.shape.extra_tokens)

    def options(self, rotation: int) -> str:
        return ""

    def instruction(self) -> str:
        schema = json.dumps(self.constraint.schema, ensure_ascii=False)
        return self.shape.wording.by_schema.format(schema=schema)

    def example(self, value: Any, rotation: int) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    def read(self, reply: Reply, rotation: int) -> Reading:
        data = parse_object(reply)
        if "label" not in data:
            raise BadAnswer("The answer has no “label”.")
        reason = clean_reason(data, self.shape)
        value = checked(self.task, self.config, data["label"], reason)
        return Reading(value=value, reason=reason, stated=stated_in(data, self.shape))

    def combine(self, readings: Sequence[Reading]) -> Reading:
        return readings[0]

    def sampled(self, values: Sequence[Any]) -> dict[str, float] | None:
        return None
