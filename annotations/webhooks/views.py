"""Pages on which owners say whom to tell what happens, and read what was told."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.people import blame, person, posted
from annotations.access import OWNER, project_access
from annotations.webhooks.forms import WebhookChangeForm, WebhookForm
from annotations.webhooks.selectors import deliveries_of, webhook_access
from annotations.webhooks.services import webhook_add, webhook_change, webhook_remove
from ledger.errors import DomainError

PAGE = 25


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_webhooks(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    form, made = WebhookForm(posted(request)), None
    if request.method == "POST" and form.is_valid():
        try:
            made = webhook_add(project=access.project, actor=person(request), **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            form = WebhookForm()  # no redirect: the secret is shown in this answer and never again
    context = {
        "access": access,
        "project": access.project,
        "section": "webhooks",
        "form": form,
        "made": made,
        "webhooks": list(access.project.webhooks.all()),
    }
    return render(request, "annotations/webhooks/settings.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_webhook(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """One webhook: change it, and what it was told."""
    access, webhook = webhook_access(request.user, webhook_id)
    request.access = access  # type: ignore[attr-defined]
    form = WebhookChangeForm.of(webhook, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            webhook_change(webhook=webhook, actor=person(request), values=form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The webhook was saved."))
            return redirect("project_setting_webhook", webhook_id)
    context = {
        "access": access,
        "project": access.project,
        "section": "webhooks",
        "form": form,
        "webhook": webhook,
        "page": Paginator(deliveries_of(webhook), PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "annotations/webhooks/one.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def project_setting_webhook_remove(request: HttpRequest, webhook_id: int) -> HttpResponse:
    access, webhook = webhook_access(request.user, webhook_id)
    webhook_remove(webhook=webhook, actor=person(request))
    messages.success(request, _("The address is told nothing any more."))
    return redirect("project_setting_webhooks", access.project.pk)
