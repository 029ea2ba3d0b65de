"""Pages of runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.access import OWNER, READERS, Access, project_access, run_access
from annotations.models import Calibration, ModelChoice, ModelRole, Project, Run, RunStatus
from annotations.models.runs import ACTIVE_RUN
from ledger.errors import DomainError
from llm_workers.calibration import reading as calibrated
from llm_workers.charts import histogram
from llm_workers.forms import RulesForm, RunForm, rules_as_initial
from llm_workers.models import RuleKind
from llm_workers.presenting import run_parts
from llm_workers.selectors import runs as select
from llm_workers.selectors.prompts import preview, prompts_of, recipe_of
from llm_workers.services.figures import run_progress as progress_of
from llm_workers.services.finish import GOING
from llm_workers.services.rules import run_rules_set
from llm_workers.services.runs import run_cancel, run_pause, run_resume, run_start

PER_PAGE = 25
TONES = {RunStatus.DONE: "good", RunStatus.RUNNING: "info", RunStatus.QUEUED: "info", RunStatus.PAUSED: "warn"}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def runs(request: HttpRequest, project_id: int) -> HttpResponse:
    """A project's runs, and the form that starts one."""
    access = project_access(request.user, project_id, OWNER if request.method == "POST" else READERS)
    request.access = access  # type: ignore[attr-defined]
    data = request.POST if request.method == "POST" else None
    form = RunForm(
        data,
        project=access.project,
        prompt_url=reverse("run_prompt", args=[project_id]),
        initial=_chosen(access.project) | ({"prompt": asked} if (asked := request.GET.get("prompt")) else {}),
    )
    rules = RulesForm(data)
    if form.is_valid() & rules.is_valid():
        run = _started(access, form, rules)
        if run is not None:
            messages.success(request, _("The run has started."))
            return redirect("run_detail", run.pk)
    page = Paginator(select.runs_of(access.project), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": access.project,
        "access": access,
        "form": form,
        "rules": rules,
        "page": page,
        "headers": _headers(),
        "rows": _rows(page),
        "served": select.models_served().exists(),
        "prompt": _prompt(access.project, form["prompt"].value(), with_reason=bool(form["with_reason"].value())),
    }
    return render(request, "llm_workers/runs.html", context, status=422 if form.errors or rules.errors else 200)


def _chosen(project: Project) -> dict[str, Any]:
    """The labeller that was chosen from an audit, for the form to propose."""
    choice = ModelChoice.objects.filter(project=project, role=ModelRole.LABELLER, is_current=True).first()
    return {"model": choice.model, "prompt": choice.prompt} if choice else {}


def _started(access: Access, form: RunForm, rules: RulesForm) -> Run | None:
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
            probe=form.cleaned_data["probe"] or 0,
            rules=rules.rules(),
        )
    except DomainError as refusal:
        if set(refusal.fields) & set(RuleKind.values):
            rules.refuse(refusal.fields, refusal.message)
            return None
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
def run_limits(request: HttpRequest, run_id: int) -> HttpResponse:
    """Other limits for a run that has not ended."""
    access, run = run_access(request.user, run_id, OWNER)
    request.access = access  # type: ignore[attr-defined]
    form = RulesForm(request.POST)
    if form.is_valid():
        try:
            run_rules_set(run=run, rules=form.rules(), by=access.user)
        except DomainError as refusal:
            if refusal.status != 400:
                raise
            form.refuse(refusal.fields, refusal.message)
        else:
            messages.success(request, _("The limits are set. A run that they had paused goes on when you resume it."))
            return redirect("run_detail", run.pk)
    return render(request, "llm_workers/run_detail.html", _run_context(access, run_id, form), status=422)


@require_safe
@login_required
def run_unanswered(request: HttpRequest, run_id: int) -> HttpResponse:
    """The items without a usable answer, all of them or those of one reason."""
    access, run = run_access(request.user, run_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    reason = request.GET.get("reason", "")
    found = select.unanswered_of(run)
    page = Paginator(found.filter(reason=reason) if reason else found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": access.project,
        "access": access,
        "run": select.run_with_model(run_id),
        "page": page,
        "reason": reason,
        "query": urlencode({"reason": reason}) if reason else "",
    }
    return render(request, "llm_workers/run_unanswered.html", context)


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


def _run_context(access: Access, run_id: int, rules: RulesForm | None = None) -> dict[str, Any]:
    run = select.run_with_model(run_id)
    asked = run.annotator.model_annotator
    sureness = select.run_sureness(run)
    calibration = Calibration.objects.filter(annotator=run.annotator).first()
    set_rules = list(run.rules.all())
    progress = progress_of(run, run.plan, asked.model)
    steerable = access.can_manage and run.status in ACTIVE_RUN
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
        "reasons": _reasons(run),
        "worth": calibrated.answer(run.annotator.name, calibration) if calibration else "",
        "rules": (rules or RulesForm(initial=rules_as_initial(set_rules))) if steerable else None,
        "progress": progress,
        **run_parts(run, set_rules, progress, select.run_steps(run)),
    }


def _reasons(run: Run) -> list[dict[str, Any]]:
    """Why items have no usable answer, how many, and where they are listed."""
    address = reverse("run_unanswered", args=[run.pk])
    found = select.unanswered_reasons(run) if run.unanswered else []
    return [row | {"url": f"{address}?{urlencode({'reason': row['reason']})}"} for row in found]
