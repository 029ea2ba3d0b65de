"""Putting a lane's next task into the queue: the one place outside ``tasks`` that knows there is a queue."""

from __future__ import annotations

from collections.abc import Iterable

from celery import current_app
from django.db import transaction

from llm_workers.limits import STALE


def queue_lane(*, run_id: int, lane: int, generation: int, wait: float = 0.0) -> None:
    """Queue a task for ``generation`` of a lane. Not begun in time, it is dropped: ``resume_runs`` makes a new one."""
    current_app.send_task(
        "llm_workers.tasks.label_chunk",
        args=[run_id, lane, generation],
        countdown=wait or None,
        expires=wait + STALE.total_seconds(),
        retry=True,
        retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 0.5},
    )


def queue_lanes_on_commit(lanes: Iterable[tuple[int, int, int]]) -> None:
    """Queue (run, lane, generation) once the transaction is committed. A broker that is down is logged, not raised:
    ``resume_runs`` finds lanes that nobody works on."""
    for run_id, lane, generation in lanes:

        def send(run_id: int = run_id, lane: int = lane, generation: int = generation) -> None:
            queue_lane(run_id=run_id, lane=lane, generation=generation)

        transaction.on_commit(send, robust=True)


def queue_trial_on_commit(trial_id: int) -> None:
    """Queue a trial once its transaction is committed. A broker that is down is logged; the person tries again."""

    def send() -> None:
        current_app.send_task(
            "llm_workers.tasks.try_prompt",
            args=[trial_id],
            expires=180,
            retry=True,
            retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 0.5},
        )

    transaction.on_commit(send, robust=True)


def queue_fill(run_id: int) -> None:
    """Queue the choosing of a run's items."""
    current_app.send_task("llm_workers.tasks.fill_run", args=[run_id])


def queue_fill_on_commit(run_id: int) -> None:
    """The same once the transaction is committed; a lost message is made good by ``resume_runs``."""
    transaction.on_commit(lambda: queue_fill(run_id), robust=True)
