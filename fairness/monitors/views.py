"""Pages: a project's limits, one limit, and what was found, with the owner's decision."""

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

from accounts.people import blame, person, posted
from annotations.access import OWNER, READERS, STAFF, project_access
from annotations.items.selectors import may_know_givers
from annotations.tasks import demand_soon
from fairness.access import finding_access, monitor_access
from fairness.metrics import MOST_GROUPS
from fairness.models import Monitor
from fairness.monitors.doing import remedies, shown_items
from fairness.monitors.evaluating import label_names
from fairness.monitors.forms import ChangeForm, DecisionForm, MonitorForm
from fairness.monitors.promising import no_promise, unpromised_in
from fairness.monitors.selectors import (
    described,
    findings_of,
    group_rows,
    look_at,
    monitors_of,
    name_of,
    told,
    trial_of,
)
from fairness.monitors.sending import finding_raise, finding_send
from fairness.monitors.services import finding_decide, monitor_add, monitor_change, monitor_draft, monitor_remove
from fairness.monitors.standing import stands_of
from fairness.monitors.words import (
    also_found,
    band_text,
    how_sure,
    let_be_words,
    limit_of,
    number,
    points,
    rate_text,
    table_titles,
    title_of,
    unit_of,
)
from ledger.errors import DomainError

PAGE = 25
SHOWN_LOOKS = 20


@never_cache
@require_safe
@login_required
def monitors(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    page = Paginator(findings_of(access.project), PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "project": access.project,
        "rows": described(list(monitors_of(access.project)), access.project),
        "page": page,
        "found": told(list(page.object_list), access.project),
        "may_read_all": access.role in READERS,
    }
    return render(request, "fairness/monitors/list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def monitor_new(request: HttpRequest, project_id: int) -> HttpResponse:
    """Set a limit; or see first what it would have brought about so far."""
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    form = MonitorForm(posted(request), project=access.project)
    context: dict[str, Any] = {"access": access, "project": access.project, "form": form}
    if reason := unpromised_in(access.project):
        context["no_promise"] = no_promise(reason)
    if request.method == "POST" and form.is_valid():
        try:
            if "try" in request.POST:
                context |= _preview(monitor_draft(project=access.project, values=form.values))
            else:
                monitor_add(project=access.project, actor=person(request), values=form.values)
                messages.success(request, _("It is watched from now on, and asked within moments."))
                return redirect("fairness_monitors", project_id)
        except DomainError as error:
            blame(form, error)
    return render(request, "fairness/monitors/new.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def monitor(request: HttpRequest, project_id: int, monitor_id: int) -> HttpResponse:
    access, one = monitor_access(request.user, project_id, monitor_id, OWNER if request.method == "POST" else STAFF)
    request.access = access  # type: ignore[attr-defined]
    form = ChangeForm.of(one, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            anew = form.cleaned_data["groups_anew"]
            monitor_change(monitor=one, actor=person(request), values=form.values, groups_anew=anew)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The limit was saved, and is asked about within moments."))
            return redirect("fairness_monitor", project_id, monitor_id)
    stands = stands_of(access.project, [one])[one.pk]
    context = {
        "access": access,
        "project": access.project,
        "form": form,
        "monitor": one,
        "title": title_of(one, label_names(project_id)),
        "stands": stands,
        "most_groups": MOST_GROUPS,
        "no_promise": no_promise(stands.unpromised) if stands.unpromised else "",
        **_preview(one),
    }
    return render(request, "fairness/monitors/one.html", context, status=422 if form.errors else 200)


def _preview(one: Monitor) -> dict[str, Any]:
    looks = look_at(one)
    shown = points if one.measure != "kappa" else number
    rows = [
        {
            "look": look,
            "certain": shown(look.verdict.certain),
            "plain": shown(look.verdict.plain),
            "how": let_be_words(look.let_be, look.more),
        }
        for look in looks[:SHOWN_LOOKS]
    ]
    return {"looked": True, "looks": rows, "watching": one, "limit": limit_of(one)}


@require_POST
@login_required
def monitor_drop(request: HttpRequest, project_id: int, monitor_id: int) -> HttpResponse:
    access, one = monitor_access(request.user, project_id, monitor_id, OWNER)
    monitor_remove(monitor=one, actor=person(request))
    messages.success(request, _("It is watched no more. What it found stays on record."))
    return redirect("fairness_monitors", access.project.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def finding(request: HttpRequest, project_id: int, finding_id: int) -> HttpResponse:
    """What was found, how sure it is, which items show it, what can be done; and the owner's decision."""
    access, one = finding_access(request.user, project_id, finding_id, OWNER if request.method == "POST" else STAFF)
    request.access = access  # type: ignore[attr-defined]
    form = DecisionForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            decision = finding_decide(finding=one, actor=person(request), **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            said = _("Decided.")
            if form.cleaned_data["resume"] and len(decision.resumed) < len(one.runs):
                said += " " + _("A run could not go on: see its page.")
            messages.success(request, said)
            return redirect("fairness_finding", project_id, finding_id)
    (words,) = told([one], access.project)
    shown = number if one.monitor.measure == "kappa" else points
    context = {
        "access": access,
        "project": access.project,
        "one": one,
        "monitor": one.monitor,
        "words": words,
        "sure": how_sure(one.monitor, one.certificate),
        "others": also_found(one),
        "limit": limit_of(one.monitor),
        "certain": shown(one.certificate["certain"]),
        "plain": shown(one.certificate["plain"]),
        "unit": unit_of(one.monitor),
        "alpha": points(one.certificate["alpha"]),
        "name": name_of(one),
        "rows": [
            {"row": row, "rate": rate_text(one.monitor, row.rate), "band": band_text(one.monitor, row.low, row.high)}
            for row in group_rows(one)
        ],
        "titles": table_titles(one.monitor),
        "items": shown_items(one, with_givers=may_know_givers(access), labels=label_names(project_id)),
        "remedies": remedies(one, access),
        "decision": getattr(one, "decision", None),
        "trial": trial_of(one),
        "may_read_all": access.role in READERS,
        "form": form,
    }
    return render(request, "fairness/monitors/finding.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def finding_more_labels(request: HttpRequest, project_id: int, finding_id: int) -> HttpResponse:
    """Collect one label more of each item of a group that it names."""
    _access, one = finding_access(request.user, project_id, finding_id, OWNER)
    try:
        made = finding_raise(finding=one, actor=person(request), group=request.POST.get("group", ""), more=1)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        demand_soon(project_id)
        text = _("Each item of %(group)s gets one label more. The items follow in the background.")
        messages.success(request, text % {"group": made.group})
    return redirect("fairness_finding", project_id, finding_id)


@require_POST
@login_required
def finding_to_experts(request: HttpRequest, project_id: int, finding_id: int) -> HttpResponse:
    """Open cases for a sample of the items that show it."""
    _access, one = finding_access(request.user, project_id, finding_id, OWNER)
    try:
        sent = finding_send(finding=one, actor=person(request)).sent
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("%(number)s items wait for experts.") % {"number": len(sent)})
    return redirect("fairness_finding", project_id, finding_id)
