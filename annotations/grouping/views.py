"""The page on which an owner sees the groups of the items, and has them put in order."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.people import blame, person
from annotations.access import OWNER, project_access
from annotations.grouping.forms import RegroupForm, edges_of
from annotations.grouping.selectors import AttributeGroups, project_groups
from annotations.grouping.services import regrouping_create
from annotations.grouping.values import bins_preview, check_edges
from annotations.tasks import groups_soon, regrouping_follow
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_groups(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    if request.POST.get("do") == "count":
        groups_soon(project_id)
        messages.success(request, _("The groups are being counted. Look again in a moment."))
        return redirect("project_setting_groups", project_id)
    form = RegroupForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = regrouping_create(
                project=access.project,
                actor=person(request),
                attribute=form.cleaned_data["attribute"],
                kind=form.cleaned_data["kind"],
                rules=form.rules,
            )
        except DomainError as error:
            blame(form, error)
        else:
            regrouping_follow(made.pk)
            messages.success(request, _("The change was noted. Items and counters follow in the background."))
            return redirect("project_setting_groups", project_id)
    found = project_groups(access.project)
    context = {
        "access": access,
        "project": access.project,
        "form": form,
        "found": found,
        "section": "groups",
        **_previewed(request, found.attributes),
    }
    return render(request, "annotations/grouping/groups.html", context, status=422 if form.errors else 200)


def _previewed(request: HttpRequest, attributes: tuple[AttributeGroups, ...]) -> dict[str, Any]:
    """How many items each bin would have, where the address asks for it: nothing is changed."""
    asked = next((one for one in attributes if one.name == request.GET.get("attribute")), None)
    if asked is None or "edges" not in request.GET:
        return {}
    text = request.GET["edges"][:400]
    try:
        edges = check_edges(edges_of(text))
    except DomainError as error:
        return {"previewed": asked.name, "edges_text": text, "edges_wrong": error.message}
    return {"previewed": asked.name, "edges_text": text, "would": bins_preview(asked.raw, edges)}
