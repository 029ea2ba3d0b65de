"""Pages that belong to no single app: the API reference, the ledger page, the health check."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView

from annotations.access import READERS, project_access
from ledger.selectors import chain_head, project_events

schema = SpectacularAPIView.as_view(throttle_classes=[])


@require_safe
def api_reference(request: HttpRequest) -> HttpResponse:
    return render(request, "api_reference.html")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 where the web process reaches the database: for load balancers and container health checks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


LEDGER_PAGE = 50


@require_safe
@login_required
def ledger(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    before = request.GET.get("before", "")
    events = list(project_events(project_id, before=int(before) if before.isdecimal() else None)[: LEDGER_PAGE + 1])
    for event in events:
        event.details = list(event.data.items())  # type: ignore[attr-defined]  # a template takes a key "items" for it
    older = f"?before={events[LEDGER_PAGE - 1].pk}" if len(events) > LEDGER_PAGE else ""
    context = {
        "project": access.project,
        "events": events[:LEDGER_PAGE],
        "older_url": older,
        "newest_url": "?" if before else "",
        "head": chain_head(),
    }
    return render(request, "ledger/events.html", context)
