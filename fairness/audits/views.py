"""Pages of audits: the list, the form that starts one, the leaderboard, a candidate, the card."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.people import blame, person, posted, told
from annotations.access import OWNER, READERS, Access, project_access
from annotations.candidates import Candidate, panel
from annotations.models import ModelRole
from fairness.access import audit_access, candidate_of
from fairness.audits.budget import plan_of
from fairness.audits.cards import as_markdown, card_of
from fairness.audits.choosing import model_choose
from fairness.audits.forms import ChooseForm, RulesForm, StartForm
from fairness.audits.leaderboard import Limits, candidates_of, leaderboard, limits_from
from fairness.audits.renewing import never_audited
from fairness.audits.selectors import (
    audit_with_candidates,
    audits_of,
    by_itself,
    choices_from,
    choices_of,
    flipped_families,
    has_standing_set,
    sets_of,
)
from fairness.audits.services import audit_cancel, audit_resume, audit_rules_of, audit_rules_update, audit_start
from fairness.audits.starting import set_wanted
from fairness.models import Audit, AuditStatus, CandidateStatus
from fairness.presenting import audits as shown
from fairness.presenting.audit_counts import answers, candidate_tiles, change_counts, compared_linked
from ledger.errors import DomainError

PER_PAGE, SETS_OFFERED = 25, 50
TONES = {AuditStatus.DONE: "good", AuditStatus.RUNNING: "info", AuditStatus.CANCELLED: "neutral"}


@require_safe
@login_required
def audits(request: HttpRequest, project_id: int) -> HttpResponse:
    """A project's audits, what was chosen, and what was never audited."""
    access = _access(request, project_id, READERS)
    return render(request, "fairness/audits/list.html", _list_context(request, access))


def _list_context(request: HttpRequest, access: Access, form: RulesForm | None = None) -> dict[str, Any]:
    project = access.project
    rules = audit_rules_of(project)
    page = Paginator(audits_of(project), PER_PAGE).get_page(request.GET.get("page"))
    new = never_audited(project, rules.probe_set) if rules.probe_set is not None else []
    held_back = plan_of(rules, new).held_back if rules.automatic else []
    return {
        "project": project,
        "access": access,
        "page": page,
        "rows": [_audit_row(audit) for audit in page],
        "headers": [
            *({"label": label} for label in (_("Audit"), _("Asked about"), _("Started"))),
            *({"label": label, "num": True} for label in (_("Candidates"), _("Measured"))),
            *({"label": label} for label in (_("State"), _("When"))),
        ],
        "rules": rules,
        "new": new,
        "held_back": held_back,
        "choices": choices_of(project),
        "form": form or (RulesForm(project=project, rules=rules) if access.can_manage else None),
    }  # fmt: skip


def _audit_row(audit: Audit) -> dict[str, Any]:
    tone = TONES[AuditStatus(audit.status)]
    name = _("Audit %(number)s") % {"number": audit.pk}
    cells = [
        {"text": name, "href": reverse("audit_detail", args=[audit.pk])},
        {"text": audit.probe_set.name},
        {"text": _("By itself") if audit.created_by_id is None else _("By a person")},
        {"text": audit.total, "num": True},  # type: ignore[attr-defined]
        {"text": audit.measured, "num": True},  # type: ignore[attr-defined]
        {"badge": audit.get_status_display(), "badge_tone": tone},
        {"time": audit.created_at},
    ]
    return {"id": f"audit-{audit.pk}", "cells": cells}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def audit_new(request: HttpRequest, project_id: int) -> HttpResponse:
    """The form that starts an audit."""
    access = _access(request, project_id, OWNER)
    offered = _offered(access)
    form = StartForm(
        posted(request),
        offered=offered,
        sets=list(sets_of(access.project)[:SETS_OFFERED]),
        rules=audit_rules_of(access.project),
    )
    if form.is_valid():
        try:
            audit = _started(request, access, form)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The audit has started."))
            return redirect("audit_detail", audit.pk)
    context = {"project": access.project, "access": access, "form": form, "offered": offered}
    return render(request, "fairness/audits/new.html", context, status=422 if form.errors else 200)


def _started(request: HttpRequest, access: Access, form: StartForm) -> Audit:
    values = form.cleaned_data
    probe_set = set_wanted(project=access.project, by=person(request), **{
        name: values[name] for name in ("about", "families", "count")
    })  # fmt: skip
    return audit_start(
        project=access.project,
        by=person(request),
        probe_set=probe_set,
        candidates=values["candidates"],
        orders=values["orders"],
    )


def _offered(access: Access) -> list[Candidate]:
    return panel().offered(access.project)


@require_POST
@login_required
def audit_catch_up(request: HttpRequest, project_id: int) -> HttpResponse:
    """Audit what was never audited on the project's set."""
    access = _access(request, project_id, OWNER)
    rules = audit_rules_of(access.project)
    try:
        if rules.probe_set is None:
            raise DomainError("no_set", _("Choose the project's probe set first."))
        new = [one.key for one in never_audited(access.project, rules.probe_set)]
        audit = audit_start(
            project=access.project, by=person(request), probe_set=rules.probe_set, candidates=new, orders=rules.orders
        )
    except DomainError as error:
        return told(request, error, "audits", project_id)
    messages.success(request, _("The audit has started."))
    return redirect("audit_detail", audit.pk)


@require_POST
@login_required
def audit_rules(request: HttpRequest, project_id: int) -> HttpResponse:
    """Which set models are held to, and whether new ones are audited by themselves."""
    access = _access(request, project_id, OWNER)
    form = RulesForm(request.POST, project=access.project, rules=audit_rules_of(access.project))
    if form.is_valid():
        try:
            audit_rules_update(project=access.project, by=person(request), **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("audits", project_id)
    return render(request, "fairness/audits/list.html", _list_context(request, access, form), status=422)


# --- one audit ------------------------------------------------------------------------------------------------------


@require_safe
@login_required
def audit_detail(request: HttpRequest, audit_id: int) -> HttpResponse:
    """How far it is; the leaderboard, filtered by limits in the address; the form that chooses."""
    access, audit = audit_access(request.user, audit_id)
    request.access = access  # type: ignore[attr-defined]
    return render(request, "fairness/audits/detail.html", _audit_context(request, access, audit))


@require_safe
@login_required
def audit_progress(request: HttpRequest, audit_id: int) -> HttpResponse:
    """The part of the page that changes while it goes on; asks for itself again as long as it does."""
    access, audit = audit_access(request.user, audit_id)
    return render(request, "fairness/audits/live.html", _audit_context(request, access, audit))


def _audit_context(
    request: HttpRequest, access: Access, audit: Audit, form: ChooseForm | None = None
) -> dict[str, Any]:
    limits, candidates = limits_from(request.GET), candidates_of(audit)
    entries = leaderboard(candidates, limits)
    going, whole = audit.status == AuditStatus.RUNNING, audit.probe_set.size - len(audit.left_out)
    measured = [one for one in candidates if one.status == CandidateStatus.DONE]
    chosen = request.GET.get("choose", "")
    query = {name: value for name, value in request.GET.items() if name != "choose" and value}
    return {
        "project": access.project,
        "access": access,
        "audit": audit,
        "tone": TONES[AuditStatus(audit.status)],
        "going": going,
        "can_resume": not going and len(measured) < len(candidates),
        "whole": whole,
        "candidates": candidates,
        "failed": [one for one in candidates if one.status == CandidateStatus.FAILED],
        "limits": limits,
        "asked": {name: request.GET.get(name, "") for name in ("max_error", "max_disparity", "max_cost")},
        "query": urlencode(query),
        "measures": shown.MEASURE_NAMES,
        "measure_name": shown.MEASURE_NAMES[limits.measure],
        "lines": shown.lines(entries, limits.measure),
        "plot": shown.pareto(entries, limits),
        "left": sum(not one.within for one in entries),
        "choices": choices_from(audit),
        "by_itself": by_itself(audit),
        "standing": access.can_manage and audit.status == AuditStatus.DONE and not has_standing_set(access.project),
        "form": form
        or (
            ChooseForm(measured=measured, chosen=int(chosen) if chosen.isdecimal() else None)
            if access.can_manage and measured
            else None
        ),
    }


@require_POST
@login_required
def audit_steer(request: HttpRequest, audit_id: int, action: str) -> HttpResponse:
    access, audit = audit_access(request.user, audit_id, OWNER)
    try:
        if action == "cancel":
            audit_cancel(audit=audit, by=access.user)
            messages.success(request, _("The audit is cancelled. What was measured stays."))
        else:
            audit_resume(audit=audit, by=access.user)
            messages.success(request, _("The audit goes on."))
    except DomainError as error:
        return told(request, error, "audit_detail", audit_id)
    return redirect("audit_detail", audit_id)


@require_POST
@login_required
def audit_choose(request: HttpRequest, audit_id: int) -> HttpResponse:
    """Choose a candidate as labeller or validator, with the reason."""
    access, audit = audit_access(request.user, audit_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    measured = [one for one in candidates_of(audit) if one.status == CandidateStatus.DONE]
    form = ChooseForm(request.POST, measured=measured)
    if form.is_valid():
        values = form.cleaned_data
        candidate = candidate_of(audit, values["candidate"].pk)
        try:
            choice = model_choose(candidate=candidate, role=values["role"], reason=values["reason"], by=person(request))
        except DomainError as error:
            blame(form, error)
        else:
            if choice.role == ModelRole.VALIDATOR:
                messages.success(
                    request, _("Chosen as validator. It is proposed under Validation: switch it on there.")
                )
            else:
                messages.success(request, _("Chosen as labeller. It is proposed under Model runs: start a run there."))
            return redirect("audit_detail", audit_id)
    return render(request, "fairness/audits/detail.html", _audit_context(request, access, audit, form), status=422)


@require_safe
@login_required
def audit_candidate(request: HttpRequest, audit_id: int, candidate_id: int) -> HttpResponse:
    """One candidate: by group, intersection and task, examples of flips side by side, change since the last audit."""
    access, audit = audit_access(request.user, audit_id)
    request.access = access  # type: ignore[attr-defined]
    candidate = candidate_of(audit, candidate_id)
    results = candidate.results or {}
    attribute = request.GET.get("attribute", "")
    entries = leaderboard([candidate], Limits())
    context = {
        "project": access.project,
        "access": access,
        "audit": audit,
        "candidate": candidate,
        "tiles": [
            tile
            for entry, line in zip(entries, shown.lines(entries, Limits().measure), strict=True)
            for tile in candidate_tiles(entry, line)
        ],
        "attributes": compared_linked(candidate, results.get("attributes", {})),
        "intersections": compared_linked(candidate, results.get("intersections", {})),
        "tasks": [
            (audit.tasks[key]["name"], audit.tasks[key]["own"], shown.task_line(one),
             (answers(candidate, one["answered"], part="answered", task=key),))
            for key, one in sorted(results.get("tasks", {}).items())
        ],
        "change": results.get("change"),
        "change_counts": change_counts(candidate, results.get("change")),
        "changes": shown.changes(results.get("change")),
        "families": flipped_families(candidate, attribute),
        "attribute": attribute,
        "texts": {audit.tasks[key]["name"]: task["text"] for key, task in candidate.how["tasks"].items()
                  if "text" in task},
    }  # fmt: skip
    return render(request, "fairness/audits/candidate.html", context)


# --- the card -------------------------------------------------------------------------------------------------------


@require_safe
@login_required
def audit_card(request: HttpRequest, audit_id: int) -> HttpResponse:
    access, _audit = audit_access(request.user, audit_id)
    request.access = access  # type: ignore[attr-defined]
    audit = audit_with_candidates(audit_id)
    card = card_of(audit)
    candidates = list(audit.candidates.all())
    context = {
        "project": access.project,
        "access": access,
        "audit": audit,
        "card": card,
        "lines": shown.lines(leaderboard(candidates, Limits()), Limits().measure),
        "failed": [one for one in candidates if one.status != CandidateStatus.DONE],
        "choices": choices_from(audit),
        "parts": [
            (one, f"model-{one.pk}", shown.compared({**one.results["attributes"], **one.results["intersections"]}))
            for one in candidates
            if one.results
        ],
    }
    return render(request, "fairness/audits/card.html", context)


@require_safe
@login_required
def audit_card_json(request: HttpRequest, audit_id: int) -> HttpResponse:
    _access, _audit = audit_access(request.user, audit_id)
    response = JsonResponse(card_of(audit_with_candidates(audit_id)), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = f'attachment; filename="audit-{audit_id}.json"'
    return response


@require_safe
@login_required
def audit_card_markdown(request: HttpRequest, audit_id: int) -> HttpResponse:
    _access, _audit = audit_access(request.user, audit_id)
    text = as_markdown(card_of(audit_with_candidates(audit_id)))
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{audit_id}.md"'
    return response


def _access(request: HttpRequest, project_id: int, allowed: Any) -> Access:
    access = project_access(request.user, project_id, allowed)
    request.access = access  # type: ignore[attr-defined]
    return access
