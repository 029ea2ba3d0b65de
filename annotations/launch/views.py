"""The page of the checklist."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.people import person
from annotations.access import OWNER, project_access
from annotations.launch.selectors import Row, checklist
from annotations.launch.services import MAX_NOTE, Answer, checklist_answer
from annotations.models import Bias, Verdict
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_checklist(request: HttpRequest, project_id: int) -> HttpResponse:
    """Each of the twelve may be answered by itself; what is left open stays open."""
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    errors: dict[str, list[str]] = {}
    refused = ""
    if request.method == "POST":
        try:
            made = checklist_answer(project=access.project, actor=person(request), answers=_given(request))
        except DomainError as error:
            errors, refused = error.fields, error.message
        else:
            messages.success(request, _("The answers were saved.") if made else _("Nothing has changed."))
            return redirect("project_checklist", project_id)
    rows = [_shown(request, row, errors.get(row.bias.value, [])) for row in checklist(access.project)]
    context = {
        "access": access,
        "project": access.project,
        "section": "checklist",
        "rows": rows,
        "open": sum(row["row"].answer is None for row in rows),  # type: ignore[attr-defined]
        "verdicts": Verdict.choices,
        "max_note": MAX_NOTE,
        "refused": refused,
    }
    return render(request, "annotations/launch/checklist.html", context, status=422 if refused else 200)


def _given(request: HttpRequest) -> dict[str, Answer]:
    """Those of the twelve for which one of the three answers was chosen."""
    given = {}
    for bias in Bias.values:
        verdict = request.POST.get(f"{bias}-verdict", "")
        if verdict:
            given[bias] = Answer(verdict=verdict, note=request.POST.get(f"{bias}-note", ""))
    return given


def _shown(request: HttpRequest, row: Row, errors: list[str]) -> dict[str, object]:
    """A row with what its fields hold: what was sent, else the stored answer, else what the platform does."""
    name = row.bias.value
    if request.method == "POST":
        verdict, note = request.POST.get(f"{name}-verdict", ""), request.POST.get(f"{name}-note", "")
    elif row.answer is not None:
        verdict, note = row.answer.verdict, row.answer.note
    else:
        verdict, note = "", " ".join(str(text) for text in row.measures)
    return {"row": row, "name": name, "verdict": verdict, "note": note, "errors": errors}
