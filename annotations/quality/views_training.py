"""Pages of training and of the quiz. Both are plain forms: one item, one answer, the next."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.people import person
from annotations.access import WORKERS, Access, annotator_of, project_access
from annotations.labelling.views import warned
from annotations.models import Annotator, Item, LabelSchema
from annotations.quality.training import (
    quiz_answer,
    quiz_begin,
    quiz_next,
    quiz_of,
    training_answer,
    training_next,
    training_score,
)
from annotations.task_types import task_type
from annotations.working.care import care_for
from ledger.errors import DomainError


def _worker(request: HttpRequest, project_id: int) -> tuple[Access, Annotator, LabelSchema]:
    access = project_access(request.user, project_id, WORKERS)
    request.access = access  # type: ignore[attr-defined]
    return access, annotator_of(access), access.project.schemas.get(is_current=True)


def _given(request: HttpRequest, schema: LabelSchema) -> dict[str, Any]:
    """The item and the label that a form sent; raises ``DomainError`` (400) for no label."""
    number = request.POST.get("item", "")
    value = task_type(schema.task_type).value_from_form(schema.config, request.POST.getlist("value"))
    return {"item_id": int(number) if number.isdecimal() and len(number) < 18 else 0, "value": value}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def training(request: HttpRequest, project_id: int) -> HttpResponse:
    """A training item; after the answer, what is known of it."""
    access, annotator, schema = _worker(request, project_id)
    if not warned(request, access.project):
        return redirect("label", project_id)  # which shows the content warning first
    blur = care_for(person(request), access.project).blur
    context: dict[str, Any] = {"access": access, "project": access.project, "schema": schema, "blur": blur}
    status = 200
    item: Item | None = training_next(annotator)
    if request.method == "POST":
        try:
            context["feedback"] = training_answer(annotator=annotator, **_given(request, schema))
            item = context["feedback"].answer.item
        except DomainError as refusal:
            if refusal.status == 404:
                raise
            context["refusal"], status = refusal, 422
    context |= {"item": item, "score": training_score(annotator), "quiz": quiz_of(annotator)}
    return render(request, "annotations/quality/training.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def quiz(request: HttpRequest, project_id: int) -> HttpResponse:
    """What the quiz asks for, its questions one by one, and how it ended."""
    access, annotator, schema = _worker(request, project_id)
    if not warned(request, access.project):
        return redirect("label", project_id)  # which shows the content warning first
    blur = care_for(person(request), access.project).blur
    context: dict[str, Any] = {"access": access, "project": access.project, "schema": schema, "blur": blur}
    status = 200
    if request.method == "POST":
        try:
            if request.POST.get("do") == "begin":
                quiz_begin(annotator=annotator)
            else:
                quiz_answer(annotator=annotator, **_given(request, schema))
            return redirect("quiz", project_id)
        except DomainError as refusal:
            if refusal.status == 404:
                raise
            context["refusal"], status = refusal, 422
            messages.warning(request, refusal.message)
    annotator.refresh_from_db(fields=["standing"])
    state = quiz_of(annotator)
    current = state.current
    context |= {
        "quiz": state,
        "current": current,
        "item": quiz_next(current) if current else None,
        "answered": current.answers.count() if current else 0,
        "score": training_score(annotator),
    }
    return render(request, "annotations/quality/quiz.html", context, status=status)
