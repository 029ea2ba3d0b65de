"""Made-up crowds whose truth is known."""

from __future__ import annotations

import numpy as np

from annotations.aggregation import Labels


def crowd(
    *,
    n_items: int = 300,
    n_annotators: int = 30,
    n_labels: int = 3,
    each: int = 5,
    seed: int = 1,
    skill: tuple = (6, 2),
) -> tuple[Labels, np.ndarray]:
    """Every item has ``each`` labels of different annotators, whose skills are Beta-distributed."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, n_labels, n_items)
    who = chance.random((n_items, n_annotators)).argsort(axis=1)[:, :each].ravel()
    item = np.repeat(np.arange(n_items), each)
    right = chance.random(len(item)) < chance.beta(*skill, n_annotators)[who]
    other = (truth[item] + chance.integers(1, n_labels, len(item))) % n_labels
    return Labels(item, who, np.where(right, truth[item], other), n_items, n_annotators, n_labels), truth
