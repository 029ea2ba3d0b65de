"""The cost page of a project."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotations.access import READERS, project_access
from annotations.labelling.selectors import pay_per_label
from annotations.models import Project
from llm_workers.costs.by_model import Uses
from llm_workers.costs.selectors import Costs, Figures, ModelCost, costs_of

RUNS_SHOWN = 20


@require_safe
@login_required
def run_costs(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, READERS)
    request.access = access  # type: ignore[attr-defined]
    costs = costs_of(access.project)
    context = {
        "project": access.project,
        "access": access,
        "costs": costs,
        "lines": _lines(costs),
        "by_model": [{"name": one.name, "lines": _lines(one)} for one in costs.by_model],
        "models": [_shown(one, costs, access.project) for one in costs.models],
        "pay_per_label": pay_per_label(access.project),
    }
    return render(request, "llm_workers/costs.html", context)


def _lines(uses: Uses) -> list[dict[str, Any]]:
    """All that was used, line by line."""
    named = [
        (_("Runs"), uses.runs),
        (_("Trials of prompts"), uses.trials),
        (_("Ratings by validators"), uses.ratings),
        (_("Audits"), uses.audits),
    ]
    return [{"name": name, "line": line} for name, line in named if line is not None]


def _shown(one: ModelCost, costs: Costs, project: Project) -> dict[str, Any]:
    attributes: dict[str, list[Any]] = {}
    people = {(row.attribute, row.group): row.figures for row in costs.crowd_groups}
    for row in one.groups:
        attributes.setdefault(row.attribute, []).append((row, people.get((row.attribute, row.group))))
    return {
        "cost": one,
        "runs": one.runs[:RUNS_SHOWN],
        "runs_more": max(len(one.runs) - RUNS_SHOWN, 0),
        "attributes": attributes,
        "times": _times(one.figures, costs, project),
    }


def _times(figures: Figures, costs: Costs, project: Project) -> Decimal | None:
    """How many times as much a person's label costs; None where the two cannot be compared."""
    if not costs.is_paid or figures.money.currency != project.currency or not figures.per_label:
        return None
    return pay_per_label(project) / figures.per_label
