"""Taking note of what a person says of a gold item, and pausing who falls under the owner's limit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q

from annotations.models import Annotation, Annotator, GoldAnswer, QualityRules, ReviewCause, Standing
from annotations.quality.reviews import review_open
from annotations.quality.trust import trust, under_limit
from annotations.services.changes import ItemChanges


def note_answer(changes: ItemChanges, annotator: Annotator, annotation: Annotation, now: datetime) -> bool:
    """Note whether a label of a gold item is the known one, where the project checks. The caller holds the annotator's
    lock and the item's. Another label of the same item takes the earlier one's place.

    Returns whether anything was noted: then the person's standing, and what they may do next, may be another.
    """
    gold = changes.items[annotation.item_id].row.gold
    if gold is None:
        return False
    rules = QualityRules.objects.filter(project_id=annotator.project_id, is_on=True).first()
    if rules is None:
        return False
    right = changes.task.token(annotation.value) == changes.task.token(gold)
    GoldAnswer.objects.update_or_create(
        annotator=annotator,
        item_id=annotation.item_id,
        defaults={"is_right": right},
        create_defaults={"is_right": right, "answered_at": now},
    )
    counted = recount_answers(annotator)
    pauses = rules.limit > 0 and under_limit(*counted, limit=rules.limit, min_answers=rules.min_answers)
    if pauses and annotator_standing(annotator) == Standing.ACTIVE:
        figures = {
            "right": counted[0],
            "answers": sum(counted),
            "trust": round(trust(*counted).mean, 4),
            "limit": rules.limit,
        }
        changes.events.append(review_open(annotator, cause=ReviewCause.GOLD, evidence=figures, now=now))
    return True


def recount_answers(annotator: Annotator) -> tuple[int, int]:
    """(right, wrong) among the answers that no review has dealt with, stored with the annotator for the next claim."""
    counted = GoldAnswer.objects.filter(annotator=annotator, is_reviewed=False).aggregate(
        right=Count("pk", filter=Q(is_right=True)), wrong=Count("pk", filter=Q(is_right=False))
    )
    right, wrong = counted["right"], counted["wrong"]
    Annotator.objects.filter(pk=annotator.pk).update(gold_right=right, gold_wrong=wrong)
    annotator.gold_right, annotator.gold_wrong = right, wrong
    return right, wrong


def annotator_standing(annotator: Annotator) -> str:
    """As it is stored now: the object may have been read before the lock was taken."""
    return str(Annotator.objects.values_list("standing", flat=True).get(pk=annotator.pk))
