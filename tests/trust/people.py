"""A project with people's labels and a model's, stored quickly: how they came to be is not what is tested."""

from __future__ import annotations

import random

from django.utils import timezone

from annotations.models import Annotation, Annotator, Consensus, Item, Project
from tests.factories import make_annotator, make_items

LABELS = ["keep", "review", "remove"]


def give(items: list[Item], annotator: Annotator, values: list[object], confidences: list[float | None]) -> None:
    """Current labels of one annotator, one for each item."""
    schema = items[0].project.schemas.get(is_current=True)
    Annotation.objects.bulk_create(
        Annotation(
            project=item.project,
            item=item,
            annotator=annotator,
            schema=schema,
            source=annotator.kind,
            value=value,
            confidence=confidence,
            created_at=timezone.now(),
        )
        for item, value, confidence in zip(items, values, confidences, strict=True)
    )


def decide(items: list[Item], values: list[object], method: str = "majority") -> None:
    schema = items[0].project.schemas.get(is_current=True)
    Consensus.objects.bulk_create(
        Consensus(item=item, project=item.project, schema=schema, value=value, method=method, decided_at=timezone.now())
        for item, value in zip(items, values, strict=True)
    )


def said(truth: list[str], skill: float, chance: random.Random) -> list[object]:
    """The true labels, each with the probability ``skill``; else another."""
    return [
        true if chance.random() < skill else chance.choice([label for label in LABELS if label != true])
        for true in truth
    ]


def make_labelled(
    project: Project,
    *,
    items: int = 240,
    skill: float = 0.8,
    people: tuple[float, ...] = (0.85,) * 4,
    seed: int = 1,
    name: str = "smollm2",
    groups: tuple[dict[str, str], ...] = (),
) -> tuple[list[Item], Annotator]:
    """People who mostly know, their consensus, and a model that claims .9 to 1 and is right ``skill`` of the time.
    Items have the ``groups`` by turns, where any are given."""
    chance = random.Random(seed)
    made = make_items(project, items)
    if groups:
        for number, item in enumerate(made):
            item.groups = groups[number % len(groups)]
        Item.objects.bulk_update(made, ["groups"])
    truth = [chance.choice(LABELS) for _ in made]
    for one in people:
        give(made, make_annotator(project), said(truth, one, chance), [None] * items)
    decide(made, list(truth))
    model = make_annotator(project, kind="model", name=name)
    give(made, model, said(truth, skill, chance), [round(chance.uniform(0.9, 1), 4) for _ in made])
    return made, model
