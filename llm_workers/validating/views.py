"""Pages of validation: how labels are scored, and the model that rates people's labels."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.people import blame, person, posted
from annotations.access import OWNER, READERS, STAFF, Access, project_access
from ledger.errors import DomainError
from llm_workers.validating.drawing import reliability
from llm_workers.validating.forms import ValidatorForm, VerifierForm
from llm_workers.validating.models import VerifierFit
from llm_workers.validating.recommending import recommended_validator
from llm_workers.validating.rules import verifier_rules_update
from llm_workers.validating.scores import lowest_rows
from llm_workers.validating.selectors import validator_shown
from llm_workers.validating.services import validator_pause, validator_resume, validator_rules_update
from llm_workers.validating.showing import compared_rows, verdict_tiles
from llm_workers.validating.tasks import verify_labels, verify_soon
from llm_workers.validating.verifying import verifier_rules_of
from llm_workers.validating.words import METHODS, RULE, answer, figures, part_rows, signal_rows


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def verifier(request: HttpRequest, project_id: int) -> HttpResponse:
    """How probably each label is right: how good that is, and what it leads to."""
    changing = request.method == "POST"
    access = project_access(request.user, project_id, OWNER if changing else STAFF)
    request.access = access  # type: ignore[attr-defined]
    form = VerifierForm(posted(request), rules=verifier_rules_of(access.project))
    if changing and form.is_valid():
        try:
            _rules, changed = verifier_rules_update(
                project=access.project, by=person(request), values=form.cleaned_data
            )
        except DomainError as error:
            blame(form, error)
        else:
            if changed:
                verify_soon(project_id)
                messages.success(request, _("Saved. Scores and cases follow within moments."))
            return redirect("validation", project_id)
    fit = VerifierFit.objects.filter(project_id=project_id).first()
    context = _base(access, "validation") | {"form": form, "fit": fit, "rule": RULE}
    if fit is not None:
        context |= {
            "answer": answer(fit),
            "method": METHODS[fit.method],
            "figures": figures(fit),
            "parts": part_rows(fit),
            "signals": signal_rows(fit),
            "plot": reliability(fit.figures["overall"]["bins"]),
            "lowest": lowest_rows(access.project) if access.role in READERS else [],
        }
    return render(request, "llm_workers/validating/verifier.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def verifier_now(request: HttpRequest, project_id: int) -> HttpResponse:
    project_access(request.user, project_id, OWNER)
    verify_labels.delay(project_id)
    messages.success(request, _("The labels are being scored anew. Reload this page in a moment."))
    return redirect("validation", project_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def validator(request: HttpRequest, project_id: int) -> HttpResponse:
    """The model that rates people's labels: which one, how far, at what cost, and whether it can be relied on."""
    changing = request.method == "POST"
    access = project_access(request.user, project_id, OWNER if changing else STAFF)
    request.access = access  # type: ignore[attr-defined]
    shown, recommended = validator_shown(access.project), recommended_validator(access.project)
    form = ValidatorForm(posted(request), rules=shown.rules, recommended=recommended)
    if changing and form.is_valid():
        try:
            _rules, changed = validator_rules_update(
                project=access.project, by=person(request), values=form.cleaned_data
            )
        except DomainError as error:
            blame(form, error)
        else:
            if changed:
                messages.success(request, _("Saved. Labels are rated in the background while it is on."))
            return redirect("validation_model", project_id)
    context = _base(access, "validation_model") | {
        "form": form,
        "shown": shown,
        "recommended": recommended,
        "tiles": verdict_tiles(shown),
        "compared": compared_rows(shown),
    }
    return render(request, "llm_workers/validating/validator.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def validator_steer(request: HttpRequest, project_id: int, action: str) -> HttpResponse:
    access = project_access(request.user, project_id, OWNER)
    if action == "pause":
        validator_pause(project=access.project, by=person(request))
        messages.success(request, _("The validator is paused. What was under way still counts."))
    else:
        validator_resume(project=access.project, by=person(request))
        messages.success(request, _("The validator goes on."))
    return redirect("validation_model", project_id)


def _base(access: Access, current: str) -> dict[str, Any]:
    pages = [("validation", _("Scores")), ("validation_model", _("Validating model"))]
    tabs = [
        {"url": reverse(name, args=[access.project.pk]), "label": label, "current": name == current}
        for name, label in pages
    ]
    return {"access": access, "project": access.project, "pages": tabs}
