"""Which items are alike: by the words that they have in common, rare words counting more (TF-IDF)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

MOST_ITEMS = 200_000  # with more, nothing is said of what is similar: every item would have to be read
MOST_COMPARED = 3000  # items that each is compared with, drawn once for all
NEIGHBOURS = 8
LEAST_ALIKE = 0.15  # cosine: less is no likeness
BATCH = 2000
SEED = 20_260


def similar_items(texts: list[str]) -> Any:
    """(n, ``NEIGHBOURS``) indices of the most similar other items among those drawn, −1 where none is alike."""
    found = np.full((len(texts), NEIGHBOURS), -1, np.int64)
    try:
        matrix = TfidfVectorizer(min_df=2, sublinear_tf=True, max_features=50_000).fit_transform(texts)
    except ValueError:  # no word occurs twice
        return found
    drawn = np.sort(np.random.default_rng(SEED).permutation(len(texts))[:MOST_COMPARED])
    compared = matrix[drawn].T.tocsc()
    most = min(NEIGHBOURS, len(drawn))
    for first in range(0, len(texts), BATCH):
        alike = (matrix[first : first + BATCH] @ compared).toarray()
        rows = np.arange(len(alike))
        own = np.searchsorted(drawn, rows + first)
        own_there = (own < len(drawn)) & (drawn[np.minimum(own, len(drawn) - 1)] == rows + first)
        alike[rows[own_there], own[own_there]] = 0
        nearest = np.argpartition(-alike, most - 1, axis=1)[:, :most]
        enough = np.take_along_axis(alike, nearest, axis=1) >= LEAST_ALIKE
        found[first : first + BATCH, :most] = np.where(enough, drawn[nearest], -1)
    return found
