"""The agreement page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations.access import STAFF, project_access
from annotations.assistance.reading import effect_part
from annotations.assistance.selectors import assistance_of
from annotations.measuring.heat import heat_map
from annotations.measuring.over_time import period_table, time_plot, trend_answer
from annotations.measuring.reading import (
    AMONG_PEOPLE,
    figures,
    label_answer,
    label_table,
    model_part,
    pair_table,
    people_answer,
    scope_table,
)
from annotations.measuring.selectors import MIN_SHARED, project_agreement
from annotations.task_types.base import label_keys, label_name

MAX_PAIRS = 50  # lines of the table of pairs


@require_safe
@login_required
def agreement(request: HttpRequest, project_id: int) -> HttpResponse:
    access = project_access(request.user, project_id, STAFF)
    request.access = access  # type: ignore[attr-defined]
    found = project_agreement(access.project)
    pairs = pair_table(found.pairs)
    assistance = assistance_of(access.project)
    config = access.project.schemas.get(is_current=True).config
    names = {key: label_name(config, key) for key in label_keys(config)}
    context = {
        "project": access.project,
        "access": access,
        "found": found,
        "answer": people_answer(found),
        "figures": figures(found.people[0], AMONG_PEOPLE),
        "groups": scope_table(found.people[1:], AMONG_PEOPLE),
        "label_answer": label_answer(found, names),
        "labels": label_table(found, names),
        "trend": trend_answer(found.trend, found.over_time),
        "plot": time_plot(found.over_time),
        "periods": period_table(found.over_time),
        "heat": heat_map(found.pairs),
        "assistance": assistance,
        "effects": [effect_part(one) for one in assistance.effects],
        "models": [model_part(model) for model in found.models],
        "pair_columns": pairs.columns,
        "pairs": pairs.lines[:MAX_PAIRS],
        "min_shared": MIN_SHARED,
    }
    return render(request, "annotations/agreement/page.html", context)
