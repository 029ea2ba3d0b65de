"""Which items a run is about, and in which order. In a large project this takes a while, so it happens in the
background there; the run has no lanes, and so asks about nothing, until it is done.

What a model has labelled when asked in this way is never asked, and paid, again: not by another run, nor after one that
was cancelled, nor where the owner has taken the label out of the count since, nor what such a run still waits for an
answer to. A new version of the schema, of the
prompt or of the model is another annotator, to whom everything is new. Items whose labels the prompt shows are left
out.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Item, Run, RunStatus
from ledger.services import SYSTEM, record
from llm_workers.dispatch import queue_fill_on_commit
from llm_workers.limits import STALE
from llm_workers.models import PromptVersion, RunPlan
from llm_workers.selectors.prompts import shown_to_all
from llm_workers.services.finish import GOING
from llm_workers.services.lanes import lanes_make
from llm_workers.services.strata import strata_of_run

AT_ONCE = 20_000  # items of a project that are sorted while somebody waits
FEW = 8  # of a large group, in a probe

# A random order that the seed decides. The probe comes first: its items are shared out by combinations of groups.
FILL = """
INSERT INTO llm_workers_runitem (run_id, item_id, status, attempts, reason, rotations, prompt_hash,
    prompt_tokens, completion_tokens, cached_tokens, seconds, raw_answer)
SELECT %(run)s, picked.id, 'pending', 0, '', '[]', '', 0, 0, 0, 0, ''
FROM ({picked}) picked
ORDER BY picked.place, picked.mixed, picked.id
LIMIT %(most)s
"""
# An earlier run that was cancelled or stopped stores what was under way: not to be paid for once more.
UNDER_WAY = """SELECT held.item_id FROM annotations_run AS earlier
JOIN llm_workers_runitem AS held ON held.run_id = earlier.id AND held.status = 'leased'
JOIN llm_workers_runlane AS lane ON lane.run_id = held.run_id AND lane.number = held.lane
    AND lane.generation = held.generation AND lane.touched_at > %(alive_since)s
WHERE earlier.project_id = %(project)s AND earlier.annotator_id = %(annotator)s"""
FREE = """
SELECT item.id, md5(item.id::text || ':' || %(seed)s::text) AS mixed, {place}
FROM annotations_item AS item
WHERE item.project_id = %(project)s AND item.id <> ALL(%(left_out)s::bigint[]) AND NOT EXISTS (
    SELECT 1 FROM annotations_annotation AS label
    WHERE label.item_id = item.id AND label.annotator_id = %(annotator)s
        AND label.status IN ('current', 'excluded'))
    AND item.id NOT IN ({under_way})
"""
SHUFFLED = FILL.format(picked=FREE.format(place="0 AS place", under_way=UNDER_WAY))
COUNTED = """row_number() OVER (PARTITION BY item.groups ORDER BY md5(item.id::text || ':' || %(seed)s::text)) AS turn,
    count(*) OVER (PARTITION BY item.groups) AS size, count(*) OVER () AS whole"""
# A few items of every group that has so large a part, by which alone the estimate of the rest can say how sure it is;
# one of every other group, as far as they go; and the rest by size (Webster's divisors).
RANKED = """
SELECT id, mixed, LEAST(row_number() OVER (ORDER BY
    turn > LEAST(%(few)s, %(probe)s * size / whole), turn > 1, CASE WHEN turn > 1 THEN (turn - 0.5) / size END,
    mixed, id
), %(probe)s + 1) AS place
FROM ({free}) free
"""
PROBE_FIRST = FILL.format(picked=RANKED.format(free=FREE.format(place=COUNTED, under_way=UNDER_WAY)))


def run_prepare(run: Run) -> None:
    """Choose the items of a run that was made in this transaction, now or, in a large project, in the background."""
    few = Item.objects.filter(project_id=run.project_id)[: AT_ONCE + 1].count() <= AT_ONCE
    if few:
        _fill(run, RunPlan.objects.get(run=run))
    else:
        queue_fill_on_commit(run.pk)


def run_fill(*, run_id: int) -> None:
    """Choose the items of a run whose items are not chosen yet. May be called twice at once, or die anywhere."""
    with transaction.atomic():
        plan = RunPlan.objects.select_for_update(skip_locked=True).filter(run_id=run_id, filled_at=None).first()
        if plan is None:
            return
        run = Run.objects.get(pk=run_id)
        if run.status in (*GOING, RunStatus.PAUSED):
            _fill(run, plan)


def unfilled_runs(*, stale_before: object) -> list[int]:
    """Runs that still have no items though their task should have begun."""
    stale = Run.objects.filter(status__in=GOING, plan__filled_at=None, created_at__lt=stale_before)
    return list(stale.values_list("pk", flat=True))


def _fill(run: Run, plan: RunPlan) -> None:
    values = {
        "run": run.pk,
        "project": run.project_id,
        "annotator": run.annotator_id,
        "seed": plan.seed,
        "probe": plan.probe,
        "few": FEW,
        "most": run.max_items,
        "alive_since": timezone.now() - STALE,
        "left_out": shown_to_all(PromptVersion.objects.get(annotators__annotator_id=run.annotator_id)),
    }
    with connection.cursor() as cursor:
        cursor.execute(PROBE_FIRST if plan.probe else SHUFFLED, values)
        count = int(cursor.rowcount)
    strata = strata_of_run(run) if plan.probe else {}
    # Only now: somebody may pause or cancel the run while its items are being chosen.
    run = Run.objects.select_for_update().get(pk=run.pk)
    run.total = count
    run.save(update_fields=["total"])
    plan.filled_at = timezone.now()
    plan.strata = strata
    plan.save(update_fields=["filled_at", "strata"])
    if not count:
        _nothing(run)
    elif run.status in (*GOING, RunStatus.PAUSED):
        lanes_make(run)


def _nothing(run: Run) -> None:
    run.status, run.finished_at = RunStatus.CANCELLED, timezone.now()
    run.reason = _("There is nothing to label: this model, asked in this way, has labelled every item, or is about to.")
    run.save(update_fields=["status", "reason", "finished_at"])
    data = {"labelled": 0, "reason": run.reason}
    record(kind="run.cancelled", actor=SYSTEM, subject=f"run:{run.pk}", project_id=run.project_id, data=data)
