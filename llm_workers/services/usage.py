"""Counting what asking used, on an item and in its run: in one transaction, so once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from annotations.models import Run
from llm_workers.client import Usage
from llm_workers.models import RunItem, RunPlan

NOTHING = Usage()
FIELDS = ("prompt_tokens", "completion_tokens", "cached_tokens", "seconds")
RUN_FIELDS = ("prompt_tokens", "completion_tokens", "model_seconds")


def row_add(row: RunItem, usage: Usage) -> None:
    """Onto what earlier, unfinished tries used. The caller saves ``FIELDS``."""
    for name in FIELDS:
        setattr(row, name, getattr(row, name) + getattr(usage, name))


def run_add(run: Run, plan: RunPlan, usage: Usage) -> None:
    """The caller holds the run's row, and saves ``RUN_FIELDS`` of it and the plan's ``cached_tokens``."""
    run.prompt_tokens += usage.prompt_tokens
    run.completion_tokens += usage.completion_tokens
    run.model_seconds += usage.seconds
    plan.cached_tokens += usage.cached_tokens


def unfinished_count(run: Run, rows: Sequence[RunItem], used: Mapping[int, Usage]) -> None:
    """Count what ``used`` says of items (by id) that go back without an outcome; ``rows`` are locked, as is the run."""
    if not rows:
        return
    plan = RunPlan.objects.get(run=run)
    for row in rows:
        row_add(row, used[row.item_id])
        run_add(run, plan, used[row.item_id])
    RunItem.objects.bulk_update(rows, FIELDS)
    run.save(update_fields=RUN_FIELDS)
    plan.save(update_fields=["cached_tokens"])
