"""Pages that belong to no single app: the API reference, the ledger page, the health check."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
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


@require_safe
@login_required
def ledger(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    page = Paginator(project_events(project_id), 50).get_page(request.GET.get("page"))
    context = {"access": access, "project": access.project, "page": page, "head": chain_head()}
    return render(request, "ledger/events.html", context)
