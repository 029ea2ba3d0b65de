"""What validation says of an item's labels, for the pages of items and cases: ``{% load validation %}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from annotations.items.labels import LabelShown
from annotations.models import Case
from annotations.task_types import task_type
from llm_workers.validating.scores import scores_of
from llm_workers.validating.selectors import ratings_of_item

register = template.Library()


@register.inclusion_tag("llm_workers/validating/side.html")
def validator_side(case: Case) -> dict[str, Any]:
    """The validating model's verdict and reason for each label in the case. No name: neither the model's nor a giver's.

    Nothing where no model rates.
    """
    ratings = ratings_of_item(case.item_id, case.project)
    answers = []
    for rating in ratings:
        schema = rating.validator.schema
        words = task_type(schema.task_type).describe(schema.config, rating.value)
        answers.append({"rating": rating, "words": words})
    return {"answers": answers}


@register.simple_tag
def with_scores(labels: Sequence[LabelShown]) -> list[tuple[LabelShown, float | None]]:
    """Each label with how probably it is right; None where it is not scored yet. One query."""
    scores = scores_of([label.annotation.pk for label in labels])
    return [(label, scores.get(label.annotation.pk)) for label in labels]
