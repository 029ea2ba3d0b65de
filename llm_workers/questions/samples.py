"""Self-consistency: one reading out of several samples of the same question, drawn at a temperature above 0.

The label is what most samples gave (Wang et al., *Self-Consistency Improves Chain of Thought Reasoning in Language
Models*, ICLR 2023). A share of few samples overstates itself (3 of 3 is no certainty), so the confidence is the share
with half a sample added for each answer that was possible: Jeffreys' prior.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from llm_workers.questions.base import Question, Reading


def vote(question: Question, readings: Sequence[Reading]) -> Reading:
    """The most frequent value; of equally frequent ones, that with the higher mean probability, then the first.
    ``readings`` is not empty."""
    keys = [key(reading.value) for reading in readings]
    counts = Counter(keys)
    sure: dict[str, float] = {
        one: fmean(reading.confidence or 0.0 for reading, own in zip(readings, keys, strict=True) if own == one)
        for one in counts
    }
    winner = max(counts, key=lambda one: (counts[one], sure[one]))  # the first of equals: a Counter keeps their order
    first = next(reading for reading, own in zip(readings, keys, strict=True) if own == winner)
    total, most = len(readings), counts[winner]
    probabilities = question.sampled([reading.value for reading in readings])
    single = probabilities.get(first.value) if probabilities and isinstance(first.value, str) else None
    return replace(
        first,
        probabilities=probabilities,
        confidence=(most + 0.5) / (total + 1) if single is None else single,
        samples=total,
        share=most / total,
        entropy=entropy(list(counts.values())),
    )


def entropy(counts: Sequence[int]) -> float:
    """Shannon's entropy of counts, in bits: 0 where all agree."""
    total = sum(counts)
    return abs(-sum(count / total * math.log2(count / total) for count in counts if count))


def stated_of(readings: Sequence[Reading], value: Any) -> float | None:
    """The mean certainty that the model stated where it gave ``value``; None where it stated none there."""
    said = [reading.stated for reading in readings if reading.stated is not None and key(reading.value) == key(value)]
    return fmean(said) if said else None


def over_orders(rotations: Sequence[int], values: Sequence[Any], value: Any) -> tuple[int, float | None]:
    """(orders of the options with an answer, the share of them in which ``value`` was the answer); None where there was
    one order. Of several answers in one order, the most frequent is what was said; of equally frequent ones, each
    counts in part.

    ``rotations``: that of each of ``values``.
    """
    said: dict[int, Counter[str]] = {}
    for rotation, one in zip(rotations, values, strict=True):
        said.setdefault(rotation, Counter())[key(one)] += 1
    if len(said) < 2:
        return len(said), None
    shares = (_part_of_winners(counts, key(value)) for counts in said.values())
    return len(said), fmean(shares)


def _part_of_winners(counts: Counter[str], wanted: str) -> float:
    most = max(counts.values())
    winners = [one for one, count in counts.items() if count == most]
    return (wanted in winners) / len(winners)


def key(value: Any) -> str:
    """Equal values, equal text."""
    return json.dumps(value, sort_keys=True)
