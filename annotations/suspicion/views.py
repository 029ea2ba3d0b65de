"""Pages: what looks like spam or copying, the evidence, and the owner's decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.people import blame, posted
from annotations.access import OWNER, READERS, Access, project_access
from annotations.models import Suspicion, SuspicionStatus
from annotations.suspicion.forms import DecisionForm
from annotations.suspicion.reading import (
    MOST_BESIDE,
    context_of,
    looked_at,
    names,
    pair_rows,
    sentence,
    sight_rows,
    strength,
)
from annotations.suspicion.selectors import (
    check_of,
    open_suspicions,
    people_of,
    schema_now,
    sights_of,
    suspicion_of,
    suspicions_of,
)
from annotations.suspicion.services import suspicion_decide
from annotations.tasks import check_project, exclusion_follow
from ledger.errors import DomainError

PAGE = 25


@never_cache
@require_safe
@login_required
def people_suspicions(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    schema = schema_now(access.project)
    page = Paginator(suspicions_of(access.project), PAGE).get_page(request.GET.get("page"))
    check = check_of(access.project)
    rows = [
        {
            "one": one,
            "names": names(people_of(one)),
            "sentence": sentence(one, schema),
            "is_open": one.status == SuspicionStatus.OPEN,
        }
        for one in page.object_list
    ]
    context = {
        "access": access,
        "project": access.project,
        "page": page,
        "rows": rows,
        "waiting": open_suspicions(access.project),
        "check": check,
        "looked_at": looked_at(check) if check else [],
    }
    return render(request, "annotations/suspicion/list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def people_suspicion(request: HttpRequest, project_id: int, suspicion_id: int) -> HttpResponse:
    """One suspicion with its evidence, and the owner's decision."""
    access = project_access(request.user, project_id, OWNER if request.method == "POST" else READERS)
    request.access = access  # type: ignore[attr-defined]
    one = suspicion_of(access, suspicion_id)
    form = DecisionForm(posted(request), people=[(person.pk, person.pseudonym) for person in people_of(one)])
    if request.method == "POST" and form.is_valid():
        try:
            said = _decide(access, one, **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, said)
            return redirect("people_suspicion", project_id, suspicion_id)
    context = _context(access, one) | {"form": form, "chosen": form.data.get("action", "") if form.is_bound else ""}
    return render(request, "annotations/suspicion/detail.html", context, status=422 if form.errors else 200)


def _context(access: Access, one: Suspicion) -> dict[str, Any]:
    schema, people = schema_now(access.project), people_of(one)
    return {
        "access": access,
        "project": access.project,
        "one": one,
        "people": people,
        "beside": people[:MOST_BESIDE],
        "left_out": max(len(people) - MOST_BESIDE, 0),
        "sentence": sentence(one, schema),
        "texts": context_of(one, schema),
        "strength": strength(one),
        "pairs": pair_rows(one, people),
        "sights": sight_rows(sights_of(one, people), schema),
        "is_open": one.status == SuspicionStatus.OPEN,
        "is_speed": one.kind == "speed",
    }


def _decide(access: Access, one: Suspicion, *, action: str, annotators: list[int], reason: str) -> str:
    decided = suspicion_decide(
        access=access, suspicion_id=one.pk, action=action, reason=reason, annotator_ids=annotators
    )
    for made in decided.exclusions:
        exclusion_follow(made.pk)
    if action == "dismiss":
        return _("Dismissed. It comes back only if it grows clearly.")
    if action == "pause":
        return _("Paused. They read your reason, may answer it, and you decide again.")
    return _("The labels follow within moments; none is deleted, and all stay paid.")


@require_POST
@login_required
def people_suspicions_check(request: HttpRequest, project_id: int) -> HttpResponse:
    project_access(request.user, project_id, OWNER)
    check_project.delay(project_id)
    messages.success(request, _("The labels are being looked through. Reload this page in a moment."))
    return redirect("people_suspicions", project_id)
