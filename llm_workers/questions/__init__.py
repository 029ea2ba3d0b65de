"""A project's question as it is put to a model, and what its answer says. Pure: no database, no network.

Which question it is follows from the JSON Schema that the task type gives, not from the task type's name: a new task
type brings its schema and is asked as JSON at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotations.task_types import TaskType
from llm_workers.questions.base import AFTER, OFF, BadAnswer, Question, Reading, Shape, not_refused
from llm_workers.questions.json_value import JsonValue
from llm_workers.questions.one_of import OneOf
from llm_workers.questions.some_of import SomeOf


def question_for(
    *, task: TaskType, config: Mapping[str, Any], with_reason: bool = False, shape: Shape | None = None
) -> Question:
    """The question that a label schema asks; ``with_reason`` is short for the shape with a short reason."""
    shape = shape or Shape(thinking=AFTER if with_reason else OFF)
    schema = task.output_schema(config)
    if schema.get("type") == "string" and schema.get("enum"):
        return OneOf(task, config, shape=shape)
    if schema.get("type") == "array" and schema.get("items", {}).get("enum"):
        return SomeOf(task, config, shape=shape)
    return JsonValue(task, config, shape=shape)


__all__ = ["BadAnswer", "Question", "Reading", "Shape", "not_refused", "question_for"]
