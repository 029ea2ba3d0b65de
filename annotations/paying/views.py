"""The owner's page of pay, its adjustments, and the file to pay people by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.people import blame, posted
from annotations.access import OWNER, project_access
from annotations.exporting.cells import csv_cell
from annotations.exporting.streaming import download
from annotations.models import Project
from annotations.paying.forms import AdjustmentForm
from annotations.paying.selectors import ENOUGH_TIMED, adjustments, fair_pay, payments
from annotations.paying.services import pay_adjust
from ledger.errors import DomainError

SHOWN_ADJUSTMENTS = 50
COLUMNS = (
    "pseudonym", "name", "email", "simulated", "currency", "labels", "labels_timed", "median_seconds",
    "pay_per_hour_at_median", "base", "adjustments", "total",
)  # fmt: skip


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pay(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    form = AdjustmentForm(posted(request), project=access.project)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            pay_adjust(
                access=access,
                annotator_id=given["annotator"].pk,
                amount=given["amount"],
                reason=given["reason"],
                request_key=given["request_key"],
            )
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The adjustment was stored. The person sees it with its reason."))
            return redirect("pay", project_id)
    people = payments(access.project)
    context = {
        "access": access,
        "project": access.project,
        "fair": fair_pay(access.project),
        "people": people,
        "total": sum(person.total for person in people),
        "adjustments": adjustments(access.project)[:SHOWN_ADJUSTMENTS],
        "enough": ENOUGH_TIMED,
        "form": form,
    }
    return render(request, "annotations/paying/pay.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
@login_required
def pay_export(request: HttpRequest, project_id: int) -> HttpResponseBase:
    access = project_access(request.user, project_id, OWNER)
    name = f"evenhand-{project_id}-payments.csv"
    return download(_lines(access.project), filename=name, content_type="text/csv; charset=utf-8")


def _lines(project: Project) -> Iterator[bytes]:
    yield _line(COLUMNS)
    for person in payments(project):
        yield _line(
            (
                person.pseudonym, person.name, person.email, person.simulated, project.currency, person.labels,
                person.timed, person.median_seconds, person.per_hour, person.base, person.adjustments, person.total,
            )
        )  # fmt: skip


def _line(cells: tuple[object, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([csv_cell(cell) for cell in cells])
    return text.getvalue().encode()
