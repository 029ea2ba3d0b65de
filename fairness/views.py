"""The live fairness page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations.access import STAFF, project_access
from fairness.presenting.page import live_context
from fairness.selectors.chosen import chosen_view
from fairness.selectors.live import live_view


@require_safe
@login_required
def fairness(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    asked = {name: request.GET.get(name, "") for name in ("attribute", "label")}
    view = live_view(access.project, attribute=asked["attribute"], label=asked["label"])
    query = urlencode({name: value for name, value in asked.items() if value})
    context = {
        **live_context(access.project, view),
        "access": access,
        "chosen": chosen_view(access.project, view.question),
        "socket": f"/ws/projects/{project_id}/fairness/" + (f"?{query}" if query else ""),
    }
    return render(request, "fairness/page.html", context)
