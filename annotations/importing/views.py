"""Pages of imports: upload, choose columns, watch, read the report."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotations.access import OWNER, READERS, Access, import_access, project_access
from annotations.importing.dispatch import send_import
from annotations.importing.forms import MappingForm, UploadForm
from annotations.importing.mapping import ColumnMapping
from annotations.importing.selectors import Preview, imports_of, preview, row_errors_of
from annotations.importing.services import UNFINISHED, import_cancel, import_receive, import_start
from annotations.importing.storing import chunks_of
from annotations.models import ImportJob, ImportStatus, RowProblemKind
from ledger.errors import DomainError

PER_PAGE = 25
ERRORS_PER_PAGE = 50
TONES = {
    ImportStatus.DONE: "good",
    ImportStatus.FAILED: "bad",
    ImportStatus.CANCELLED: "neutral",
    ImportStatus.MAPPING: "warn",
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def imports(request: HttpRequest, project_id: int) -> HttpResponse:
    """The list of uploads, and the form for the next. A script that accepts JSON gets the address."""
    access = project_access(request.user, project_id, OWNER if request.method == "POST" else READERS)
    request.access = access  # type: ignore[attr-defined]
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                job = import_receive(access=access, filename=file.name, chunks=chunks_of(file))
            except DomainError as refusal:
                if _wants_json(request):
                    raise
                form.add_error("file", refusal.message)
            else:
                address = reverse("import_detail", args=[job.pk])
                return JsonResponse({"url": address}, status=201) if _wants_json(request) else redirect(address)
        elif _wants_json(request):
            raise DomainError("invalid", " ".join(map(str, form.errors.get("file", [_("Choose a file.")]))), 400)
    page = Paginator(imports_of(access.project), PER_PAGE).get_page(request.GET.get("page"))
    context = {"project": access.project, "access": access, "form": form, "page": page, "rows": _rows(page)}
    return render(request, "annotations/imports/imports.html", context, status=422 if form.errors else 200)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _rows(page: Any) -> list[dict[str, Any]]:
    return [{"job": job, "tone": TONES.get(job.status, "info")} for job in page]


@require_http_methods(["GET", "HEAD"])
@login_required
def import_detail(request: HttpRequest, job_id: int) -> HttpResponse:
    """What the upload needs next: the choice of columns, patience, or a look at its report."""
    access, job = import_access(request.user, job_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    if job.status == ImportStatus.MAPPING:
        head = preview(job)
        form = MappingForm(preview=head, project=access.project, initial={"dataset_name": job.dataset_name})
        return _mapping_page(request, access, job, head, form)
    context = _report(request, access, job)
    return render(request, "annotations/imports/detail.html", context)


def _mapping_page(
    request: HttpRequest, access: Access, job: ImportJob, head: Preview, form: MappingForm
) -> HttpResponse:
    rows = [[_shortened(row.get(column)) for column in head.columns] for row in head.rows]
    context = {
        "project": access.project,
        "access": access,
        "job": job,
        "form": form,
        "columns": head.columns,
        "rows": rows,
        "used": _uses(head.guess),
    }
    return render(request, "annotations/imports/mapping.html", context, status=422 if form.errors else 200)


def _uses(guess: ColumnMapping | None) -> dict[str, str]:
    return {} if guess is None else {guess.text: _("Text")} | {column: name for name, column in guess.groups.items()}


def _shortened(cell: Any) -> str:
    text = "" if cell is None else " ".join(str(cell).split())
    return text if len(text) <= 90 else text[:89] + "…"


def _report(request: HttpRequest, access: Access, job: ImportJob) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    kind = kind if kind in RowProblemKind.values else ""
    page = Paginator(row_errors_of(job, kind=kind), ERRORS_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "project": access.project,
        "access": access,
        "job": job,
        "running": job.status in UNFINISHED,
        "tone": TONES.get(ImportStatus(job.status), "info"),
        "percent": round(100 * job.bytes_read / job.bytes_total) if job.bytes_total else 0,
        "kinds": _kinds(job, kind),
        "kind": kind,
        "page": page,
        "meanings": _meanings(job),
        "not_taken": job.rows_bad + job.rows_duplicate,
    }


def _kinds(job: ImportJob, chosen: str) -> list[dict[str, Any]]:
    """The report's tabs."""
    tabs = (
        ("", _("All"), job.rows_bad + job.rows_duplicate),
        (RowProblemKind.BAD, _("Bad"), job.rows_bad),
        (RowProblemKind.DUPLICATE, _("Duplicates"), job.rows_duplicate),
    )
    return [
        {"url": f"?kind={kind}" if kind else "?", "label": label, "count": f"{count:,}", "current": kind == chosen}
        for kind, label, count in tabs
    ]


def _meanings(job: ImportJob) -> list[tuple[str, str]]:
    """What the columns were taken for, in words."""
    mapping = job.mapping
    words = {
        "text": _("Text"),
        "external_id": _("Id"),
        "gold": _("Gold label"),
        "annotator": _("Who labelled"),
        "label": _("The label given"),
    }
    found = [(_("Rows whose item is there"), job.get_on_existing_display())] if job.updates else []
    if job.change_gold:
        found.append((_("Gold labels that differ"), _("Replaced")))
    found += [(word, mapping[part]) for part, word in words.items() if mapping.get(part)]
    found += [(_("Group: %(name)s") % {"name": name}, column) for name, column in mapping.get("groups", {}).items()]
    if mapping.get("annotators"):
        found.append((_("Columns of labels"), ", ".join(mapping["annotators"])))
    return found


@require_POST
@login_required
def import_map(request: HttpRequest, job_id: int) -> HttpResponse:
    """Start the upload with the chosen columns."""
    access, job = import_access(request.user, job_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    if job.status != ImportStatus.MAPPING:
        return redirect("import_detail", job.pk)
    head = preview(job)
    form = MappingForm(request.POST, preview=head, project=access.project)
    if form.is_valid():
        try:
            job = import_start(access=access, job_id=job.pk, mapping=form.mapping(), **form.options())
        except DomainError as refusal:
            if refusal.status != 400:
                raise
            form.add_refusal(refusal.fields, refusal.message)
        else:
            send_import(job)
            return redirect("import_detail", job.pk)
    return _mapping_page(request, access, job, head, form)


@require_GET
@login_required
def import_progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The part of the page that changes while an import runs; htmx asks for it every second until it is over."""
    access, job = import_access(request.user, job_id, READERS)
    response = render(request, "annotations/imports/progress.html", _report(request, access, job))
    if job.status not in UNFINISHED:
        response["HX-Refresh"] = "true"  # the whole page: report, tabs and actions are new
    return response


@require_POST
@login_required
def import_stop(request: HttpRequest, job_id: int) -> HttpResponse:
    """Cancel; the page says when it has come to rest."""
    access, job = import_access(request.user, job_id, OWNER)
    job = import_cancel(access=access, job_id=job.pk)
    if job.status == ImportStatus.CANCELLED:
        kept = job.updates and job.rows_read
        text = _("The update was stopped.") if kept else _("The import was cancelled. Nothing of it was kept.")
        messages.success(request, text)
    return redirect("import_detail", job.pk)
