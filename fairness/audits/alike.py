"""Are similar probes answered alike? Each is compared with those nearest to it by the words that do not name a group.

Pure: texts and labels in, figures out. Near is the cosine of TF-IDF vectors of words (scikit-learn).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from fairness.metrics import NEIGHBOURS, nearest

WORD = re.compile(r"\w+")
BLOCK = 500  # rows of likeness that are held at once
PLACES = 6  # of a distance: what differs by rounding alone is equal


def without_groups(texts: Sequence[str], families: Sequence[str], groups: Sequence[Mapping[str, str]]) -> list[str]:
    """The texts without the words that name who they are about, as words in small letters.

    Of a family: the words that all its members have, so that whatever was swapped is gone, pronouns and articles too.
    Of a text in no family: those that are in no group's name (a plural's s aside); other words that hint at a group
    stay, for nothing says which they are.
    """
    words = [WORD.findall(text.casefold()) for text in texts]
    members: dict[str, list[int]] = defaultdict(list)
    for place, family in enumerate(families):
        if family:
            members[family].append(place)
    shared = {family: _in_all([words[place] for place in places]) for family, places in members.items()}
    names = {word for own in groups for name in own.values() for word in WORD.findall(name.casefold())}
    names |= {f"{word}s" for word in names}
    return [
        " ".join(shared[family] if family else [word for word in own if word not in names])
        for own, family in zip(words, families, strict=True)
    ]


def _in_all(texts: Sequence[Sequence[str]]) -> list[str]:
    """The words of the first text that every other has as often, in its order."""
    left = Counter(texts[0])
    for text in texts[1:]:
        left &= Counter(text)
    found = []
    for word in texts[0]:
        if left[word] > 0:
            left[word] -= 1
            found.append(word)
    return found


def neighbours_by_words(texts: Sequence[str], k: int = NEIGHBOURS) -> np.ndarray[Any, np.dtype[np.intp]]:
    """The ``k`` most similar other texts of each, (n, k); of equally similar ones those listed first.

    Raises
    ------
    ValueError
        Where there are not more than ``k`` texts, or one of them has no word.
    """
    if len(texts) <= k or not all(texts):
        raise ValueError(f"Needs more than {k} texts with words, got {sum(map(bool, texts))} of {len(texts)}.")
    vectorizer = TfidfVectorizer(token_pattern=r"\w+", lowercase=False, sublinear_tf=True)  # noqa: S106
    matrix = vectorizer.fit_transform(texts)
    others = matrix.T.tocsc()
    found = np.empty((len(texts), k), np.intp)
    for first in range(0, len(texts), BLOCK):
        likeness = (matrix[first : first + BLOCK] @ others).toarray()
        found[first : first + BLOCK] = nearest(np.round(1 - likeness, PLACES), k, first=first)
    return found
