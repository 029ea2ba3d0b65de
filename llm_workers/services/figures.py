"""What is true of a run at a checkpoint: counts, cost, agreement with people, calibration, groups.

Reading every label at every checkpoint would make a long run slower with every step. So a checkpoint counts the labels
since the last one and adds them to what was counted before; whenever the run has grown by a tenth, everything is
counted anew (of the latest ``MOST`` labels), because people decide about items after the model did. Each label is read
about a dozen times in all. Every count is kept by group and by bin of the confidence, from which the calibration of a
group follows as that of all does.
"""

from __future__ import annotations

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
LEAST = 30  # compared labels of a group, below which nothing is said of its calibration
BINS = 10
EVERYTHING = ""  # the attribute, and its one group, that all items belong to
UNSAID = ""  # the bin of labels without a confidence

# One row for each group and bin, of which there are few; all items together are a group too.
COUNT = """
WITH given AS MATERIALIZED (
    SELECT label.id, label.value, label.confidence, item.groups, people.value AS decided,
        label.value = people.value AS agreed, CASE WHEN confidence IS NOT NULL THEN
            LEAST(floor(confidence * %(bins)s + 1e-9), %(bins)s - 1)::int::text ELSE '' END AS bin
    FROM annotations_annotation label
    JOIN annotations_item item ON item.id = label.item_id
    LEFT JOIN annotations_consensus people ON people.item_id = label.item_id AND people.method = ANY(%(people)s)
    WHERE label.run_id = %(run)s AND label.status = 'current' AND label.id > %(after)s
    ORDER BY label.id DESC LIMIT %(most)s
)
SELECT part.attribute, part.name, bin, count(*),
    count(*) FILTER (WHERE value @> to_jsonb(%(favourable)s::text)),
    count(decided), count(*) FILTER (WHERE agreed), COALESCE(sum(confidence) FILTER (WHERE decided IS NOT NULL), 0),
    COALESCE(sum((confidence - agreed::int) ^ 2) FILTER (WHERE decided IS NOT NULL), 0),
    COALESCE(sum(confidence), 0), max(id)
FROM given CROSS JOIN LATERAL (
    SELECT '' AS attribute, '' AS name
    UNION ALL SELECT key, value FROM jsonb_each_text(given.groups) WHERE key = ANY(%(attributes)s)
) part
GROUP BY 1, 2, 3
"""
Bins = dict[str, list[float]]  # bin → labels, favourable, compared, agreed, then of the compared ones the sums of
# confidence and of squared distances, and of all labels the sum of confidence
Counts = dict[str, dict[str, Bins]]  # attribute → group → bins


def run_progress(run: Run, plan: RunPlan, model: ModelVersion) -> Progress:
    """How far the run is, by its own counts; ``compared`` and ``agreed`` as of the last checkpoint."""
    money = run_spent(run, model)
    bins = bins_of_all(plan).values()
    return Progress(
        items=run.labelled + run.unanswered,
        unanswered=run.unanswered,
        tokens=run.prompt_tokens + run.completion_tokens,
        money=money.amount,
        currency=money.currency or model.currency,
        money_by=money.by,
        money_why=money.why,
        minutes=worked_seconds(plan) / 60,
        compared=int(sum(cell[2] for cell in bins)),
        agreed=int(sum(cell[3] for cell in bins)),
    )


def bins_of_all(plan: RunPlan) -> Bins:
    """The counts of all labels as of the last checkpoint."""
    found: Bins = plan.sums.get("counts", {}).get(EVERYTHING, {}).get(EVERYTHING, {})
    return found


def figures_count(run: Run, plan: RunPlan) -> None:
    """Bring ``plan.sums`` up to now. The caller holds the run's row, so no label of it comes between."""
    sums = plan.sums
    anew = "counts" not in sums or run.labelled >= GROWTH * sums["counted_at"]
    counts: Counts = {} if anew else sums["counts"]
    newest = 0 if anew else sums["newest"]
    for attribute, group, place, *more, last in _rows(run, after=newest):
        bins = counts.setdefault(attribute, {}).setdefault(group, {})
        sofar = bins.get(place, [0] * len(more))
        bins[place] = [one + other for one, other in zip(sofar, more, strict=True)]
        newest = max(newest, last)
    counted_at = run.labelled if anew else sums["counted_at"]
    kept = {attribute: _largest(groups, KEPT) for attribute, groups in counts.items()}
    plan.sums = {"counts": kept, "newest": newest, "counted_at": counted_at}
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
    ``groups``: attribute → group → counts and ``calibration``, the largest groups alone.
    """
    progress = run_progress(run, plan, model)
    counts: Counts = plan.sums.get("counts", {})
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
        "calibration": _calibration(bins_of_all(plan), least=1),
        "groups": {attribute: _groups(groups) for attribute, groups in counts.items() if attribute != EVERYTHING},
    }


def _calibration(bins: Bins, *, least: int) -> dict[str, Any] | None:
    """Expected calibration error over ten bins (Guo et al. 2017) and Brier score of the given label's confidence;
    None where no compared label has a confidence, and without figures where fewer than ``least`` have.
    """
    used = [cell for place, cell in bins.items() if place != UNSAID and cell[2]]
    total = sum(cell[2] for cell in used)
    if not total:
        return None
    if total < least:
        return {"labels": total, "mean_confidence": None, "ece": None, "brier": None}
    return {
        "labels": total,
        "mean_confidence": round(sum(cell[4] for cell in used) / total, 4),
        "ece": round(sum(abs(cell[3] - cell[4]) for cell in used) / total, 4),
        "brier": round(sum(cell[5] for cell in used) / total, 4),
    }


def _groups(groups: dict[str, Bins]) -> dict[str, dict[str, Any]]:
    names = ("labelled", "favourable", "compared", "agreed")
    return {
        group: {name: sum(cell[place] for cell in bins.values()) for place, name in enumerate(names)}
        | {"calibration": _calibration(bins, least=LEAST)}
        for group, bins in _largest(groups, SHOWN).items()
    }


def _largest(groups: dict[str, Bins], most: int) -> dict[str, Bins]:
    sizes = {group: sum(cell[0] for cell in bins.values()) for group, bins in groups.items()}
    return {group: groups[group] for group in sorted(groups, key=lambda group: (-sizes[group], group))[:most]}
