"""Pages: what a project asks, the groups that it shows, and a person's own answers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.demographics.anonymity import K
from accounts.demographics.boxes import box_of
from accounts.demographics.questions import QUESTIONS, Question
from accounts.demographics.vault import is_on
from accounts.people import blame, person, posted, told
from accounts.services.demographics import demographics_delete
from annotations.access import OWNER, READERS, project_access
from annotations.demographics.forms import AnswersForm, ChoiceForm
from annotations.demographics.own import own_change, own_questions
from annotations.demographics.selectors import Asking, asking, figures_of, rules_of
from annotations.demographics.services import demographics_choose
from ledger.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_demographics(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    rules = rules_of(access.project)
    form = ChoiceForm(posted(request), initial={"questions": rules.questions, "reason": rules.reason})
    if request.method == "POST" and form.is_valid():
        try:
            _rules, changed = demographics_choose(project=access.project, actor=person(request), **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The questions were saved.") if changed else _("Nothing has changed."))
            return redirect("project_setting_demographics", project_id)
    context = {
        "access": access,
        "project": access.project,
        "section": "demographics",
        "form": form,
        "chosen": form["questions"].value() or [],
        "questions": QUESTIONS,
        "is_on": is_on(),
        "least": K,
    }
    return render(request, "annotations/demographics/settings.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
def people_groups(request: HttpRequest, project_id: int) -> HttpResponse:
    """Who labels here: the same for owners and auditors, and nobody's answers."""
    access = project_access(request.user, project_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    context = {
        "access": access,
        "project": access.project,
        "figures": figures_of(access.project),
        "is_on": is_on(),
        "least": K,
    }
    return render(request, "annotations/demographics/groups.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def demographics(request: HttpRequest) -> HttpResponse:
    """One's own answers, once for all projects, and which project may use them."""
    user = person(request)
    if not is_on():
        return render(request, "annotations/demographics/own.html", {"is_on": False})
    box = box_of(user.pk)
    projects = asking(user, box)
    form = AnswersForm(posted(request), questions=own_questions(projects, box), box=box)
    if request.method == "POST" and form.is_valid():
        try:
            own_change(user=user, answers=form.answers, consents=_consents(request, projects))
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("Your answers were saved. You can change or delete them at any time."))
            return redirect("demographics")
    context: dict[str, Any] = {
        "is_on": True,
        "form": form,
        "projects": [_shown(request, one) for one in projects],
        "has_told": bool(box.answers or box.consents),
        "was_counted": bool(box.counted),
        "least": K,
    }
    return render(request, "annotations/demographics/own.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def demographics_remove(request: HttpRequest) -> HttpResponse:
    try:
        demographics_delete(user=person(request))
    except DomainError as error:
        return told(request, error, "demographics")
    messages.success(request, _("Your answers and what you agreed to were deleted."))
    return redirect("demographics")


def _consents(request: HttpRequest, projects: list[Asking]) -> dict[int, list[str]]:
    """Project → the questions that its ticked boxes were shown with; none where none is ticked."""
    return {one.project.pk: " ".join(request.POST.getlist(_name(one))).split() for one in projects}


def _name(one: Asking) -> str:
    return f"project-{one.project.pk}"


def _shown(request: HttpRequest, one: Asking) -> dict[str, Any]:
    """A project's box, and another one for what it has begun to ask since the person agreed."""
    agreed = [question for question in one.questions if question.key in one.agreed]
    parts = [_part(request, one, agreed or one.questions, ticked=bool(agreed), added=False)]
    if agreed and one.added:
        parts.append(_part(request, one, one.added, ticked=False, added=True))
    return {"asking": one, "name": _name(one), "parts": parts}


def _part(request: HttpRequest, one: Asking, questions: list[Question], *, ticked: bool, added: bool) -> dict[str, Any]:
    value = " ".join(question.key for question in questions)
    if request.method == "POST":
        ticked = value in request.POST.getlist(_name(one))
    return {"value": value, "titles": [question.title for question in questions], "ticked": ticked, "added": added}
