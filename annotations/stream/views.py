"""The owner's page of the audit stream."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.people import blame, person, posted
from annotations.access import OWNER, project_access
from annotations.stream.forms import StreamForm
from annotations.stream.rules import stream_rules_change
from annotations.stream.selectors import stream_view
from annotations.tasks import stream_follow
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_stream(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    view = stream_view(access.project)
    form = StreamForm.of(view.rules, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            rules, _changed = stream_rules_change(project=access.project, actor=person(request), values=form.values)
        except DomainError as error:
            blame(form, error)
        else:
            stream_follow(rules)
            messages.success(request, _("Saved. What was drawn stays drawn, with the chance that it was drawn with."))
            return redirect("project_setting_stream", project_id)
    context = {"access": access, "project": access.project, "form": form, "section": "stream", "view": view}
    return render(request, "annotations/stream/settings.html", context, status=422 if form.errors else 200)
