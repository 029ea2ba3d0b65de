"""Pages of labelling. Each works as a plain form; ``static/js/label.js`` makes them fast through the REST API."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.people import person
from annotations.access import WORKERS, Access, annotator_of, assignment_access, project_access
from annotations.labelling import services
from annotations.labelling.api import AssignmentSerializer, WorkSerializer
from annotations.labelling.leases import refuse_unless_serving
from annotations.labelling.selectors import last_undoable, work_of
from annotations.models import Annotator, Assignment, Project
from annotations.task_types import task_type
from annotations.working.care import care_for, rules_of
from ledger.errors import DomainError

SKIP_REASONS = (
    gettext_lazy("I do not understand it"),
    gettext_lazy("It is in a language that I do not read"),
    gettext_lazy("No label fits"),
    gettext_lazy("It distresses me"),
)
FLAG_REASONS = (
    gettext_lazy("It is empty or broken"),
    gettext_lazy("It shows somebody's personal data"),
    gettext_lazy("It came twice"),
    gettext_lazy("The guidelines do not cover it"),
)


@never_cache
@require_safe
@login_required
def label(request: HttpRequest, project_id: int) -> HttpResponse:
    """The item at hand. Opening the page leases one, or shows the one that is leased already: reloading is safe."""
    access = project_access(request.user, project_id, WORKERS)
    request.access = access  # type: ignore[attr-defined]
    annotator = annotator_of(access)
    context = {"access": access, "project": access.project, "work": work_of(annotator, access.project)}
    try:
        refuse_unless_serving(access.project.status)
    except DomainError as refusal:
        return render(request, "annotations/labelling/nothing.html", {**context, "refusal": refusal})
    if not warned(request, access.project):
        context["care"] = care_for(person(request), access.project)
        return render(request, "annotations/labelling/warning.html", context)
    try:
        assignment = services.claim(annotator=annotator, project=access.project)
    except DomainError as refusal:
        return _not_now(request, context, refusal)
    if assignment is None:
        undoable = last_undoable(annotator)
        return render(request, "annotations/labelling/nothing.html", {**context, "undoable": undoable})
    return _labelling(request, context, annotator, assignment)


def _not_now(request: HttpRequest, context: dict[str, Any], refusal: DomainError) -> HttpResponse:
    """Why this person gets no item now; the page looks again by itself where it is a matter of seconds."""
    response = render(request, "annotations/labelling/nothing.html", {**context, "refusal": refusal})
    if "retry_after" in refusal.data:
        response["Refresh"] = str(refusal.data["retry_after"])
    return response


@require_POST
@login_required
def label_ready(request: HttpRequest, project_id: int) -> HttpResponse:
    """The worker has read the content warning and goes on."""
    access = project_access(request.user, project_id, WORKERS)
    accepted = dict(request.session.get("content_warnings", {}))
    accepted[str(project_id)] = _warning_hash(access.project)
    request.session["content_warnings"] = accepted
    return redirect("label", project_id)


@require_POST
@login_required
def label_submit(request: HttpRequest, assignment_id: int) -> HttpResponse:
    access, assignment = assignment_access(request.user, assignment_id)
    schema, chosen = assignment.schema, request.POST.getlist("value")
    active = request.POST.get("active_ms", "")
    try:
        value = task_type(schema.task_type).value_from_form(schema.config, chosen)
        done = services.submit(
            annotator=assignment.annotator,
            assignment_id=assignment.pk,
            value=value,
            active_ms=int(active) if active.isdecimal() else None,
            idempotency_key=request.POST.get("key", ""),
        )
    except DomainError as refusal:
        return _refused(request, access, refusal)
    if done.replayed:
        messages.info(request, _("That label was saved already."))
    return redirect("label", access.project.pk)


@require_POST
@login_required
def label_undo(request: HttpRequest, assignment_id: int) -> HttpResponse:
    access, assignment = assignment_access(request.user, assignment_id)
    try:
        services.undo(annotator=assignment.annotator, assignment_id=assignment.pk)
    except DomainError as refusal:
        return _refused(request, access, refusal)
    messages.info(request, _("Your last label is taken back. Label the item again."))
    return redirect("label", access.project.pk)


@require_POST
@login_required
def label_skip(request: HttpRequest, assignment_id: int) -> HttpResponse:
    access, assignment = assignment_access(request.user, assignment_id)
    try:
        services.skip(annotator=assignment.annotator, assignment_id=assignment.pk, reason=_reason(request))
    except DomainError as refusal:
        return _refused(request, access, refusal)
    return redirect("label", access.project.pk)


@require_POST
@login_required
def label_flag(request: HttpRequest, assignment_id: int) -> HttpResponse:
    access, assignment = assignment_access(request.user, assignment_id)
    try:
        services.flag(annotator=assignment.annotator, assignment_id=assignment.pk, reason=_reason(request))
    except DomainError as refusal:
        return _refused(request, access, refusal)
    messages.success(request, _("Thank you: the owner will look at this item. You can still label it."))
    return redirect("label", access.project.pk)


def _labelling(
    request: HttpRequest, context: dict[str, Any], annotator: Annotator, assignment: Assignment
) -> HttpResponse:
    project: Project = context["project"]
    undoable = last_undoable(annotator)
    care = care_for(person(request), project)
    data: dict[str, Any] = {
        "owner": annotator.pk,
        "project": project.pk,
        "assignment": AssignmentSerializer(assignment).data,
        "undoable": undoable.assignment_id if undoable else None,
        "leaseSeconds": project.lease_seconds,
        "expectedSeconds": project.expected_seconds,
        "work": WorkSerializer(context["work"]).data,
        "care": {
            "breakMinutes": care.break_minutes,
            "blur": care.blur,
            "blurProposed": bool(project.content_warning) and rules_of(project).blur,
        },
        "urls": {
            "preferences": reverse("api_work_preferences"),
            "next": reverse("api_next", args=[project.pk]),
            "work": reverse("api_work", args=[project.pk]),
            "assignment": reverse("api_submit", args=[0]).replace("/0/submit/", "/{id}/"),
            "page": reverse("label", args=[project.pk]),
        },
    }
    context |= {
        "assignment": assignment,
        "schema": assignment.schema,
        "chosen": assignment.taken_back,
        "key": uuid.uuid4(),
        "undoable": undoable,
        "blur": care.blur,
        "suggestion": data["assignment"]["suggestion"],
        "skip_reasons": SKIP_REASONS,
        "flag_reasons": FLAG_REASONS,
        "data": data,
    }
    return render(request, "annotations/labelling/label.html", context)


def _refused(request: HttpRequest, access: Access, refusal: DomainError) -> HttpResponseRedirect:
    """Back to the item with the reason: what can be done about it is on that page."""
    messages.warning(request, refusal.message)
    return redirect("label", access.project.pk)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason") or request.POST.get("other", "")


def _warning_hash(project: Project) -> str:
    return hashlib.sha256(project.content_warning.encode()).hexdigest()[:16]


def warned(request: HttpRequest, project: Project) -> bool:
    """Whether this session has accepted the project's content warning as it reads now; training asks too."""
    if not project.content_warning:
        return True
    return request.session.get("content_warnings", {}).get(str(project.pk)) == _warning_hash(project)
