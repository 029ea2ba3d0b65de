"""Pages of prompts and of the playground."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.people import blame, person, posted
from annotations.access import OWNER, READERS, Access, project_access
from ledger.errors import DomainError
from llm_workers.access import prompt_access, trial_access
from llm_workers.models import Prompt, Trial, TrialStatus
from llm_workers.prompt_forms import PlaygroundForm, PromptForm, TryForm
from llm_workers.recipe import Recipe
from llm_workers.selectors import prompts as select
from llm_workers.selectors.runs import models_served
from llm_workers.selectors.trials import trial_seen, trials_of, trials_spent
from llm_workers.services.prompting import prompt_change, prompt_create, prompt_delete
from llm_workers.services.trials import trial_start

PER_PAGE = 25
SHOWN_VERSIONS = 20
TONES = {TrialStatus.DONE: "good", TrialStatus.FAILED: "bad"}


@require_safe
@login_required
def prompts(request: HttpRequest, project_id: int) -> HttpResponse:
    """A project's prompts by name."""
    access = _access(request, project_id, READERS)
    page = Paginator(select.prompts_of(access.project), PER_PAGE).get_page(request.GET.get("page"))
    headers: list[dict[str, Any]] = [{"label": _("Prompt")}, {"label": _("Reasoning")}, {"label": _("Examples")}]
    headers += [{"label": _("Requests per item"), "num": True}, {"label": _("Versions used"), "num": True}]
    size = _size(access)
    context = {
        "project": access.project,
        "access": access,
        "page": page,
        "headers": [*headers, {"label": _("Changed")}],
        "rows": [_prompt_row(prompt, size) for prompt in page],
    }
    return render(request, "llm_workers/prompts.html", context)


def _prompt_row(prompt: Prompt, size: int) -> dict[str, Any]:
    cells = [
        {"text": prompt.name, "href": reverse("run_prompts_one", args=[prompt.project_id, prompt.pk])},
        {"text": prompt.get_thinking_display()},
        {"text": prompt.get_way_display()},
        {"text": min(prompt.orders, size) * prompt.samples, "num": True},
        {"text": prompt.version_count, "num": True},  # type: ignore[attr-defined]
        {"time": prompt.changed_at},
    ]
    return {"id": f"prompt-{prompt.pk}", "cells": cells}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def prompt_new(request: HttpRequest, project_id: int) -> HttpResponse:
    return _edit(request, _access(request, project_id, OWNER), None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def prompt_detail(request: HttpRequest, project_id: int, prompt_id: int) -> HttpResponse:
    """A prompt as it is edited, what it comes to, and the versions that were used."""
    access, prompt = prompt_access(request.user, project_id, prompt_id, OWNER if request.method == "POST" else READERS)
    request.access = access  # type: ignore[attr-defined]
    return _edit(request, access, prompt)


def _edit(request: HttpRequest, access: Access, prompt: Prompt | None) -> HttpResponse:
    """The form is saved, or with ``do=try`` its words are tried as they stand, unsaved."""
    data, trying = posted(request), request.POST.get("do") == "try"
    form = PromptForm(data, project=access.project, prompt=prompt)
    attempt = TryForm(data if trying else None, project=access.project, prefix="try")
    if request.method == "POST" and form.is_valid() and (not trying or attempt.is_valid()):
        try:
            if trying:
                return redirect(_tried(request, access, form, attempt, prompt))
            return redirect(_saved(request, access, form, prompt))
        except DomainError as error:
            blame(form if not set(error.fields) & set(attempt.fields) else attempt, error)
    context = {
        "project": access.project,
        "access": access,
        "prompt": prompt,
        "form": form,
        "attempt": attempt,
        "served": models_served().exists(),
        "text": _preview(access, prompt),
        "versions": select.versions_of(prompt)[:SHOWN_VERSIONS] if prompt else [],
    }
    bad = form.errors or attempt.errors
    return render(request, "llm_workers/prompt_detail.html", context, status=422 if bad else 200)


def _saved(request: HttpRequest, access: Access, form: PromptForm, prompt: Prompt | None) -> str:
    facts = {"by": person(request), "name": form.cleaned_data["name"], "recipe": form.recipe()}
    made = prompt_change(prompt=prompt, **facts) if prompt else prompt_create(project=access.project, **facts)
    messages.success(request, _("The prompt is saved. Versions that were used stay as they were."))
    return reverse("run_prompts_one", args=[access.project.pk, made.pk])


def _tried(request: HttpRequest, access: Access, form: PromptForm, attempt: TryForm, prompt: Prompt | None) -> str:
    model, recipe = attempt.cleaned_data["model"], form.recipe()
    trial = trial_start(
        project=access.project, model=model, by=person(request), recipe=recipe, pick=attempt.pick(), prompt=prompt
    )
    return _address(trial)


def _preview(access: Access, prompt: Prompt | None) -> str:
    if prompt is None:
        return ""
    return select.preview(access.project.schemas.get(is_current=True), select.recipe_of(prompt))


@require_POST
@login_required
def prompt_remove(request: HttpRequest, project_id: int, prompt_id: int) -> HttpResponse:
    access, prompt = prompt_access(request.user, project_id, prompt_id, OWNER)
    prompt_delete(prompt=prompt, by=access.user)
    messages.success(request, _("The prompt is deleted. Versions that were used stay with their labels."))
    return redirect("run_prompts", project_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def playground(request: HttpRequest, project_id: int) -> HttpResponse:
    """Try a prompt on ten items; the trials so far, and what they used."""
    access = _access(request, project_id, OWNER if request.method == "POST" else READERS)
    form = PlaygroundForm(posted(request), project=access.project, initial={"prompt": request.GET.get("prompt")})
    if request.method == "POST" and form.is_valid():
        try:
            prompt, model = form.cleaned_data["prompt"], form.cleaned_data["model"]
            facts = {"recipe": form.recipe(), "pick": form.pick(), "prompt": prompt}
            return redirect(_address(trial_start(project=access.project, model=model, by=person(request), **facts)))
        except DomainError as error:
            blame(form, error)
    page = Paginator(trials_of(access.project), PER_PAGE).get_page(request.GET.get("page"))
    headers: list[dict[str, Any]] = [
        {"label": _("Trial")},
        {"label": _("Prompt")},
        {"label": _("Model")},
        {"label": _("State")},
    ]
    headers += [{"label": label, "num": True} for label in (_("Items"), _("Tokens"))]
    context = {
        "project": access.project,
        "access": access,
        "form": form,
        "page": page,
        "headers": headers,
        "rows": [_trial_row(trial) for trial in page],
        "served": models_served().exists(),
        "spent": trials_spent(access.project),
    }
    return render(request, "llm_workers/playground.html", context, status=422 if form.errors else 200)


def _trial_row(trial: Trial) -> dict[str, Any]:
    name = trial.prompt.name if trial.prompt else _("without a name")
    cells = [
        {"text": f"#{trial.pk}", "href": _address(trial)},
        {"text": name},
        {"text": trial.model.name},
        {"badge": trial.get_status_display(), "badge_tone": TONES.get(TrialStatus(trial.status), "info")},
        {"text": trial.item_count, "num": True},  # type: ignore[attr-defined]
        {"text": f"{trial.token_count or 0:,}", "num": True},  # type: ignore[attr-defined]
    ]
    return {"id": f"trial-{trial.pk}", "cells": cells}


@require_safe
@login_required
def trial_detail(request: HttpRequest, project_id: int, trial_id: int) -> HttpResponse:
    access, trial = trial_access(request.user, project_id, trial_id)
    request.access = access  # type: ignore[attr-defined]
    return render(request, "llm_workers/trial.html", _trial_context(access, trial))


@require_safe
@login_required
def trial_progress(request: HttpRequest, project_id: int, trial_id: int) -> HttpResponse:
    """The part of a trial's page that changes; asks for itself again as long as the trial goes on."""
    access, trial = trial_access(request.user, project_id, trial_id)
    return render(request, "llm_workers/trial_live.html", _trial_context(access, trial))


def _trial_context(access: Access, trial: Trial) -> dict[str, Any]:
    seen = trial_seen(trial)
    against, compared = seen.against
    return {
        "project": access.project,
        "access": access,
        "trial": trial,
        "seen": seen,
        "against": against,
        "compared": compared,
        "tone": TONES.get(TrialStatus(trial.status), "info"),
    }


def _access(request: HttpRequest, project_id: int, allowed: Any) -> Access:
    access = project_access(request.user, project_id, allowed)
    request.access = access  # type: ignore[attr-defined]
    return access


def _address(trial: Trial) -> str:
    return reverse("run_trial", args=[trial.project_id, trial.pk])


def _size(access: Access) -> int:
    """How many orders the options have."""
    schema = access.project.schemas.get(is_current=True)
    return select.question_of(schema, Recipe()).size
