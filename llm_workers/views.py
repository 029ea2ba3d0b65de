"""Pages of runs."""

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

from annotations.access import OWNER, READERS, Access, project_access, run_access
from annotations.models import Calibration, Project, Run, RunStatus
from ledger.errors import DomainError
from llm_workers.calibration import reading as calibrated
from llm_workers.charts import histogram
from llm_workers.forms import RunForm
from llm_workers.selectors import runs as select
from llm_workers.selectors.prompts import preview, prompts_of, recipe_of
from llm_workers.services.runs import GOING, run_cancel, run_pause, run_resume, run_start

PER_PAGE = 25
UNANSWERED_SHOWN = 50
TONES = {RunStatus.DONE: "good", RunStatus.RUNNING: "info", RunStatus.QUEUED: "info", RunStatus.PAUSED: "warn"}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def runs(request: HttpRequest, project_id: int) -> HttpResponse:
    """A project's runs, and the form that starts one."""
    access = project_access(request.user, project_id, OWNER if request.method == "POST" else READERS)
    request.access = access  # type: ignore[attr-defined]
    form = RunForm(
        request.POST if request.method == "POST" else None,
        project=access.project,
        prompt_url=reverse("run_prompt", args=[project_id]),
        initial={"prompt": request.GET.get("prompt")},
    )
    if request.method == "POST" and form.is_valid():
        run = _started(access, form)
        if run is not None:
            messages.success(request, _("The run has started."))
            return redirect("run_detail", run.pk)
    page = Paginator(select.runs_of(access.project), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": access.project,
        "access": access,
        "form": form,
        "page": page,
        "headers": _headers(),
        "rows": _rows(page),
        "served": select.models_served().exists(),
        "prompt": _prompt(access.project, form["prompt"].value(), with_reason=bool(form["with_reason"].value())),
    }
    return render(request, "llm_workers/runs.html", context, status=422 if form.errors else 200)


def _started(access: Access, form: RunForm) -> Run | None:
    """The run, or None with the refusal written into the form."""
    try:
        return run_start(
            project=access.project,
            model=form.cleaned_data["model"],
            started_by=access.user,
            step_size=form.cleaned_data["step_size"],
            max_items=form.cleaned_data["max_items"],
            orders=form.cleaned_data["orders"],
            with_reason=form.cleaned_data["with_reason"],
            prompt=form.cleaned_data["prompt"],
        )
    except DomainError as refusal:
        field = next((name for name in refusal.fields if name in form.fields), None)
        form.add_error(field, refusal.message)
        return None


@require_safe
@login_required
def run_prompt(request: HttpRequest, project_id: int) -> HttpResponse:
    """The prompt that a run with the form's choices would use: a fragment."""
    access = project_access(request.user, project_id, READERS)
    prompt = _prompt(access.project, request.GET.get("prompt"), with_reason=bool(request.GET.get("with_reason")))
    return render(request, "llm_workers/prompt.html", {"prompt": prompt})


@require_safe
@login_required
def run_detail(request: HttpRequest, run_id: int) -> HttpResponse:
    access, _run = run_access(request.user, run_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    return render(request, "llm_workers/run_detail.html", _run_context(access, run_id))


@require_safe
@login_required
def run_progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The part of the run page that changes while it goes on; asks for itself again as long as it does."""
    access, _run = run_access(request.user, run_id, READERS)
    return render(request, "llm_workers/run_live.html", _run_context(access, run_id))


@require_POST
@login_required
def run_steer(request: HttpRequest, run_id: int, action: str) -> HttpResponse:
    access, run = run_access(request.user, run_id, OWNER)
    if action == "pause":
        run_pause(run=run, by=access.user)
        messages.success(request, _("The run is paused. What was under way still counts."))
    elif action == "resume":
        run_resume(run=run, by=access.user)
        messages.success(request, _("The run goes on."))
    else:
        run_cancel(run=run, by=access.user)
        messages.success(request, _("The run is cancelled. Its labels stay."))
    return redirect("run_detail", run.pk)


def _prompt(project: Project, prompt_id: Any, *, with_reason: bool) -> str:
    """What a run with these choices would send; ``prompt_id`` as a form or an address gives it."""
    schema = project.schemas.get(is_current=True)
    chosen = prompts_of(project).filter(pk=prompt_id).first() if str(prompt_id or "").isdecimal() else None
    if chosen is not None:
        return preview(schema, recipe_of(chosen))
    return select.prompt_preview(schema=schema, with_reason=with_reason)


def _headers() -> list[dict[str, Any]]:
    numbers = (_("Labelled"), _("No usable answer"), _("Tokens"))
    return [
        {"label": _("Model")},
        {"label": _("State")},
        *({"label": label, "num": True} for label in numbers),
        {"label": _("Started")},
    ]


def _rows(page: Any) -> list[dict[str, Any]]:
    """Rows for the table component: model, state, progress, unanswered, tokens, when."""
    rows = []
    for run in page:
        done = f"{run.labelled:,} / {run.total:,}"
        cells = [
            {"text": run.annotator.name, "href": reverse("run_detail", args=[run.pk])},
            {"badge": run.get_status_display(), "badge_tone": TONES.get(run.status, "neutral")},
            {"text": done, "num": True},
            {"text": f"{run.unanswered:,}", "num": True},
            {"text": f"{run.prompt_tokens + run.completion_tokens:,}", "num": True},
            {"time": run.created_at},
        ]
        rows.append({"id": f"run-{run.pk}", "cells": cells})
    return rows


def _no_confidence(run: Run) -> str:
    if run.labelled:
        return _("The server gives no log-probabilities, so nothing is known of how sure the model was.")
    return _("There is no label yet.")


def _run_context(access: Access, run_id: int) -> dict[str, Any]:
    run = select.run_with_model(run_id)
    asked = run.annotator.model_annotator
    sureness = select.run_sureness(run)
    unanswered = select.unanswered_of(run)
    calibration = Calibration.objects.filter(annotator=run.annotator).first()
    return {
        "project": access.project,
        "access": access,
        "run": run,
        "model": asked.model,
        "prompt": asked.prompt,
        "tone": TONES.get(RunStatus(run.status), "neutral"),
        "going": run.status in GOING,
        "tokens": run.prompt_tokens + run.completion_tokens,
        "no_confidence": _no_confidence(run),
        "ended": run.labelled + run.unanswered,
        "speed": select.run_speed(run),
        "average": select.run_average(run),
        "sureness": sureness,
        "histogram": histogram(sureness.counts) if sureness.total else None,
        "unanswered": unanswered[:UNANSWERED_SHOWN],
        "unanswered_more": max(run.unanswered - UNANSWERED_SHOWN, 0),
        "checkpoints": select.checkpoints_of(run)[:UNANSWERED_SHOWN],
        "cost": select.run_cost(run, asked.model),
        "worth": calibrated.answer(run.annotator.name, calibration) if calibration else "",
    }
