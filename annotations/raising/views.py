"""The page on which an owner asks for more labels of one group's items: first what it takes, then a button."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.people import blame, person, posted, told
from annotations.access import OWNER, READERS, Access, group_demand_access, project_access
from annotations.raising.forms import RaiseForm
from annotations.raising.selectors import demands_lost, demands_of, toll_of
from annotations.raising.services import group_raise, group_raise_end
from annotations.raising.words import toll_words
from annotations.tasks import demand_soon
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_more(request: HttpRequest, project_id: int) -> HttpResponse:
    """Auditors see which groups get more, without the form."""
    access = project_access(request.user, project_id, OWNER if request.method == "POST" else READERS)
    request.access = access  # type: ignore[attr-defined]
    context = _asking(request, access) if access.can_manage else {}
    if isinstance(context, HttpResponse):
        return context
    context |= {
        "access": access,
        "project": access.project,
        "demands": [
            (one, toll_words(toll_of(access.project, attribute=one.attribute, group=one.group, more=one.more)))
            for one in demands_of(access.project)
        ],
        "lost": demands_lost(access.project),
        "section": "more",
    }
    status = 422 if request.method == "POST" and context["form"].errors else 200
    return render(request, "annotations/raising/more.html", context, status=status)


def _asking(request: HttpRequest, access: Access) -> dict[str, Any] | HttpResponse:
    """The form with what it takes; an answer where it was sent and taken."""
    asked = request.GET if request.method != "POST" and "group" in request.GET else posted(request)
    form = RaiseForm(asked, project=access.project)
    context: dict[str, Any] = {"form": form}
    if form.is_bound and form.is_valid():
        if request.method == "POST":
            try:
                group_raise(project=access.project, actor=person(request), **form.cleaned_data)
            except DomainError as error:
                blame(form, error)
            else:
                demand_soon(access.project.pk)
                messages.success(request, _("The items follow in the background, those that are labelled now at once."))
                return redirect("project_setting_more", access.project.pk)
        if not form.errors:
            context["toll"] = toll_words(toll_of(access.project, **form.cleaned_data))
    return context


@require_POST
@login_required
def project_setting_more_end(request: HttpRequest, project_id: int, demand_id: int) -> HttpResponse:
    access, demand = group_demand_access(request.user, project_id, demand_id, OWNER)
    try:
        group_raise_end(demand=demand, actor=person(request))
    except DomainError as error:
        return told(request, error, "project_setting_more", access.project.pk)
    demand_soon(project_id)
    messages.success(request, _("No more labels than for other items are asked for. Those that were given stay."))
    return redirect("project_setting_more", project_id)
