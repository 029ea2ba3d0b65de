"""Where errors become answers: one shape for the API, one set of pages for browsers.

API shape, for every refusal::

    {"error": {"code": "lease_expired", "message": "…what, why, what to do…", "fields": {…}, "data": {…}}}
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.defaults import page_not_found
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ledger.errors import DomainError

logger = logging.getLogger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError)  # restarting, out of connections, or a deadlock that it has solved
AWAY = gettext_lazy("The database does not answer just now. Nothing was lost; send this again in a few seconds.")
AWAY_SECONDS = 2


def body(code: str, message: str, *, fields: dict[str, Any] | None = None, data: Any = None) -> dict[str, Any]:
    """The API's one error shape."""
    return {"error": {"code": code, "message": message, "fields": fields or {}, "data": data or {}}}


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler: every refusal, ours or the framework's, in the one shape. None lets a crash be a 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, DomainError):
        set_rollback()
        return Response(body(error.code, error.message, fields=error.fields, data=error.data), status=error.status)
    if isinstance(error, DATABASE_AWAY):
        logger.error("The database did not answer: %s", error)
        return Response(body("database_unavailable", str(AWAY)), status=503, headers={"Retry-After": str(AWAY_SECONDS)})
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated) and error.status_code == 401:
        headers["WWW-Authenticate"] = getattr(error, "auth_header", "Bearer")
    data: dict[str, Any] = {}
    wait = getattr(error, "wait", None)  # a throttle says for how long
    if wait:
        headers["Retry-After"] = str(int(wait) + 1)
        data["retry_after_seconds"] = int(wait) + 1
    fields = _fields(error.detail) if isinstance(error, exceptions.ValidationError) else {}
    code = "invalid" if fields or isinstance(error, exceptions.ValidationError) else str(error.default_code)
    return Response(body(code, _message(error, fields), fields=fields, data=data), error.status_code, headers=headers)


def _fields(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """DRF's nested details as one flat map: ``{"labels.0.name": ["…"]}``."""
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            flat |= _fields(value, f"{prefix}.{key}" if prefix else str(key))
        return flat
    if isinstance(detail, list) and any(isinstance(part, dict | list) for part in detail):
        flat = {}
        for number, part in enumerate(detail):
            flat |= _fields(part, f"{prefix}.{number}" if prefix else str(number))
        return flat
    texts = [str(part) for part in detail] if isinstance(detail, list) else [str(detail)]
    return {prefix or "non_field_errors": texts}


def _message(error: exceptions.APIException, fields: dict[str, list[str]]) -> str:
    if fields:
        name, texts = next(iter(fields.items()))
        return texts[0] if name == "non_field_errors" else f"{name}: {texts[0]}"
    return str(error.detail)


class DomainErrorMiddleware:
    """Renders a ``DomainError`` that a page raised: a page, a fragment for htmx, or JSON where JSON was asked for."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if isinstance(error, DATABASE_AWAY):
            logger.error("The database did not answer: %s", error)
            return database_away(request)
        return render_domain_error(request, error) if isinstance(error, DomainError) else None


def database_away(request: HttpRequest) -> HttpResponse:
    """503, without a look at the database: who asks is not known, and the page shows nobody's name."""
    headers = {"Retry-After": str(AWAY_SECONDS)}
    if wants_json(request):
        return JsonResponse(body("database_unavailable", str(AWAY)), status=503, headers=headers)
    return HttpResponse(render_to_string("503.html", {"message": AWAY}), status=503, headers=headers)


def render_domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page, fragment or JSON for a refusal."""
    if wants_json(request):
        data = body(error.code, error.message, fields=error.fields, data=error.data)
        return JsonResponse(data, status=error.status)
    fragment = bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]
    template = "errors/fragment.html" if fragment else "errors/page.html"
    title = {403: _("Not allowed"), 404: _("Not found"), 400: _("That did not work")}.get(error.status)
    context = {"error": error, "title": title or _("That did not work")}
    return render(request, template, context, status=error.status)


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/json")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing is at this address: said as JSON to programs, on a page to people."""
    if wants_json(request):
        text = _("Nothing is at this address. All addresses of the API are listed at /api/v1/schema/.")
        return JsonResponse(body("not_found", text), status=404)
    return page_not_found(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = _(
        "This form was opened in another session or too long ago, so it was not sent. "
        "Go back, reload the page and send it again; what you typed is still in the form."
    )
    return render_domain_error(request, DomainError("csrf_failed", message, 403))
