"""Pages of the registry: models and servers for everybody who is signed in, forms for operators."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.people import blame, posted, told
from ledger.errors import DomainError, forbidden
from ledger.services import actor_of
from llm_workers.models import Endpoint
from llm_workers.registry.access import is_operator, model_found, operator, server_access
from llm_workers.registry.forms import ModelFactsForm, ServerChangeForm, ServerForm
from llm_workers.registry.selectors import facts_of, models_known, servers_listed, state_of
from llm_workers.services.models import model_describe, models_refresh
from llm_workers.services.servers import server_add, server_change, server_remove


@require_safe
@login_required
def models(request: HttpRequest) -> HttpResponse:
    """What the servers offer, and how to connect one."""
    context = {
        "models": models_known(),
        "servers": [(endpoint, state_of(endpoint)) for endpoint in servers_listed()],
        "operator": is_operator(request.user),
    }
    return render(request, "llm_workers/models.html", context)


@require_POST
@login_required
def models_ask(request: HttpRequest) -> HttpResponse:
    if not is_operator(request.user):
        raise forbidden(_("Only an operator of this installation can ask the servers. They are asked every minute."))
    endpoints = models_refresh(actor=actor_of(request.user))
    answering = sum(endpoint.healthy for endpoint in endpoints)
    text = _("%(answering)s of %(all)s servers answered.") % {"answering": answering, "all": len(endpoints)}
    messages.success(request, text)
    return redirect("models")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def model(request: HttpRequest, model_id: int) -> HttpResponse:
    """What is known of a model; operators write down what no server says."""
    if request.method == "POST":
        operator(request.user)
    found = model_found(model_id)
    facts = facts_of(found)  # before the form touches its own copy
    form = ModelFactsForm(posted(request), instance=model_found(model_id)) if is_operator(request.user) else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            found = model_describe(model=found, by=request.user, **form.cleaned_data)
        except DomainError as error:
            return told(request, error, "model", model_id)
        messages.success(request, _("What you wrote about the model was stored."))
        return redirect("model", found.pk)
    context = {"model": found, "facts": facts, "form": form}
    return render(request, "llm_workers/model.html", context, status=422 if form and form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def server_new(request: HttpRequest) -> HttpResponse:
    operator(request.user)
    form = ServerForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            endpoint = server_add(by=request.user, **_given(form))
        except DomainError as error:
            blame(form, error)
        else:
            _tell(request, endpoint)
            return redirect("models")
    return render(request, "llm_workers/server_new.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def server(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    endpoint = server_access(request.user, endpoint_id)
    in_settings = endpoint.url in settings.LLM_BASE_URLS
    form = ServerChangeForm(posted(request), endpoint=endpoint, in_settings=in_settings)
    if request.method == "POST" and form.is_valid():
        try:
            changed = server_change(endpoint=endpoint, by=request.user, **form.facts())
        except DomainError as error:
            blame(form, error)
        else:
            _tell(request, changed)
            return redirect("server", endpoint_id)
    context = {"endpoint": endpoint, "state": state_of(endpoint), "form": form, "in_settings": in_settings}
    return render(request, "llm_workers/server.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def server_forget(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    endpoint = server_access(request.user, endpoint_id)
    try:
        server_remove(endpoint=endpoint, by=request.user)
    except DomainError as error:
        return told(request, error, "server", endpoint_id)
    messages.success(request, _("The server was removed. Runs stop asking it within seconds."))
    return redirect("models")


def _given(form: ServerForm) -> dict[str, Any]:
    return dict(form.cleaned_data)


def _tell(request: HttpRequest, endpoint: Endpoint) -> None:
    """What became of it: whether the server answers is part of that."""
    if not endpoint.enabled:
        messages.success(request, _("Stored. The server is disabled: runs stop asking it within seconds."))
    elif endpoint.healthy:
        messages.success(request, _("Stored. The server answers, and runs use it within seconds."))
    else:
        messages.warning(request, _("Stored, but the server cannot be used yet: %s") % endpoint.problem)
