"""What can be done with an upload: receive it, start it with a mapping, cancel it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.access import Access
from annotations.importing.formats import check_head, claimed_format
from annotations.importing.mapping import check_mapping
from annotations.importing.selectors import Preview, preview
from annotations.importing.storing import open_upload, remove_upload, store_upload
from annotations.models import FINISHED, ImportJob, ImportStatus, OnExisting
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record

HEAD = 4096
NAME_CHARACTERS = 200
UNFINISHED = (ImportStatus.RECEIVING, ImportStatus.MAPPING, ImportStatus.QUEUED, ImportStatus.RUNNING)


def import_receive(*, access: Access, filename: str, chunks: Iterable[bytes], format_name: str = "") -> ImportJob:
    """Store an upload as it comes in and look at its head; the job then waits for its column mapping.

    Raises ``DomainError`` (400) where the file is of no known format or its head cannot be read; nothing is kept then.
    """
    _refuse_closed(access)
    filename = (filename.replace("\\", "/").rsplit("/", 1)[-1].replace("\x00", "").strip() or "upload")[-255:]
    kind = claimed_format(filename, format_name)
    job = ImportJob.objects.create(
        project=access.project,
        created_by=access.user,
        filename=filename,
        format=kind,
        dataset_name=filename.rsplit(".", 1)[0][:NAME_CHARACTERS] or filename[:NAME_CHARACTERS],
        heartbeat_at=timezone.now(),
    )
    try:
        folder = f"imports/{access.project.pk}"
        job.stored_as, job.bytes_total, job.sha256 = store_upload(folder=folder, ending=kind, chunks=chunks)
        with open_upload(job.stored_as) as stream:
            check_head(kind, stream.read(HEAD))
        preview(job)
    except BaseException:  # whatever stopped it, a cancelled request too: an upload that cannot be used is not kept
        import_discard(job=job)
        raise
    job.status, job.heartbeat_at = ImportStatus.MAPPING, timezone.now()
    job.save()
    return job


def import_discard(*, job: ImportJob) -> None:
    """Forget an upload that was refused before it began: the file and the job."""
    remove_upload(job.stored_as)
    ImportJob.objects.filter(pk=job.pk, status__in=[ImportStatus.RECEIVING, ImportStatus.MAPPING]).delete()


def import_start(
    *,
    access: Access,
    job_id: int,
    mapping: Any = None,
    dataset_name: str = "",
    on_existing: str = OnExisting.REPORT,
    change_gold: bool = False,
) -> ImportJob:
    """Queue an upload with its mapping, or with the guessed one where none is given.

    ``on_existing``: what becomes of rows whose item is there; ``change_gold``: whether an update replaces gold labels.
    Raises ``DomainError``: 400 for a mapping that does not fit (or, without one, an unclear file: ``data`` then lists
    its ``columns``), 409 where the upload was started or given up before. The caller sends the task on commit.
    """
    _refuse_closed(access)
    waiting = ImportJob.objects.select_related("project").get(pk=job_id)
    _refuse_unless_waiting(waiting)
    head = preview(waiting)
    if on_existing not in OnExisting.values:
        text = _("Rows whose item is there are reported (report) or update it (update).")
        raise invalid(text, fields={"on_existing": [text]})
    updates = on_existing == OnExisting.UPDATE
    if mapping is None:
        mapping = _guessed(head, updates)
    checked = check_mapping(mapping, columns=head.columns, project=access.project, updates=updates)
    name = dataset_name.strip()
    if len(name) > NAME_CHARACTERS or "\x00" in name:
        text = _("A dataset's name has at most 200 characters.")
        raise invalid(text, fields={"dataset_name": [text]})
    with transaction.atomic():
        job = ImportJob.objects.select_for_update(of=("self",)).select_related("project").get(pk=job_id)
        _refuse_unless_waiting(job)
        job.mapping, job.status, job.heartbeat_at = checked.as_json(), ImportStatus.QUEUED, timezone.now()
        job.dataset_name = name or job.dataset_name
        job.on_existing, job.change_gold = on_existing, updates and change_gold
        job.save(
            update_fields=["mapping", "status", "heartbeat_at", "dataset_name", "on_existing", "change_gold"],
        )
        data = {"format": job.format, "bytes": job.bytes_total, "sha256": job.sha256, "mapping": _shape(job.mapping)}
        if updates:
            data |= {"on_existing": job.on_existing, "change_gold": job.change_gold}
        _record(job, "import.started", actor_of(access.user), data)
    return job


def _guessed(head: Preview, updates: bool) -> dict[str, Any]:
    if head.guess is None or not (head.guess.text or updates):
        text = _('It is not clear which column holds the text. Send a mapping, such as {"text": "%(first)s"}.')
        message = text % {"first": head.columns[0]}
        raise DomainError("mapping_needed", message, 400, data={"columns": head.columns})
    return head.guess.as_json()


def import_cancel(*, access: Access, job_id: int) -> ImportJob:
    """Stop an upload: at once where it waits, within a moment where it runs; nothing of it is kept, but of an update
    what is done.

    Raises ``DomainError`` (409) where it is over already. Cancelling twice is no error.
    """
    with transaction.atomic():
        job = ImportJob.objects.select_for_update().get(pk=job_id)
        if job.status == ImportStatus.CANCELLED:
            return job
        if job.status not in UNFINISHED:
            text = _("This import is over (%(status)s), so it cannot be cancelled.")
            raise DomainError("import_over", text % {"status": job.get_status_display().lower()})
        if job.status == ImportStatus.RUNNING:
            if not job.cancel_requested:
                job.cancel_requested = True
                job.save(update_fields=["cancel_requested"])
                _record(job, "import.cancel_requested", actor_of(access.user), {})
        else:
            close(job, status=ImportStatus.CANCELLED, actor=actor_of(access.user))
    return job


def close(job: ImportJob, *, status: ImportStatus, actor: str, error: str = "") -> None:
    """End an import that keeps nothing; an update keeps what it has done, and says so in its counts. The caller holds
    the job's row lock inside a transaction.
    """
    job.status, job.error, job.finished_at = status, error[:500], timezone.now()
    if not job.updates:
        job.rows_added = job.items_added = job.labels_added = 0
    job.save(
        update_fields=["status", "error", "finished_at", "rows_added", "items_added", "labels_added"],
    )
    data = {"rows_read": job.rows_read} | ({"error": job.error} if error else {})
    if job.updates:
        data |= {"labels_added": job.labels_added, "items_corrected": job.items_corrected}
    _record(job, f"import.{status.value}", actor, data)
    transaction.on_commit(partial(remove_upload, job.stored_as), robust=True)


def _record(job: ImportJob, kind: str, actor: str, data: dict[str, Any]) -> None:
    record(kind=kind, actor=actor, subject=f"import:{job.pk}", project_id=job.project_id, data=data)


def _shape(mapping: dict[str, Any]) -> dict[str, Any]:
    """The mapping without annotators' names, which may be people's and do not belong into the ledger."""
    return mapping | {"annotators": sorted(mapping["annotators"])}


def _refuse_closed(access: Access) -> None:
    if access.project.status in FINISHED:
        raise DomainError(
            "project_closed", _("The project is closed, so nothing can be added. Reopen it in its settings.")
        )


def _refuse_unless_waiting(job: ImportJob) -> None:
    if job.status != ImportStatus.MAPPING:
        text = _("This upload does not wait for a mapping (%(status)s). Upload the file again.")
        raise DomainError("import_not_waiting", text % {"status": job.get_status_display().lower()})
