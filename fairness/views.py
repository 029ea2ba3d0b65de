"""The dashboard of fairness: as a page, as the part that is read anew, as a report to print, as tables to download."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotations.access import READERS, STAFF, Access, project_access
from annotations.exporting.cells import csv_cell
from fairness.presenting.chosen import chosen_counts
from fairness.presenting.errors import ErrorsPart, errors_part
from fairness.presenting.page import live_context, more_context
from fairness.presenting.sheets import SHEETS
from fairness.presenting.shown import not_narrowed
from fairness.selectors.chosen import chosen_view
from fairness.selectors.errors import errors_view
from fairness.selectors.live import LiveView, live_view
from fairness.selectors.wanted import KINDS, Wanted
from ledger.errors import not_found


def _asked(request: HttpRequest, project_id: int) -> tuple[Access, LiveView]:
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    return access, live_view(access.project, wanted=Wanted.of(request.GET))


def _context(access: Access, view: LiveView) -> dict[str, Any]:
    live, more = (part(access.project, view, access.role) for part in (live_context, more_context))
    return {**live, **more, "access": access, "kinds": KINDS}


def _errors(access: Access, view: LiveView) -> ErrorsPart | None:
    found = errors_view(access.project, view.question.attribute if view.question else "")
    return errors_part(found, access.project, access.role)


def _whole(access: Access, view: LiveView) -> dict[str, Any]:
    """Everything: also what is not read anew."""
    chosen = chosen_view(access.project, view.question)
    counts = chosen_counts(chosen, access.project, access.role)
    more = {
        "chosen": chosen,
        "chosen_counts": counts,
        "chosen_whole": not_narrowed(view),
        "errors": _errors(access, view),
    }
    return {**_context(access, view), **more}


@require_safe
@login_required
def fairness(request: HttpRequest, project_id: int) -> HttpResponse:
    access, view = _asked(request, project_id)
    query = view.wanted.query()
    context = {
        **_whole(access, view),
        "socket": f"/ws/projects/{project_id}/fairness/" + (f"?{query}" if query else ""),
        "more_url": _address("fairness_more", project_id, query),
        "report_url": _address("fairness_report", project_id, query),
    }
    return render(request, "fairness/page.html", context)


@never_cache
@require_safe
@login_required
def fairness_more(request: HttpRequest, project_id: int) -> HttpResponse:
    """The part of the page that no socket brings."""
    access, view = _asked(request, project_id)
    return render(request, "fairness/more.html", _context(access, view))


@require_safe
@login_required
def fairness_report(request: HttpRequest, project_id: int) -> HttpResponse:
    """Everything at once, on paper: every table open, nothing to click."""
    access, view = _asked(request, project_id)
    context = {
        **_whole(access, view),
        "report": True,
        "printed_at": timezone.now(),
        "schema": access.project.schemas.get(is_current=True),
        "dataset_name": dict(view.datasets).get(view.wanted.dataset or 0, ""),
        "model_name": dict(view.annotators).get(view.wanted.model or 0, ""),
        "address": request.build_absolute_uri(_address("fairness", project_id, view.wanted.query())),
    }
    return render(request, "fairness/report.html", context)


@never_cache
@require_safe
@login_required
def fairness_csv(request: HttpRequest, project_id: int, chart: str) -> HttpResponse:
    sheet = SHEETS.get(chart)
    access = project_access(request.user, project_id, READERS if sheet is not None and sheet.private else STAFF)
    if sheet is None:
        raise not_found("The table")
    view = live_view(access.project, wanted=Wanted.of(request.GET))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(sheet.columns)
    for row in sheet.rows(access.project, view):
        writer.writerow([csv_cell(cell) for cell in row])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="evenhand-{project_id}-{chart}.csv"'
    return answer


def _address(name: str, project_id: int, query: str) -> str:
    return reverse(name, args=[project_id]) + (f"?{query}" if query else "")
