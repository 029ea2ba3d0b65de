"""Keeping what an answer says of itself beside its label: never a part of the confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from annotations.models import Annotation
from llm_workers.models import AnswerSigns
from llm_workers.questions import Reading


def signs_store(*, labels: Sequence[Annotation], readings: Mapping[int, Reading | None]) -> None:
    """Rows for those of ``labels`` whose reading (by item id) has more than a label. In the transaction that stores the
    labels; without such readings, no statement."""
    rows = []
    for label in labels:
        reading = readings[label.item_id]
        if reading is not None and (reading.stated is not None or reading.samples > 1 or reading.orders > 1):
            rows.append(
                AnswerSigns(
                    annotation=label,
                    stated=reading.stated,
                    samples=reading.samples,
                    share=reading.share,
                    entropy=reading.entropy,
                    orders=reading.orders,
                    order_share=reading.order_share,
                )
            )
    if rows:
        AnswerSigns.objects.bulk_create(rows)
