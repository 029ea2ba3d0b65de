"""How many lanes a run has: one for each server, more where its lanes have as many requests under way as they may.

Behind one address there may be many GPUs, and one process cannot feed them all. The caller holds the run's row, unless
it says otherwise.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from annotations.models import Run
from llm_workers.client.load import Load
from llm_workers.dispatch import queue_lanes_on_commit
from llm_workers.limits import EASY, LITTLE, MAX_LANES, MOST_LANES, TOUCH_EVERY
from llm_workers.models import RunLane
from llm_workers.models.lanes import Lane
from llm_workers.pacing import STRIDE, Pace
from llm_workers.services.finish import GOING, model_of

WORKED_ON = timedelta(seconds=2 * TOUCH_EVERY)  # since the last touch: longer ago, and it waits for a worker
ENDPOINTS = "annotator__model_annotator__model__endpoints"


def lanes_make(run: Run, count: int | None = None) -> None:
    """Make those of the first ``count`` lanes (one for each server that offers the model now) that are missing, and
    queue their tasks. Without a lock on the run this may be done twice."""
    if count is None:
        count = max(min(model_of(run).endpoints.filter(enabled=True).count(), MAX_LANES), 1)
    missing = set(range(count)) - set(run.lanes.values_list("number", flat=True))
    now = timezone.now()
    made = [RunLane(run=run, number=number, touched_at=now) for number in sorted(missing)]
    RunLane.objects.bulk_create(made, ignore_conflicts=True)
    queue_lanes_on_commit((run.pk, lane.number, 0) for lane in made)


def lanes_join() -> int:
    """Make lanes for servers that joined since a run began, without locks; returns for how many runs."""
    offered = Least(Count(ENDPOINTS, filter=Q(**{f"{ENDPOINTS}__enabled": True}), distinct=True), MAX_LANES)
    going = Run.objects.filter(status__in=GOING, plan__filled_at__isnull=False)
    short = list(going.annotate(has=Count("lanes", distinct=True), offered=offered).filter(has__lt=F("offered")))
    for run in short:
        lanes_make(run)
    return len(short)


def lane_tell(lane: RunLane, *, pace: Pace, load: Load | None) -> None:
    """Keep what a shift found of its servers, and make one lane more, for another worker, where that helps."""
    count = lanes_wanted(lane, RunLane.objects.filter(run=lane.run_id), pace=pace, load=load)
    if count:
        lanes_make(lane.run, count)


def lanes_wanted(lane: Lane, lanes: QuerySet[Any], *, pace: Pace, load: Load | None) -> int:
    """Keep in ``lane``, one of ``lanes``, what its shift found of its servers; how many lanes there should be where all
    have as many requests under way as they may, are worked on, and the servers take that easily; else 0.

    By their ``load``, if next to nothing waits inside them; where they do not say, if answers come nearly as soon as
    the quickest did.
    """
    lane.width = pace.proven
    if math.isfinite(pace.shortest):
        lane.quickest = min(pace.shortest, lane.quickest or pace.shortest)
    lane.save(update_fields=["width", "quickest"])
    easy = load.waiting <= LITTLE * load.running if load else pace.usual <= EASY * (lane.quickest or 0)
    if pace.width < pace.most or not easy:
        return 0
    others = list(lanes.exclude(pk=lane.pk).values_list("width", "touched_at"))
    since = timezone.now() - WORKED_ON
    full = all((width or 0) * STRIDE >= pace.most and at > since for width, at in others)
    return len(others) + 2 if full and len(others) + 1 < MOST_LANES else 0
