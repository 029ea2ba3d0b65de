"""The page on which an owner sets how items are given out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.people import blame, person, posted
from annotations.access import OWNER, project_access
from annotations.serving.forms import ServingForm
from annotations.serving.selectors import rules_of
from annotations.serving.services import rules_update
from annotations.tasks import queue_follow
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_serving(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    form = ServingForm(posted(request), instance=rules_of(access.project))
    if request.method == "POST" and form.is_valid():
        try:
            _rules, changed = rules_update(project=access.project, actor=person(request), values=form.values)
        except DomainError as error:
            blame(form, error)
        else:
            if changed:
                queue_follow(project_id)
                messages.success(request, _("The rules were saved. What waits in the queue follows within moments."))
            return redirect("project_setting_serving", project_id)
    context = {
        "access": access,
        "project": access.project,
        "form": form,
        "section": "serving",
        "attributes": list(access.project.attributes.values_list("name", flat=True)),
    }
    return render(request, "annotations/serving/settings.html", context, status=422 if form.errors else 200)
