"""The page of what is disclosed, and the record as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotations.access import READERS, project_access
from fairness.disclosure.record import as_text, disclosure_of
from fairness.disclosure.showing import sections_of
from fairness.monitors.evaluating import label_names


@never_cache
@require_safe
@login_required
def disclosure(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    record = disclosure_of(access.project)
    context = {
        "access": access,
        "project": access.project,
        "record": record,
        "sections": sections_of(record, label_names(project_id)),
    }
    return render(request, "fairness/disclosure.html", context)


@never_cache
@require_safe
@login_required
def disclosure_file(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, READERS)
    answer = HttpResponse(as_text(disclosure_of(access.project)), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="evenhand-{project_id}-disclosure.json"'
    return answer
