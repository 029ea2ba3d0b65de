"""Pages of cases: the queue, and the page on which an expert settles one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.access import EXPERTS, STAFF, Access, case_access, project_access
from annotations.models import Case, CaseCause, CaseKind, CaseStatus
from annotations.settling import services
from annotations.settling.selectors import case_counts, cases_of, shown_sides, similar_cases, who_said_what, why_open
from annotations.task_types import task_type
from ledger.errors import DomainError

PER_PAGE = 25
CAUSES = (
    (CaseCause.HUMAN_ERROR, "h", ""),
    (CaseCause.MODEL_ERROR, "m", ""),
    (CaseCause.AMBIGUOUS_ITEM, "a", ""),
    (CaseCause.UNCLEAR_GUIDELINE, "u", ""),
    (CaseCause.BAD_ITEM, "b", gettext_lazy("It may stay without a label.")),
)
# Of a check: what can be told of the item by itself.
BLIND_CAUSES = (
    (CaseCause.CHECKED, "c", gettext_lazy("A reason is not needed.")),
    *(cause for cause in CAUSES if cause[0] not in (CaseCause.HUMAN_ERROR, CaseCause.MODEL_ERROR)),
)


@require_safe
@login_required
def cases(request: HttpRequest, project_id: int) -> HttpResponse:
    """The queue of disagreements."""
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    status = request.GET.get("status", CaseStatus.OPEN)
    status = status if status in CaseStatus.values else CaseStatus.OPEN
    kind = request.GET.get("kind", "")
    kind = kind if kind in CaseKind.values else ""
    page = Paginator(cases_of(project_id, status=status, kind=kind), PER_PAGE).get_page(request.GET.get("page"))
    sides = shown_sides(page)
    counts = case_counts(project_id)
    context = {
        "access": access,
        "project": access.project,
        "page": page,
        "rows": [{"case": case, "sides": sides[case.item_id]} for case in page],
        "status": status,
        "kind": kind,
        "tabs": [_status_tab(project_id, value, label, counts, status) for value, label in CaseStatus.choices],
        "kinds": [(value, label, counts["kind"].get(value, 0)) for value, label in CaseKind.choices],
        "query": f"status={status}&kind={kind}",
        "may_settle": access.role in EXPERTS,
        "now": timezone.now(),
    }
    return render(request, "annotations/cases/queue.html", context)


@never_cache
@require_safe
@login_required
def case_detail(request: HttpRequest, case_id: int) -> HttpResponse:
    access, case = case_access(request.user, case_id, STAFF)
    return _page(request, access, case)


@require_POST
@login_required
def case_next(request: HttpRequest, project_id: int) -> HttpResponse:
    """Take the case where most is at stake and open it."""
    access = project_access(request.user, project_id, EXPERTS)
    after = request.POST.get("after", "")
    try:
        return _next(request, access, after=int(after) if after.isdecimal() else None)
    except DomainError as refusal:
        messages.warning(request, refusal.message)
        return redirect("cases", project_id)


@require_POST
@login_required
def case_claim(request: HttpRequest, case_id: int) -> HttpResponse:
    access, case = case_access(request.user, case_id, EXPERTS)
    try:
        services.claim(expert=access.user, case_id=case.pk)
    except DomainError as refusal:
        messages.warning(request, refusal.message)
    return redirect("case_detail", case.pk)


@require_POST
@login_required
def case_release(request: HttpRequest, case_id: int) -> HttpResponse:
    access, case = case_access(request.user, case_id, EXPERTS)
    services.release(expert=access.user, case_id=case.pk)
    return redirect("cases", access.project.pk)


@require_POST
@login_required
def case_settle(request: HttpRequest, case_id: int) -> HttpResponse:
    access, case = case_access(request.user, case_id, EXPERTS)
    schema = access.project.schemas.get(is_current=True)
    chosen, cause = request.POST.getlist("value"), request.POST.get("cause", "")
    try:
        no_label = not chosen and cause == CaseCause.BAD_ITEM
        services.settle(
            expert=access.user,
            case_id=case.pk,
            value=None if no_label else task_type(schema.task_type).value_from_form(schema.config, chosen),
            cause=cause,
            recurrent="recurrent" in request.POST,
            reason=request.POST.get("reason", ""),
            idempotency_key=request.POST.get("key", ""),
        )
    except DomainError as refusal:
        if refusal.status == 400:
            return _page(request, access, case, refusal=refusal)
        messages.warning(request, refusal.message)
        return redirect("case_detail", case.pk)
    messages.success(request, _("Settled."))
    if request.POST.get("then") == "next":
        return _next(request, access)
    return redirect("case_detail", case.pk)


def _next(request: HttpRequest, access: Access, after: int | None = None) -> HttpResponseRedirect:
    case = services.claim_next(expert=access.user, project=access.project, after=after)
    if case is None:
        messages.info(request, _("No open case is free for you now."))
        return redirect("cases", access.project.pk)
    return redirect("case_detail", case.pk)


def _page(request: HttpRequest, access: Access, case: Case, refusal: DomainError | None = None) -> HttpResponse:
    request.access = access  # type: ignore[attr-defined]
    sides, now = shown_sides([case])[case.item_id], timezone.now()
    taken = bool(case.claimed_by_id and case.claim_expires_at and case.claim_expires_at > now)
    own = services.own_labels(access.user, case).exists()
    context: dict[str, Any] = {
        "access": access,
        "project": access.project,
        "case": case,
        "item": case.item,
        "schema": access.project.schemas.get(is_current=True),
        "sides": sides,
        "why": why_open(case, sides),
        "similar": similar_cases(case, sides),
        "settlement": getattr(case, "settlement", None),
        "said": who_said_what(case),
        "causes": _causes(case, request.POST.get("cause", "")),
        "is_open": case.status == CaseStatus.OPEN,
        "may_settle": access.role in EXPERTS,
        "own_label": own,
        "taken_by_other": taken and case.claimed_by_id != access.user.pk,
        "mine": taken and case.claimed_by_id == access.user.pk,
        "key": request.POST.get("key") or uuid.uuid4(),
        "refusal": refusal,
        "chosen": _posted_value(request),
        "crumbs": [
            {"label": _("Cases"), "url": reverse("cases", args=[access.project.pk])},
            {"label": _("Case %(number)s") % {"number": case.pk}},
        ],
    }
    return render(request, "annotations/cases/detail.html", context, status=422 if refusal else 200)


def _causes(case: Case, posted: str) -> list[dict[str, Any]]:
    """What may have gone wrong, to choose from; of a check it is most often nothing, so that is chosen beforehand."""
    given = posted or (CaseCause.CHECKED if case.is_blind else "")
    return [
        {
            "value": value,
            "label": _("Nothing") if value == CaseCause.CHECKED else value.label,
            "key": key,
            "note": note,
            "chosen": value == given,
        }
        for value, key, note in (BLIND_CAUSES if case.is_blind else CAUSES)
    ]


def _posted_value(request: HttpRequest) -> list[str] | None:
    """The ticked labels of a form that was sent back: whatever they were, they are shown again."""
    return request.POST.getlist("value") or None


def _status_tab(project_id: int, value: str, label: Any, counts: dict[str, Any], current: str) -> dict[str, Any]:
    return {
        "url": f"{reverse('cases', args=[project_id])}?status={value}",
        "label": label,
        "count": counts["status"].get(value, 0),
        "current": value == current,
    }
