"""Pages of care: the owner's rules, and what a worker prefers for themselves."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.people import blame, person, posted
from annotations.access import OWNER, project_access
from annotations.working.care import preferences_of, rules_of, shown_today
from annotations.working.forms import CareForm, PreferencesForm
from annotations.working.services import care_change, preferences_change
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_care(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    rules = rules_of(access.project)
    form = CareForm(posted(request), initial={name: getattr(rules, name) for name in CareForm.base_fields})
    if request.method == "POST" and form.is_valid():
        try:
            care_change(project=access.project, actor=person(request), **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The rules of care were saved."))
            return redirect("project_setting_care", project_id)
    context = {"access": access, "project": access.project, "form": form, "section": "care"}
    return render(request, "annotations/working/settings_care.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def work_preferences(request: HttpRequest) -> HttpResponse:
    """Breaks, blur and limits of one's own, in all projects."""
    user = person(request)
    own = preferences_of(user)
    form = PreferencesForm(posted(request), initial={name: getattr(own, name) for name in PreferencesForm.base_fields})
    if request.method == "POST" and form.is_valid():
        try:
            preferences_change(user=user, **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("Your preferences were saved."))
            return redirect("work_preferences")
    context = {"form": form, "shown": shown_today(user, timezone.now())}
    return render(request, "annotations/working/preferences.html", context, status=422 if form.errors else 200)
