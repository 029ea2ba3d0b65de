"""A program of its own that labels at a steady pace, for ``benchmarks/live.py``: ``… PROJECT RATE SECONDS NUMBER``.

Each label is a transaction of its own, through the one way in which labels change. Prints when each was committed.
"""

from __future__ import annotations

import random
import sys
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402

from annotations.models import Annotation, Annotator, Item, Project  # noqa: E402
from annotations.services.changes import item_changes  # noqa: E402
from benchmarks._stack import LABELS  # noqa: E402


def label(project_id: int, rate: float, seconds: float, number: int) -> list[float]:
    """When each label was committed, in seconds since the epoch."""
    project = Project.objects.get(pk=project_id)
    annotator = Annotator.objects.create(project=project, kind="human", name=f"live {time.time_ns()}")
    wanted = round(rate * seconds)
    # Each labeller has items of its own, in no order that the groups are in.
    mine = Item.objects.filter(project=project).order_by("content_hash").values_list("pk", flat=True)
    items = list(mine[number * wanted : (number + 1) * wanted])
    chance, committed, began = random.Random(number), [], time.perf_counter()
    for place, item_id in enumerate(items):
        time.sleep(max(0.0, began + place / rate - time.perf_counter()))
        if time.perf_counter() - began > 2 * seconds:
            break  # the machine is too slow for the pace; the figures say so
        with item_changes(project=project, item_ids=[item_id]) as changes:
            annotation = Annotation.objects.create(
                project=project,
                item_id=item_id,
                annotator=annotator,
                schema=changes.schema,
                source="human",
                value=chance.choice(LABELS),
                created_at=timezone.now(),
            )
            changes.vote(annotation, kind="human")
        committed.append(time.time())
    return committed


if __name__ == "__main__":
    for moment in label(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])):
        sys.stdout.write(f"{moment}\n")
