"""Every item's state, computed from the rows alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from annotations.models import Annotation, AnnotatorKind, Consensus, ConsensusMethod, Draw, Item, Project, Stream
from annotations.state import Decision, ItemState, Vote, hour_of, item_state
from annotations.task_types import TaskType, task_type

BATCH = 2000
ASKED = ("queue__redundancy", "queue__extra", "queue__min_support", "queue__raised")
COLUMNS = ("pk", "dataset_id", "groups", "gold", *ASKED)


def project_states(project: Project) -> Iterator[ItemState]:
    """States of all items of ``project``, in order of their ids, reading a few thousand at a time.

    An item that does not follow a change of the demand yet has its state by the demand before.
    """
    task = task_type(project.schemas.get(is_current=True).task_type)
    last = 0
    while True:
        queued = Item.objects.filter(project=project, queue__isnull=False, pk__gt=last).order_by("pk")
        items = list(queued.values_list(*COLUMNS)[:BATCH])  # plain rows: a million of them are counted anew
        if not items:
            return
        last = items[-1][0]
        yield from _states(items, task)


def item_states(project: Project, item_ids: Sequence[int]) -> dict[int, ItemState]:
    """Item id → its state, of those of the items that are there, in four queries."""
    task = task_type(project.schemas.get(is_current=True).task_type)
    items = list(Item.objects.filter(pk__in=item_ids, queue__isnull=False).order_by("pk").values_list(*COLUMNS))
    return dict(zip((item[0] for item in items), _states(items, task), strict=True))


def _states(items: Sequence[tuple[Any, ...]], task: TaskType) -> Iterator[ItemState]:
    """Of rows of ``COLUMNS``, in their order."""
    ids = [item[0] for item in items]
    votes: dict[int, list[Vote]] = defaultdict(list)
    rows = Annotation.objects.filter(item_id__in=ids, status="current")
    for item_id, pk, annotator_id, kind, value, created_at in rows.values_list(
        "item_id", "pk", "annotator_id", "annotator__kind", "value", "created_at"
    ):
        is_model = kind == AnnotatorKind.MODEL
        votes[item_id].append(Vote(pk, annotator_id, is_model, task.token(value), hour_of(created_at)))
    settled = {
        row.item_id: Decision(None if row.value is None else task.token(row.value), row.method, None)
        for row in Consensus.objects.filter(item_id__in=ids, method=ConsensusMethod.SETTLED)
    }
    draws = Draw.objects.filter(item_id__in=ids, stream=Stream.AUDIT, is_drawn=True)
    audited = dict(draws.values_list("item_id", "probability"))
    for item_id, dataset, groups, gold, redundancy, extra, min_support, raised in items:
        yield item_state(
            votes[item_id],
            groups=groups,
            redundancy=redundancy + extra,
            min_support=min_support,
            settled=settled.get(item_id),
            gold=None if gold is None else task.token(gold),
            dataset=dataset,
            audit=audited.get(item_id),
            raised=raised,
        )
