"""What is true of a run at a checkpoint: counts, cost, agreement with people, calibration, groups.

Reading every label at every checkpoint would make a long run slower with every step. So a checkpoint counts the labels
since the last one and adds them to what was counted before; whenever the run has grown by a tenth, everything is
counted anew (of the latest ``MOST`` labels), because people decide about items after the model did. Each label is read
about a dozen times in all.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import connection

from annotations.models import ConsensusMethod, Run
from llm_workers.costs.money import run_spent
from llm_workers.models import ModelVersion, RunPlan
from llm_workers.policy import Progress
from llm_workers.services.clock import worked_seconds

PEOPLE = (ConsensusMethod.UNANIMOUS, ConsensusMethod.MAJORITY)
MOST = 100_000  # labels that are read at once
GROWTH = 1.1
KEPT, SHOWN = 400, 40  # groups of an attribute that are counted on, and that a checkpoint keeps
BINS = 10

COUNT = """
WITH given AS MATERIALIZED (
    SELECT label.id, label.value, label.confidence, item.groups, people.value AS decided,
        label.value = people.value AS agreed
    FROM annotations_annotation label
    JOIN annotations_item item ON item.id = label.item_id
    LEFT JOIN annotations_consensus people ON people.item_id = label.item_id AND people.method = ANY(%(people)s)
    WHERE label.run_id = %(run)s AND label.status = 'current' AND label.id > %(after)s
    ORDER BY label.id DESC LIMIT %(most)s
)
SELECT '' AS attribute, CASE WHEN confidence IS NOT NULL THEN
        LEAST(floor(confidence * %(bins)s + 1e-9), %(bins)s - 1)::int::text END AS name, count(*), 0,
    count(decided), count(*) FILTER (WHERE agreed), COALESCE(sum(confidence) FILTER (WHERE decided IS NOT NULL), 0),
    COALESCE(sum((confidence - agreed::int) ^ 2) FILTER (WHERE decided IS NOT NULL), 0),
    COALESCE(sum(confidence), 0), max(id)
FROM given GROUP BY 2
UNION ALL
SELECT part.key, part.value, count(*), count(*) FILTER (WHERE given.value @> to_jsonb(%(favourable)s::text)),
    count(decided), count(*) FILTER (WHERE agreed), 0, 0, 0, 0
FROM given, jsonb_each_text(given.groups) part
WHERE part.key = ANY(%(attributes)s)
GROUP BY 1, 2
"""


def run_progress(run: Run, plan: RunPlan, model: ModelVersion) -> Progress:
    """How far the run is, by its own counts; ``compared`` and ``agreed`` as of the last checkpoint."""
    money = run_spent(run, model)
    bins = plan.sums.get("cells", {}).get("", {}).values()
    return Progress(
        items=run.labelled + run.unanswered,
        unanswered=run.unanswered,
        tokens=run.prompt_tokens + run.completion_tokens,
        money=money.amount,
        currency=money.currency or model.currency,
        money_by=money.by,
        money_why=money.why,
        minutes=worked_seconds(plan) / 60,
        compared=sum(cell[2] for cell in bins),
        agreed=sum(cell[3] for cell in bins),
    )


def figures_count(run: Run, plan: RunPlan) -> None:
    """Bring ``plan.sums`` up to now. The caller holds the run's row, so no label of it comes between."""
    sums = plan.sums
    anew = not sums or run.labelled >= GROWTH * sums["counted_at"]
    cells: dict[str, dict[str, list[float]]] = defaultdict(dict)
    if not anew:
        cells.update(sums["cells"])
    newest = 0 if anew else sums["newest"]
    for attribute, name, *counts, last in _rows(run, after=newest):
        sofar = cells[attribute].get(name or "", [0] * 7)
        cells[attribute][name or ""] = [one + other for one, other in zip(sofar, counts, strict=True)]
        newest = max(newest, last or 0)
    counted_at = run.labelled if anew else sums["counted_at"]
    kept = {name: _largest(parts, KEPT) if name else parts for name, parts in cells.items()}
    plan.sums = {"cells": kept, "newest": newest, "counted_at": counted_at}
    plan.save(update_fields=["sums"])


def _rows(run: Run, *, after: int) -> list[tuple[Any, ...]]:
    project = run.project
    values: dict[str, Any] = {
        "run": run.pk,
        "after": after,
        "most": MOST,
        "people": list(PEOPLE),
        "bins": BINS,
        "favourable": project.favourable_label,
        "attributes": list(project.attributes.values_list("name", flat=True)),
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        return cursor.fetchall()


def run_figures(run: Run, plan: RunPlan, model: ModelVersion) -> dict[str, Any]:
    """All of it as JSON: ``agreed`` of ``compared`` labels equal what people agreed on themselves (items without a
    consensus of people, and those that an expert settled, are not compared); ``calibration`` of the compared labels;
    ``groups``: attribute → group → counts, the largest groups alone.
    """
    progress = run_progress(run, plan, model)
    cells = plan.sums.get("cells", {})
    return {
        "labelled": run.labelled,
        "unanswered": run.unanswered,
        "prompt_tokens": run.prompt_tokens,
        "completion_tokens": run.completion_tokens,
        "cached_tokens": plan.cached_tokens,
        "model_seconds": round(run.model_seconds, 3),
        "minutes": round(progress.minutes, 2),
        "money": None if progress.money is None else str(round(progress.money, 6)),
        "currency": progress.currency,
        "money_by": progress.money_by,
        "compared": progress.compared,
        "agreed": progress.agreed,
        "calibration": _calibration(cells.get("", {})),
        "groups": {name: _groups(groups) for name, groups in cells.items() if name},
    }


def _calibration(bins: dict[str, list[float]]) -> dict[str, Any] | None:
    """Expected calibration error over ten bins (Guo et al. 2017) and Brier score of the given label's confidence;
    None where no compared label has a confidence.
    """
    used = [cell for name, cell in bins.items() if name and cell[2]]
    total = sum(cell[2] for cell in used)
    if not total:
        return None
    return {
        "labels": total,
        "mean_confidence": round(sum(cell[4] for cell in used) / total, 4),
        "ece": round(sum(abs(cell[3] - cell[4]) for cell in used) / total, 4),
        "brier": round(sum(cell[5] for cell in used) / total, 4),
    }


def _groups(groups: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    names = ("labelled", "favourable", "compared", "agreed")
    return {name: dict(zip(names, cell[:4], strict=True)) for name, cell in _largest(groups, SHOWN).items()}


def _largest(groups: dict[str, list[float]], most: int) -> dict[str, list[float]]:
    return dict(sorted(groups.items(), key=lambda entry: (-entry[1][0], entry[0]))[:most])
