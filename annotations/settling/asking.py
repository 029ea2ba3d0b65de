"""Cases that an owner asks for: labelled items that experts are to look at though nobody disagrees about them."""

from __future__ import annotations

import random
from typing import Any

from django.db.models import Exists, OuterRef

from annotations.models import Annotation, AnnotationStatus, Consensus, ConsensusMethod, Item, Project
from annotations.services.changes import item_changes

STARTS = 10  # places at which a sample is drawn
LOOKED_AT = 2_000  # items from each on: a rare group is not searched for among a million items


def labelled_sample(
    project: Project, *, groups: dict[str, str], most: int, seed: str, annotator_id: int | None = None
) -> list[int]:
    """Up to ``most`` items of some groups that have a label (of ``annotator_id``, if given) and are not settled: from
    several places of the project, the same for the same ``seed`` as long as the items are the same."""
    chance = random.Random(seed)  # noqa: S311
    ids = Item.objects.filter(project=project).order_by("pk").values_list("pk", flat=True)
    first, last = ids.first(), ids.last()
    if first is None or last is None:
        return []
    labels = Annotation.objects.filter(item=OuterRef("pk"), status=AnnotationStatus.CURRENT)
    if annotator_id is not None:
        labels = labels.filter(annotator_id=annotator_id)
    settled = Consensus.objects.filter(item=OuterRef("pk"), method=ConsensusMethod.SETTLED)
    wanted: Any = Item.objects.filter(Exists(labels), ~Exists(settled), groups__contains=groups, queue__isnull=False)
    found: set[int] = set()
    for start in [*sorted(chance.randint(first, last) for _ in range(STARTS - 1)), first]:
        window = list(ids.filter(pk__gte=start)[:LOOKED_AT])
        found.update(wanted.filter(pk__in=window).values_list("pk", flat=True))
    return sorted(chance.sample(sorted(found), min(most, len(found))))


def cases_ask(*, project: Project, item_ids: list[int]) -> None:
    """Have a case open for each of these items that has a label and is not settled. Twice is once.

    The caller holds the transaction and the project's row.
    """
    with item_changes(project=project, item_ids=item_ids, savepoint=False) as changes:
        for item_id in changes.items:
            changes.ask(item_id=item_id)
