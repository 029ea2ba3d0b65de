"""A simulated crowd and a model, whose true labels are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from llm_workers.validating.verifier import Given

NAN = np.nan
OF_MODELS = ("confidence", "margin", "entropy", "orders_agree", "samples_entropy", "stated")
OF_LABELS = (*OF_MODELS, "seconds", "validator", "validator_sure", "explained")  # what may be unknown of a label


def crowd(
    *, items: int = 400, people: int = 20, per_item: int = 3, classes: int = 3, seed: int = 0, validator: bool = True
) -> tuple[Given, Any, Any]:
    """(labels, true label of each item, right of each label). People differ in skill, some are fast and careless; the
    model is sure where it is right; the validator is right in seven cases of ten."""
    random = np.random.default_rng(seed)
    true = random.integers(0, classes, items)
    skill = random.choice([0.85, 0.65, 0.4], people, p=[0.4, 0.35, 0.25])
    item, who, said, seconds = [], [], [], []
    words = random.integers(5, 60, items).astype(float)
    for number in range(items):
        for annotator in random.choice(people, per_item, replace=False):
            careless = random.random() < 0.12
            right = random.random() < (0.3 if careless else skill[annotator])
            item.append(number)
            who.append(annotator)
            said.append(true[number] if right else (true[number] + random.integers(1, classes)) % classes)
            seconds.append((0.08 if careless else 0.5) * (words[number] + 5) * np.exp(random.normal(0, 0.2)))
    confidence = [NAN] * len(item)
    for number in range(items):
        right = random.random() < 0.75
        item.append(number)
        who.append(people)
        said.append(true[number] if right else (true[number] + 1) % classes)
        confidence.append(float(np.clip(random.normal(0.75 if right else 0.6, 0.12), 0.34, 0.99)))
        seconds.append(NAN)
    label = np.array(said)
    right = (label == true[np.array(item)]).astype(int)
    n = len(item)
    says = np.where(random.random(n) < 0.72, 2 * right - 1, 1 - 2 * right) * random.uniform(0.4, 0.9, n)
    rated = np.where(np.array(who) < people, says, NAN) if validator else np.full(n, NAN)
    sure = np.array(confidence)
    given = Given(
        item=np.array(item), annotator=np.array(who), label=label,
        n_items=items, n_annotators=people + 1, n_labels=classes,
        base=np.array([-1] * people + [0]),
        confidence=sure, margin=2 * sure - 1, entropy=1 - sure, seconds=np.array(seconds),
        orders_agree=np.full(n, NAN), samples_entropy=np.full(n, NAN), stated=np.full(n, NAN),
        validator=rated, validator_sure=np.abs(rated), explained=np.full(n, NAN), words=words,
    )  # fmt: skip
    return given, true, right
