"""Made-up crowds with a model among them."""

from __future__ import annotations

import numpy as np

from llm_workers.replacing.alternative import Judged


def crowd(
    *, skills: list[float], model: float, items: int = 100, labels: int = 3, share: float = 1.0, seed: int = 0
) -> Judged:
    """People who say the true label with the probability of their skill, else another; a model likewise. ``share``: of
    items that each person labels."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, labels, items)

    def said(skill: float) -> np.ndarray:
        wrong = (truth + chance.integers(1, labels, items)) % labels
        return np.where(chance.random(items) < skill, truth, wrong)

    rows = []
    for person, skill in enumerate(skills):
        label = said(skill)
        kept = np.flatnonzero(chance.random(items) < share)
        rows += [(item, person, label[item]) for item in kept.tolist()]
    item, person, label = np.array(rows, np.int64).T
    return Judged(item, person, label, said(model), np.eye(labels), len(skills))
