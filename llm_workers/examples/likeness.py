"""For each item the labelled items most like it: cosine of TF-IDF vectors of their words (scikit-learn).

Fitted in the process that labels, never in a request of a person, on the items that the prompt's version names; kept
for the next task of the same version. It depends on those alone, so every process finds the same neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from annotations.modalities import modality
from llm_workers.prompts import Example

NO_WORDS = "∅"  # an item without a word still has a row


class MostAlike:
    """``shown_for`` gives up to ``count`` examples, the most similar last: nearest to the item in the prompt.

    Ties go to the smaller item id. The item itself is never among them.
    """

    def __init__(self, pool: Sequence[Example], *, count: int) -> None:
        self.pool, self.count = sorted(pool, key=lambda example: example.item_id), count
        # Single characters as words too: not every script writes words of two.
        self._vectorizer = TfidfVectorizer(
            token_pattern=r"(?u)\w+|∅",  # noqa: S106
            sublinear_tf=True,
            dtype=np.float32,
        )
        texts = [_words(example.modality, example.payload) for example in self.pool]
        self._matrix = self._vectorizer.fit_transform(texts)

    def shown_for(self, *, item_id: int, kind: str, payload: Mapping[str, Any]) -> Sequence[Example]:
        vector = self._vectorizer.transform([_words(kind, payload)])
        likeness = (self._matrix @ vector.T).toarray().ravel()
        order = np.argsort(-likeness, kind="stable")[: self.count + 1]
        near = [self.pool[place] for place in order if self.pool[place].item_id != item_id]
        return near[: self.count][::-1]


def _words(kind: str, payload: Mapping[str, Any]) -> str:
    text = modality(kind).excerpt(payload, 20_000).casefold()
    return text if any(character.isalnum() for character in text) else NO_WORDS
