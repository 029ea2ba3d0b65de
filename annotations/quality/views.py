"""Pages: the rules of checking, people and decisions about them, and a person's own standing."""

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
from annotations.access import OWNER, WORKERS, Access, annotator_of, project_access
from annotations.models import ReviewStatus, StreamRules, SuspicionStatus
from annotations.quality.appeals import appeal
from annotations.quality.aside import MOST, aside_of, available, set_aside
from annotations.quality.excluding import exclusion_lift, labels_exclude
from annotations.quality.forms import AppealForm, AsideForm, QualityForm, ReasonForm
from annotations.quality.reviews import person_pause, person_qualify, review_decide
from annotations.quality.rules import rules_change, rules_of
from annotations.quality.selectors import (
    SHOWN_ANSWERS,
    answers_of,
    described,
    exclusions_of,
    own_standing,
    people,
    person_of,
    reviews_of,
)
from annotations.stream.selectors import people_wrong
from annotations.tasks import exclusion_follow
from ledger.errors import DomainError, invalid, not_found

PAGE = 50
SHOWN_SUSPICIONS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def project_setting_quality(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    form = QualityForm(posted(request), instance=rules_of(access.project))
    if request.method == "POST" and form.is_valid():
        try:
            rules_change(project=access.project, actor=person(request), values=form.values)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The rules were saved. They hold for what is answered from now on."))
            return redirect("project_setting_quality", project_id)
    context = {
        "access": access,
        "project": access.project,
        "form": form,
        "section": "quality",
        "gold": access.project.items.filter(gold__isnull=False).count(),
        "aside_form": AsideForm(initial=aside_of(access.project)),
        "available": available(access.project),
    }
    return render(request, "annotations/quality/settings.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def project_setting_aside(request: HttpRequest, project_id: int) -> HttpResponse:
    """How many items train people or ask them in the quiz."""
    access = project_access(request.user, project_id, OWNER)
    form = AsideForm(request.POST)
    try:
        if not form.is_valid():
            raise invalid(_("Give two numbers between 0 and %(most)s.") % {"most": MOST})
        set_aside(project=access.project, actor=person(request), **form.cleaned_data)
    except DomainError as error:
        texts = [text for texts in error.fields.values() for text in texts]
        messages.error(request, " ".join(texts) or error.message)
    else:
        messages.success(request, _("The items were set aside."))
    return redirect("project_setting_quality", project_id)


@never_cache
@require_safe
@login_required
def people_checks(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    page = Paginator(people(access.project), PAGE).get_page(request.GET.get("page"))
    stream = StreamRules.objects.filter(project=access.project, began_at__isnull=False).first()
    context = {
        "access": access,
        "project": access.project,
        "page": page,
        "rows": described(access.project, list(page.object_list)),
        "rules": rules_of(access.project),
        "suspicions": access.project.suspicions.filter(status=SuspicionStatus.OPEN).count(),
        "waiting": reviews_of(access.project).filter(status=ReviewStatus.OPEN).count(),
        "stream": stream,
        "wrong": people_wrong(access.project) if stream else None,
    }
    return render(request, "annotations/quality/people.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def people_check(request: HttpRequest, project_id: int, annotator_id: int) -> HttpResponse:
    """One person's checks, and the owner's decisions about them."""
    access = project_access(request.user, project_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    one = person_of(access, annotator_id)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            said = _decide(access, annotator_id, **form.cleaned_data)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, said)
            return redirect("people_check", project_id, annotator_id)
    reviews = list(reviews_of(access.project).filter(annotator=one.annotator))
    exclusions = list(exclusions_of(access.project).filter(annotator=one.annotator))
    context = {
        "access": access,
        "project": access.project,
        "person": one,
        "reviews": reviews,
        "latest": reviews[0] if reviews else None,
        "exclusions": exclusions,
        "exclusion": next((made for made in exclusions if made.lifted_at is None), None),
        "suspicions": one.annotator.suspicions.order_by("-pk")[:SHOWN_SUSPICIONS],
        "answers": answers_of(one.annotator)[:SHOWN_ANSWERS],
        "rules": rules_of(access.project),
        "form": form,
        "chosen": form.data.get("do", "") if form.is_bound else "",
    }
    return render(request, "annotations/quality/person.html", context, status=422 if form.errors else 200)


def _decide(access: Access, annotator_id: int, *, do: str, reason: str) -> str:
    """One decision, by its service; what to say of it."""
    if do in ("reinstate", "keep"):
        latest = reviews_of(access.project).filter(annotator=annotator_id).first()
        if latest is None:
            raise not_found("The review")
        review_decide(access=access, review_id=latest.pk, reinstate=do == "reinstate", reason=reason)
        return _("The decision was stored. The person reads it with its reason.")
    if do == "pause":
        person_pause(access=access, annotator_id=annotator_id, note=reason)
        return _("The person is paused and reads your reason.")
    if do == "qualify":
        person_qualify(access=access, annotator_id=annotator_id, reason=reason)
        return _("The person can label now.")
    if do == "exclude":
        made = labels_exclude(access=access, annotator_id=annotator_id, reason=reason)
    else:
        current = exclusions_of(access.project).filter(annotator=annotator_id).first()
        if current is None:
            raise not_found("The exclusion")
        made = exclusion_lift(access=access, exclusion_id=current.pk, reason=reason)
    exclusion_follow(made.pk)
    return _("The decision was stored. The labels follow within moments; none is deleted, and all stay paid.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def standing(request: HttpRequest, project_id: int) -> HttpResponse:
    """A worker's own standing: why they are paused, what was decided, and their own word on it."""
    access = project_access(request.user, project_id, WORKERS)
    request.access = access  # type: ignore[attr-defined]
    annotator = annotator_of(access)
    form = AppealForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            appeal(annotator=annotator, text=form.cleaned_data["text"])
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("The owner reads what you wrote before deciding."))
            return redirect("standing", project_id)
    context: dict[str, Any] = {
        "access": access,
        "project": access.project,
        "own": own_standing(annotator),
        "form": form,
    }
    return render(request, "annotations/quality/standing.html", context, status=422 if form.errors else 200)
