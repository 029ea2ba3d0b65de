"""Running an import to its end, and picking up those that a dead worker left.

One transaction holds everything that an import adds, so a worker may die at any moment: PostgreSQL takes all of it
back, and the next attempt begins from nothing. An advisory lock lets one import run per project at a time; it belongs
to that transaction and goes with it.

An update changes items that people are labelling, so it commits batch by batch, and the next attempt goes on where the
last one was. Its advisory lock lives on a connection of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.grouping.keeping import rules_keep
from annotations.importing.errors import Cancelled, SettingsChanged
from annotations.importing.loading import Loader, Source
from annotations.importing.mapping import ColumnMapping
from annotations.importing.progress import Counts, Progress, progress_of
from annotations.importing.readers import open_reader
from annotations.importing.services import close
from annotations.importing.storing import open_upload, remove_upload
from annotations.importing.updating import Updater
from annotations.models import Dataset, ImportJob, ImportStatus, OnExisting, Project
from ledger.errors import DomainError
from ledger.services import SYSTEM, actor_of, record

LOCK_CLASS = 0x1A9047  # first half of the advisory lock's key; the project is the second
MAX_ATTEMPTS = 5
MANY = 10_000  # items that may change how PostgreSQL should go about a query
STALE = timedelta(seconds=60)  # without a heartbeat for this long, nobody is working on it
UPLOAD_LIMIT = timedelta(hours=1)  # an upload whose web process died
MAPPING_LIMIT = timedelta(days=7)  # an upload that nobody chose columns for


class Outcome(Enum):
    ENDED = "ended"  # done, failed or cancelled: the next one in the project may run
    BUSY = "busy"  # another import of the project is running
    AGAIN = "again"  # must be run again
    IDLE = "idle"  # there was nothing to do


def import_run(*, job_id: int) -> Outcome:
    """Run a queued (or abandoned) import. Safe to call twice, at once or again after a crash.

    A fault outside the file (database, storage) is raised; the job then stays ``running`` until ``abandoned_imports``
    finds its heartbeat stale.
    """
    with progress_of(job_id) as progress:
        try:
            return _run(job_id, progress)
        except Cancelled:
            return import_end(job_id=job_id, status=ImportStatus.CANCELLED)
        except SettingsChanged:
            return Outcome.AGAIN
        except DomainError as error:
            return import_end(job_id=job_id, status=ImportStatus.FAILED, error=error.message)


def _run(job_id: int, progress: Progress) -> Outcome:
    job = ImportJob.objects.filter(pk=job_id).first()
    if job is None:
        return Outcome.IDLE
    if job.updates:
        return _run_update(job, progress)
    with transaction.atomic():
        if not _lock(job.project_id, connection):
            return Outcome.BUSY
        if not progress.begin():
            return _not_begun(job)
        rules_keep(job.project_id, connection)
        _load(_with_project(job.pk), progress)
    return Outcome.ENDED


def _run_update(job: ImportJob, progress: Progress) -> Outcome:
    with _project_held(job.project_id) as holder:
        if holder is None:
            return Outcome.BUSY
        if not progress.resume():
            return _not_begun(job)
        rules_keep(job.project_id, holder)
        job = _with_project(job.pk)
        counts = Updater(job, progress).update()
        with transaction.atomic():
            _finish(job, None, counts)
    return Outcome.ENDED


def _with_project(job_id: int) -> ImportJob:
    return ImportJob.objects.select_related("project", "created_by").get(pk=job_id)


def _not_begun(job: ImportJob) -> Outcome:
    """There is nothing to run, or somebody asked for it to stop: then it is closed."""
    job.refresh_from_db()
    if job.cancel_requested and job.status == ImportStatus.RUNNING:
        raise Cancelled
    return Outcome.IDLE


@contextmanager
def _project_held(project_id: int) -> Iterator[BaseDatabaseWrapper | None]:
    """A connection that holds the project's lock until the end and does nothing else; None where another import has
    it."""
    holder = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        holder.set_autocommit(False)
        yield holder if _lock(project_id, holder) else None
    finally:
        holder.close()


def _lock(project_id: int, holder: Any) -> bool:
    with holder.cursor() as cursor:
        # Keys are 32 bits wide each; two projects that share one merely wait for each other.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, project_id & 0x7FFFFFFF])
        return bool(cursor.fetchone()[0])


def _load(job: ImportJob, progress: Progress) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else the checks of millions of rows pile up until the commit
    project = job.project
    schema = project.schemas.get(is_current=True)
    dataset = Dataset.objects.create(project=project, name=job.dataset_name, created_by=job.created_by)
    with open_upload(job.stored_as) as stream:
        reader = open_reader(job.format, stream)
        mapping = ColumnMapping(**job.mapping)
        source = Source(job=job, dataset=dataset, schema=schema, mapping=mapping, reader=reader)
        counts = Loader(source, progress).load()
    counts.bytes_read = job.bytes_total
    progress.beat(counts, now=True)
    _note_changed_demand(project)
    _finish(job, dataset, counts)


def _note_changed_demand(project: Project) -> None:
    """Consensus and queue were worked out under the demand as it was: where it is another now, the items follow it.

    Whoever changes it from here on waits for the commit, and then finds these items.
    """
    now = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if now.demand_version != project.demand_version:
        now.demand_changed_at = timezone.now()
        now.save(update_fields=["demand_changed_at"])


def _finish(job: ImportJob, dataset: Dataset | None, counts: Counts) -> None:
    values = vars(counts)
    if dataset is not None and not counts.items_added:
        dataset.delete()
    closed = ImportJob.objects.filter(pk=job.pk, status=ImportStatus.RUNNING, cancel_requested=False).update(
        status=ImportStatus.DONE,
        dataset=dataset if counts.items_added else None,
        finished_at=timezone.now(),
        **values,
    )
    if not closed:
        raise Cancelled
    record(
        kind="import.finished",
        actor=actor_of(job.created_by),
        subject=f"import:{job.pk}",
        project_id=job.project_id,
        data={**values, "dataset": dataset and dataset.pk, "format": job.format, "sha256": job.sha256},
    )
    transaction.on_commit(partial(remove_upload, job.stored_as), robust=True)
    if counts.items_added >= MANY:
        transaction.on_commit(_gather_statistics, robust=True)


def _gather_statistics() -> None:
    """What autovacuum would do within minutes: till then PostgreSQL plans as if the new items were not there."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotations_item, annotations_queueentry")


def import_out_of_time(*, job_id: int, hours: int) -> Outcome:
    """What becomes of an import that its task's time limit stopped: an update goes on, any other has failed."""
    if ImportJob.objects.filter(pk=job_id, on_existing=OnExisting.UPDATE).exists():
        return Outcome.AGAIN
    text = _("Reading this file took more than %(hours)s hours. Nothing was kept. Upload it in parts.")
    return import_end(job_id=job_id, status=ImportStatus.FAILED, error=text % {"hours": hours})


def import_end(*, job_id: int, status: ImportStatus, error: str = "") -> Outcome:
    """Close an import without an end of its own; one that is over already stays as it is."""
    with transaction.atomic():
        job = ImportJob.objects.select_for_update().get(pk=job_id)
        if job.status in (ImportStatus.QUEUED, ImportStatus.RUNNING):
            close(job, status=status, actor=SYSTEM, error=error)
    return Outcome.ENDED


def abandoned_imports() -> list[int]:
    """Imports to run again: queued or running, and without a heartbeat. Gives up hopeless ones.

    A job that is alive but slow may be among them: running it again finds its project's lock taken and does nothing.
    """
    now = timezone.now()
    hopeless = Q(status=ImportStatus.RUNNING, attempts__gte=MAX_ATTEMPTS, heartbeat_at__lt=now - STALE)
    _give_up(
        hopeless & Q(on_existing=OnExisting.REPORT),
        ImportStatus.FAILED,
        _("The work on this file broke off five times without an end. Nothing was kept. See the workers' log."),
    )
    _give_up(
        hopeless & Q(on_existing=OnExisting.UPDATE),
        ImportStatus.FAILED,
        _("The work on this file broke off five times without an end. See the workers' log."),
    )
    _give_up(
        Q(status=ImportStatus.RECEIVING, heartbeat_at__lt=now - UPLOAD_LIMIT),
        ImportStatus.FAILED,
        _("The upload broke off. Upload the file again."),
    )
    _give_up(
        Q(status=ImportStatus.MAPPING, heartbeat_at__lt=now - MAPPING_LIMIT),
        ImportStatus.CANCELLED,
        _("Nobody chose the columns within a week."),
    )
    stale = Q(status__in=[ImportStatus.QUEUED, ImportStatus.RUNNING], heartbeat_at__lt=now - STALE)
    return list(ImportJob.objects.filter(stale).order_by("pk").values_list("pk", flat=True))


def _give_up(which: Q, status: ImportStatus, error: str) -> None:
    with transaction.atomic():
        for job in ImportJob.objects.select_for_update(skip_locked=True).filter(which):
            close(job, status=status, actor=SYSTEM, error=error)
