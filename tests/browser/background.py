"""What workers, beat and relay would do, done in the test's own process and only when it asks."""

from __future__ import annotations

import threading

from django.db import connection

from annotations.models import ImportJob, ImportStatus, Run, RunStatus
from annotations.tasks import run_import
from evenhand.relay.loop import Relay
from ledger.models import PendingEvent
from ledger.sealing import seal_pending
from llm_workers.models import RunLane
from llm_workers.services.labelling import label_for_a_while


def imports() -> None:
    """Read every upload that waits."""
    for job in ImportJob.objects.filter(status=ImportStatus.QUEUED).order_by("pk"):
        run_import(job.pk)


def runs() -> None:
    """Let the models answer until no run goes on; in a thread, for the servers' client has an event loop of its own."""

    def working() -> None:
        for run in Run.objects.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]):
            for lane in RunLane.objects.filter(run=run):
                generation: int | None = lane.generation
                while generation is not None:
                    follow = label_for_a_while(run_id=run.pk, lane=lane.number, generation=generation)
                    generation = follow.generation if follow else None
        connection.close()

    worker = threading.Thread(target=working)
    worker.start()
    worker.join()


def relay() -> None:
    """Count every label, seal every event, and tell the open pages."""

    def turning() -> None:
        loop = Relay()
        while loop.turn():
            pass
        while PendingEvent.objects.exists():
            seal_pending()
        connection.close()

    worker = threading.Thread(target=turning)
    worker.start()
    worker.join()
