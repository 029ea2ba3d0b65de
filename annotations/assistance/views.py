"""The owner's page of assistance."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.people import blame, person, posted
from annotations.access import OWNER, project_access
from annotations.assistance.forms import AssistanceForm
from annotations.assistance.selectors import rules_of
from annotations.assistance.services import assistance_change
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_assistance(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    rules = rules_of(access.project)
    initial = {"is_on": rules.is_on, "model": rules.model_id, "holdout_percent": round(rules.holdout_share * 100, 6)}
    form = AssistanceForm(posted(request), project=access.project, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            rules = assistance_change(
                project=access.project,
                actor=person(request),
                is_on=given["is_on"],
                model=given["model"],
                holdout_share=given["holdout_percent"] / 100,
            )
        except DomainError as error:
            blame(form, error)
        else:
            text = _("Assistance is on.") if rules.is_on else _("Assistance is off: everybody labels blind.")
            messages.success(request, text)
            return redirect("project_setting_assistance", project_id)
    context = {"access": access, "project": access.project, "form": form, "section": "assistance"}
    return render(request, "annotations/assistance/settings.html", context, status=422 if form.errors else 200)
