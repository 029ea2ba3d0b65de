"""Every item's state, computed from the rows alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from annotations.models import Annotation, Consensus, ConsensusMethod, Item, Project
from annotations.state import Decision, ItemState, Vote, hour_of, item_state
from annotations.task_types import task_type

BATCH = 2000


def project_states(project: Project) -> Iterator[ItemState]:
    """States of all items of ``project``, in order of their ids, reading a few thousand at a time.

    An item that does not follow a change of the demand yet has its state by the demand before.
    """
    task = task_type(project.schemas.get(is_current=True).task_type)
    last = 0
    while True:
        queued = Item.objects.filter(project=project, queue__isnull=False, pk__gt=last).select_related("queue")
        items = list(queued.order_by("pk")[:BATCH])
        if not items:
            return
        last = items[-1].pk
        ids = [item.pk for item in items]
        votes: dict[int, list[Vote]] = defaultdict(list)
        rows = Annotation.objects.filter(item_id__in=ids, status="current").select_related("annotator")
        for row in rows:
            is_model = row.annotator.kind == "model"
            hour = hour_of(row.created_at)
            votes[row.item_id].append(Vote(row.pk, row.annotator_id, is_model, task.token(row.value), hour))
        settled = {
            row.item_id: Decision(None if row.value is None else task.token(row.value), row.method, None)
            for row in Consensus.objects.filter(item_id__in=ids, method=ConsensusMethod.SETTLED)
        }
        for item in items:
            yield item_state(
                votes[item.pk],
                groups=item.groups,
                redundancy=item.queue.redundancy + item.queue.extra,
                min_support=item.queue.min_support,
                settled=settled.get(item.pk),
                gold=None if item.gold is None else task.token(item.gold),
                dataset=item.dataset_id,
            )
