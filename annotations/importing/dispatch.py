"""Sending imports to the workers, once the transaction at hand is through."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from annotations.models import ImportJob


def send_import(job: ImportJob) -> None:
    """A broker that is away is no reason to refuse: ``mend_imports`` sends what was not picked up within a minute."""
    from annotations.tasks import run_import  # the task module imports every service; views need not

    transaction.on_commit(partial(run_import.delay, job.pk), robust=True)
