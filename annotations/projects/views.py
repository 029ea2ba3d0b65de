"""Pages: home, a new project, a project's overview, joining and leaving."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Role
from accounts.people import person, posted, told
from accounts.selectors import memberships_of
from annotations.access import annotator_of, project_access, project_open_to
from annotations.demographics.selectors import asked_by
from annotations.labelling.selectors import pay_per_label, work_of
from annotations.markdown import render_markdown
from annotations.paying.selectors import adjustments, own_short_pay
from annotations.projects.editor import ProjectEditor
from annotations.projects.selectors import cards, open_cards, overview
from annotations.projects.services import project_create
from annotations.projects.status import project_join, project_leave, status_warnings
from annotations.task_types.base import label_name
from annotations.working.selectors import own_totals, own_work
from ledger.errors import DomainError

PAGE = 24
OPEN_SHOWN = 12


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What there is to do, by role; signed-out people read what this is."""
    if not request.user.is_authenticated:
        return render(request, "home_welcome.html", {"signup_open": settings.SIGNUP_OPEN})
    page = Paginator(memberships_of(request.user), PAGE).get_page(request.GET.get("page"))
    own = own_work(person(request))
    shown = cards(request.user, page.object_list, own)
    context = {
        "page": page,
        "labelling": [card for card in shown if card.role == Role.WORKER],
        "settling": [card for card in shown if card.role == Role.EXPERT],
        "running": [card for card in shown if card.role in (Role.OWNER, Role.AUDITOR)],
        "joinable": open_cards(request.user, limit=OPEN_SHOWN),
        "own": own_totals(own.values()),
    }
    return render(request, "home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_new(request: HttpRequest) -> HttpResponse:
    editor = ProjectEditor(posted(request))
    if editor.is_sent and editor.is_valid():
        project = editor.attempt(lambda given: project_create(owner=person(request), **given))
        if project is not None:
            messages.success(request, _("The project is ready to be filled: import items, then activate it."))
            return redirect("project", project.pk)
    return render(request, "annotations/projects/new.html", {"editor": editor}, status=editor.status)


@require_safe
@login_required
def project(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id)
    request.access = access  # type: ignore[attr-defined]
    schema = access.project.schemas.get(is_current=True)
    context: dict[str, Any] = {"access": access, "project": access.project, "schema": schema}
    if access.role == Role.WORKER:
        annotator = annotator_of(access)
        work = context["work"] = work_of(annotator, access.project)
        context["adjustments"] = list(adjustments(access.project).filter(annotator=annotator))
        context["short_pay"] = own_short_pay(
            access.project, timed=work.timed_labels, median_seconds=work.median_seconds
        )
        context["asked"] = len(asked_by(access.project))
        return render(request, "annotations/projects/overview_worker.html", context)
    context |= {
        "overview": overview(access.project),
        "favourable": label_name(schema.config, access.project.favourable_label),
        "warnings": status_warnings(access.project) if access.can_manage else [],
        "attributes": list(access.project.attributes.all()),
    }
    return render(request, "annotations/projects/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_joining(request: HttpRequest, project_id: int) -> HttpResponse:
    """What an open project asks and pays; the button makes the person one of its workers."""
    found = project_open_to(request.user, project_id)
    if found.memberships.filter(user=person(request)).exists():
        return redirect("project", found.pk)
    if request.method == "POST":
        try:
            project_join(project=found, user=person(request))
        except DomainError as error:
            return told(request, error, "home")
        messages.success(request, _("Welcome to “%(project)s”.") % {"project": found.name})
        return redirect("project", found.pk)
    schema = found.schemas.get(is_current=True)
    context = {"project": found, "schema": schema, "pay": pay_per_label(found)}
    return render(request, "annotations/projects/join.html", context)


@require_POST
@login_required
def people_leave(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id)
    try:
        project_leave(project=access.project, user=person(request))
    except DomainError as error:
        return told(request, error, "project", project_id)
    messages.success(request, _("You have left “%(project)s”.") % {"project": access.project.name})
    return redirect("home")


@require_POST
@login_required
def guidelines_preview(request: HttpRequest) -> HttpResponse:
    """The guidelines as labellers will see them, for the editor's preview."""
    return HttpResponse(render_markdown(request.POST.get("guidelines", "")[:60_000]))
