"""Updates that are killed, cancelled, or gone on with by somebody else: no row is lost and none counts twice."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.utils import timezone

from annotations.access import project_access
from annotations.importing import updating
from annotations.importing.running import MAX_ATTEMPTS, Outcome, abandoned_imports, import_run
from annotations.importing.services import import_cancel
from annotations.models import Annotation, ImportJob, Item
from fairness.services.fold import fold_outbox
from fairness.services.recount import recount
from ledger.models import LedgerEvent
from tests.importing.helpers import csv_bytes, take, upload, wait_until, worker_process

pytestmark = pytest.mark.django_db(transaction=True)
MAPPING = {"external_id": "id", "groups": {"religion": "religion"}, "annotators": {"label_1": "Ann"}}
COUNT = 6000


@pytest.fixture
def job(cast) -> ImportJob:
    """An update of six thousand items: another group for every second, a label for each, every tenth row bad."""
    take(cast, csv_bytes("text,id,religion", *(f"text {n},{n},a" for n in range(COUNT))))
    fold_outbox()
    lines = (f"{'x' if n % 10 == 9 else ''}{n},{'ab'[n % 2]},keep" for n in range(COUNT))
    return upload(cast, csv_bytes("id,religion,label_1", *lines), mapping=MAPPING, on_existing="update")


def _is_whole(cast, job: ImportJob) -> None:
    job.refresh_from_db()
    good = COUNT - COUNT // 10
    assert (job.status, job.rows_read, job.rows_added, job.rows_bad) == ("done", COUNT, good, COUNT - good)
    assert (job.labels_added, Annotation.objects.count()) == (good, good)
    assert job.items_corrected == Item.objects.filter(groups__religion="b").count() == COUNT // 2 - COUNT // 10
    assert LedgerEvent.objects.filter(kind="item.corrected").count() == job.items_corrected
    assert job.row_errors.count() == job.rows_bad
    assert list(job.row_errors.values_list("row_number", flat=True)[:2]) == [10, 20]
    assert recount(project=cast.project) == []
    fold_outbox()
    assert recount(project=cast.project) == []


def test_a_killed_worker_is_followed_by_one_that_goes_on(cast, job):
    worker = worker_process(job)
    wait_until(lambda: ImportJob.objects.get(pk=job.pk).rows_read > 0)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    job.refresh_from_db()
    done = job.rows_read
    assert job.status == "running"
    assert 0 < done < COUNT
    assert Annotation.objects.count() == job.labels_added == job.rows_added
    assert recount(project=cast.project) == []
    ImportJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=61))
    assert abandoned_imports() == [job.pk]
    wait_until(lambda: import_run(job_id=job.pk) != Outcome.BUSY)
    _is_whole(cast, job)
    assert job.attempts == 2


def test_an_update_that_is_cancelled_keeps_whole_batches(cast, job, monkeypatch):
    take_batch = updating.Updater._take

    def take_and_cancel(self, batch, bytes_read):
        take_batch(self, batch, bytes_read)
        import_cancel(access=project_access(cast.olivia, cast.project.pk), job_id=job.pk)

    monkeypatch.setattr(updating.Updater, "_take", take_and_cancel)
    assert import_run(job_id=job.pk) == Outcome.ENDED
    job.refresh_from_db()
    assert (job.status, job.rows_read) == ("cancelled", updating.BATCH)
    assert Annotation.objects.count() == job.labels_added == job.rows_added > 0
    assert recount(project=cast.project) == []
    event = LedgerEvent.objects.get(kind="import.cancelled")
    assert (event.data["labels_added"], event.data["rows_read"]) == (job.labels_added, updating.BATCH)
    assert not default_storage.exists(job.stored_as)


def test_a_fault_in_a_batch_takes_back_that_batch_alone(cast, job, monkeypatch):
    store = updating.problems_store
    calls: list[int] = []

    def store_and_break(**call):
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionError("the database went away")
        return store(**call)

    monkeypatch.setattr(updating, "problems_store", store_and_break)
    with pytest.raises(ConnectionError):
        import_run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.rows_read) == ("running", 2 * updating.BATCH)
    assert Annotation.objects.count() == job.labels_added
    monkeypatch.undo()
    assert import_run(job_id=job.pk) == Outcome.ENDED
    _is_whole(cast, job)


def test_who_was_overtaken_begins_again_from_what_is_stored(cast, job, monkeypatch):
    """As where the connection that holds the project's lock broke, and somebody else went on."""
    take_batch, calls = updating.Updater._take, []

    def take_after_another(self, batch, bytes_read):
        calls.append(1)
        if len(calls) == 2:
            other = connections.create_connection("default")
            with other.cursor() as cursor:
                cursor.execute("UPDATE annotations_importjob SET rows_read = rows_read + 1 WHERE id = %s", [job.pk])
            other.close()
        take_batch(self, batch, bytes_read)

    monkeypatch.setattr(updating.Updater, "_take", take_after_another)
    assert import_run(job_id=job.pk) == Outcome.AGAIN
    job.refresh_from_db()
    assert (job.status, job.rows_read) == ("running", updating.BATCH + 1)
    ImportJob.objects.filter(pk=job.pk).update(rows_read=updating.BATCH)
    monkeypatch.setattr(updating.Updater, "_take", take_batch)
    # The server may notice a moment late that the first run's connection, and its lock with it, is gone.
    wait_until(lambda: import_run(job_id=job.pk) == Outcome.ENDED)
    _is_whole(cast, job)


def test_a_hopeless_update_is_given_up_and_keeps_what_it_did(cast, job):
    old = timezone.now() - timedelta(days=1)
    ImportJob.objects.filter(pk=job.pk).update(
        status="running", attempts=MAX_ATTEMPTS, heartbeat_at=old, rows_read=500, rows_added=450, labels_added=450
    )
    assert abandoned_imports() == []
    job.refresh_from_db()
    assert (job.status, job.rows_added, job.labels_added) == ("failed", 450, 450)
    assert job.error == "The work on this file broke off five times without an end. See the workers' log."
