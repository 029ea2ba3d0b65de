"""Workers that die, imports that are cancelled, messages that are lost."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from annotations.access import project_access
from annotations.importing import loading, running
from annotations.importing.running import Outcome, abandoned_imports, import_run
from annotations.importing.services import import_cancel, import_receive
from annotations.models import Annotation, Annotator, Dataset, ImportJob, Item, OutboxRow, QueueEntry
from annotations.tasks import mend_imports, run_import
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.importing.helpers import csv_bytes, upload, wait_until, worker_process

pytestmark = pytest.mark.django_db(transaction=True)


def _rows(count: int) -> bytes:
    return csv_bytes("text,id,label_1", *(f"message number {n},{n},{'keep' if n % 3 else ''}" for n in range(count)))


MAPPING = {"text": "text", "external_id": "id", "annotators": {"label_1": "Ann"}}


def test_a_killed_worker_leaves_nothing_and_the_next_attempt_adds_everything_once(cast):
    count = 30_000
    job = upload(cast, _rows(count), mapping=MAPPING)
    worker = worker_process(job)
    wait_until(lambda: ImportJob.objects.get(pk=job.pk).rows_read > 0)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    job.refresh_from_db()
    assert job.status == "running"
    assert job.rows_read < count
    assert not Item.objects.filter(project=cast.project).exists()
    assert not Annotator.objects.filter(project=cast.project).exists()
    assert not job.row_errors.exists()

    ImportJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=61))
    assert abandoned_imports() == [job.pk]
    wait_until(lambda: import_run(job_id=job.pk) != Outcome.BUSY)
    job.refresh_from_db()
    assert (job.status, job.attempts, job.items_added) == ("done", 2, count)
    labels = sum(n % 3 != 0 for n in range(count))
    assert Item.objects.count() == QueueEntry.objects.count() == count
    assert OutboxRow.objects.aggregate(total=Sum("items"))["total"] == count
    assert Annotation.objects.count() == job.labels_added == labels
    assert list(Dataset.objects.filter(project=cast.project).values_list("name", flat=True)) == ["data", "Messages"]
    assert LedgerEvent.objects.filter(kind="import.finished").count() == 1


def test_a_running_import_stops_when_it_is_cancelled(cast):
    job = upload(cast, _rows(40_000), mapping=MAPPING)
    worker = worker_process(job)
    wait_until(lambda: ImportJob.objects.get(pk=job.pk).rows_read > 0)
    access = project_access(cast.olivia, cast.project.pk)
    assert import_cancel(access=access, job_id=job.pk).status == "running"
    import_cancel(access=access, job_id=job.pk)
    worker.wait(60)
    job.refresh_from_db()
    assert (job.status, job.items_added, job.cancel_requested) == ("cancelled", 0, True)
    assert not Item.objects.filter(project=cast.project).exists()
    assert not default_storage.exists(job.stored_as)
    kinds = LedgerEvent.objects.filter(subject=f"import:{job.pk}").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["import.started", "import.cancel_requested", "import.cancelled"]
    assert import_cancel(access=access, job_id=job.pk).status == "cancelled"


def test_a_cancel_that_comes_with_the_last_row_still_counts(cast, monkeypatch):
    job = upload(cast, csv_bytes("text", "a"))
    refuse = running._note_changed_demand

    def cancel_and_go_on(project):
        from django.db import connections

        other = connections.create_connection("default")
        with other.cursor() as cursor:
            cursor.execute("UPDATE annotations_importjob SET cancel_requested = true WHERE id = %s", [job.pk])
        other.close()
        refuse(project)

    monkeypatch.setattr(running, "_note_changed_demand", cancel_and_go_on)
    assert import_run(job_id=job.pk) == Outcome.ENDED
    job.refresh_from_db()
    assert job.status == "cancelled"
    assert not Item.objects.filter(project=cast.project).exists()


def test_a_worker_that_died_after_a_cancel_is_closed_by_the_next_attempt(cast):
    job = upload(cast, csv_bytes("text", "a"))
    ImportJob.objects.filter(pk=job.pk).update(status="running", cancel_requested=True, attempts=1)
    assert import_run(job_id=job.pk) == Outcome.ENDED
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_cancelling_what_waits_ends_it_at_once_and_what_is_over_is_refused(cast):
    access = project_access(cast.olivia, cast.project.pk)
    waiting = import_receive(access=access, filename="f.csv", chunks=[b"text\na\n"])
    assert import_cancel(access=access, job_id=waiting.pk).status == "cancelled"
    assert import_cancel(access=access, job_id=waiting.pk).status == "cancelled"
    assert not default_storage.exists(waiting.stored_as)
    done = upload(cast, csv_bytes("text", "a"))
    import_run(job_id=done.pk)
    with pytest.raises(DomainError, match="This import is over"):
        import_cancel(access=access, job_id=done.pk)


def test_one_import_of_a_project_runs_at_a_time(cast):
    job = upload(cast, csv_bytes("text", "a"))
    with _locked_elsewhere(cast.project.pk):
        assert import_run(job_id=job.pk) == Outcome.BUSY
        job.refresh_from_db()
        assert (job.status, job.attempts) == ("queued", 0)
    assert import_run(job_id=job.pk) == Outcome.ENDED


class _locked_elsewhere:
    def __init__(self, project_id: int) -> None:
        from django.db import connections

        self.connection, self.project_id = connections.create_connection("default"), project_id

    def __enter__(self) -> None:
        self.connection.set_autocommit(False)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [running.LOCK_CLASS, self.project_id])

    def __exit__(self, *exc: object) -> None:
        self.connection.rollback()  # closing alone leaves the lock until the server has noticed
        self.connection.close()


@pytest.fixture
def sent(monkeypatch):
    """The ids that were sent to the queue, instead of a broker."""
    ids: list[int] = []
    monkeypatch.setattr(run_import, "delay", ids.append)
    return ids


def test_the_end_of_one_import_sends_the_next(cast, sent):
    first, second = upload(cast, csv_bytes("text", "a")), upload(cast, csv_bytes("text", "b"))
    assert run_import(first.pk) == "ended"
    assert sent == [second.pk]
    assert run_import(second.pk) == "ended"
    assert sent == [second.pk]


def test_the_mender_sends_what_has_no_heartbeat_and_leaves_the_living_alone(cast, sent):
    stale, fresh = upload(cast, csv_bytes("text", "a")), upload(cast, csv_bytes("text", "b"))
    old = timezone.now() - timedelta(minutes=5)
    ImportJob.objects.filter(pk=stale.pk).update(status="running", heartbeat_at=old)
    assert mend_imports() == 1
    assert sent == [stale.pk]
    ImportJob.objects.filter(pk=fresh.pk).update(heartbeat_at=old)  # queued, and its message was lost
    mend_imports()
    assert sent == [stale.pk, stale.pk, fresh.pk]


def test_the_mender_gives_up_after_five_attempts_and_drops_forgotten_uploads(cast, sent):
    access = project_access(cast.olivia, cast.project.pk)
    old = timezone.now() - timedelta(days=8)
    jobs = {
        "running": upload(cast, csv_bytes("text", "a")),
        "receiving": import_receive(access=access, filename="r.csv", chunks=[b"text\na\n"]),
        "mapping": import_receive(access=access, filename="m.csv", chunks=[b"text\na\n"]),
    }
    for status, job in jobs.items():
        ImportJob.objects.filter(pk=job.pk).update(status=status, heartbeat_at=old, attempts=5)
    assert mend_imports() == 0
    found = {name: ImportJob.objects.get(pk=job.pk) for name, job in jobs.items()}
    assert {name: job.status for name, job in found.items()} == {
        "running": "failed",
        "receiving": "failed",
        "mapping": "cancelled",
    }
    assert "broke off five times" in found["running"].error
    assert not any(default_storage.exists(job.stored_as) for job in found.values())


def test_a_fault_of_the_database_leaves_the_job_to_the_mender(cast, monkeypatch):
    job = upload(cast, csv_bytes("text", "a"))

    def break_down(self):
        raise ConnectionError("the database went away")

    monkeypatch.setattr(loading.Loader, "load", break_down)
    with pytest.raises(ConnectionError):
        import_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "running"
    monkeypatch.undo()
    ImportJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=2))
    assert abandoned_imports() == [job.pk]
    assert import_run(job_id=job.pk) == Outcome.ENDED
    assert Item.objects.filter(project=cast.project).count() == 1


def test_a_stored_file_that_is_gone_fails_the_import_with_the_reason(cast):
    job = upload(cast, csv_bytes("text", "a"))
    default_storage.delete(job.stored_as)
    import_run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == ("failed", "The uploaded file is not there any more. Upload it again.")


def test_an_import_that_is_not_there_is_nothing_to_do(cast):
    assert import_run(job_id=1) == Outcome.IDLE


def test_a_task_past_its_time_limit_fails_with_the_reason(cast, sent, monkeypatch):
    from celery.exceptions import SoftTimeLimitExceeded

    job = upload(cast, csv_bytes("text", "a"))
    ImportJob.objects.filter(pk=job.pk).update(status="running")

    def too_long(**_kwargs):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr("annotations.tasks.import_run", too_long)
    assert run_import(job.pk) == "ended"
    job.refresh_from_db()
    assert job.status == "failed"
    assert "more than 6 hours" in job.error


def test_nothing_is_sent_before_the_transaction_is_through(cast, sent):
    from annotations.importing.dispatch import send_import

    job = upload(cast, csv_bytes("text", "a"))
    with transaction.atomic():
        send_import(job)
        assert sent == []
    assert sent == [job.pk]
