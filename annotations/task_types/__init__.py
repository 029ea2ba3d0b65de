"""Task types: one module each, behind one interface. Adding one means a module here and a line in ``REGISTRY``."""

from __future__ import annotations

from annotations.task_types.base import TaskType, check_labels
from annotations.task_types.multiple_choice import MultipleChoice
from annotations.task_types.single_choice import SingleChoice
from ledger.errors import invalid

REGISTRY: dict[str, TaskType] = {task.name: task for task in (SingleChoice(), MultipleChoice())}


def task_type(name: str) -> TaskType:
    """The task type called ``name``; raises ``DomainError`` (400) where there is none."""
    try:
        return REGISTRY[name]
    except KeyError:
        raise invalid(f"Task type “{name}” is not known. Use one of: {', '.join(REGISTRY)}.") from None


__all__ = ["REGISTRY", "TaskType", "check_labels", "task_type"]
