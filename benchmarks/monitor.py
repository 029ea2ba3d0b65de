"""How often rules that watch a run after every label pause it wrongly, and how soon they notice a difference.

By simulation (seeded): 2,000 runs of 5,000 labels that fall to two groups at random. Without a difference (.3 in both
groups) every pause is a false one; with one (.3 against .5) the delay is the number of labels until the pause. Ours is
the evidence of `fairness.metrics.pausing`; beside it the confidence sequences that must not overlap, and a 95 % Wald
test of the difference, read as if each look were the only one. Runs of 4 and 8 groups are fewer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from evenhand.cli.bench import Figure
from fairness.metrics.evidence import log_evidence
from fairness.metrics.sequences import log_likelihood, log_mixture, rate_limits

ALPHA = 0.05
RUNS = 2_000
RUNS_OF_MANY = {4: 500, 8: 200}  # groups: runs
LABELS = 5_000
SAME, APART = 0.3, 0.5
ALLOWED = 0.1
SEED = 20261126
LEAST = 30  # labels of each group before the Wald test is asked
BATCH = 500_000  # labels in memory at once

Array = np.ndarray[Any, np.dtype[Any]]
#: Counts (groups, runs, labels) of selected and of all, and the number of each label; which runs would pause where.
Rule = Callable[[Array, Array, Array], Array]


def run() -> dict[str, Figure]:
    same, apart = (SAME, SAME), (SAME, APART)
    figures = {
        "false pauses": false_pauses(ours(), same, goal=ALPHA),
        f"false pauses, {ALLOWED:g} apart and allowed": false_pauses(ours(ALLOWED), (SAME, SAME + ALLOWED), goal=ALPHA),
    }
    for groups, runs in RUNS_OF_MANY.items():
        figures[f"false pauses, {groups} groups"] = false_pauses(ours(), (SAME,) * groups, runs=runs, goal=ALPHA)
    figures["delay, median"] = delay(ours(), apart, goal=400)
    for groups in RUNS_OF_MANY:
        rates = (SAME,) * (groups - 1) + (APART,)
        figures[f"delay, median, one of {groups} groups"] = delay(ours(), rates, runs=RUNS // 10)
    others = {"sequences": sequences, "Wald at every label": wald(1), "Wald at every 100 labels": wald(100)}
    for name, rule in others.items():
        figures[f"{name}: false pauses"] = false_pauses(rule, same)
        figures[f"{name}: delay, median"] = delay(rule, apart)
    return figures


def false_pauses(rule: Rule, rates: tuple[float, ...], *, runs: int | None = None, goal: float | None = None) -> Figure:
    """Share of runs that are paused although no two rates differ by more than is allowed."""
    ever = np.concatenate([np.isfinite(at) for at in _pauses(rule, rates, runs or RUNS, 250)])
    return Figure(round(float(ever.mean()), 4), "share", "lower", goal=goal)


def delay(rule: Rule, rates: tuple[float, ...], *, runs: int | None = None, goal: float | None = None) -> Figure:
    """Labels until half of the runs are paused; the runs' length where fewer ever are."""
    at = np.concatenate(list(_pauses(rule, rates, runs or RUNS, 25)))
    return Figure(float(min(np.median(at), LABELS)), "labels", "lower", goal=goal)


def _pauses(rule: Rule, rates: tuple[float, ...], runs: int, step: int) -> Iterator[Array]:
    """The label (from 1) at which each run is paused first, ``inf`` where never; batch by batch of runs."""
    chance = np.random.default_rng(SEED)
    size = max(1, BATCH // LABELS)
    for start in range(0, runs, size):
        yield _first(rule, *_counts(chance, rates, min(size, runs - start)), step)


def _counts(chance: np.random.Generator, rates: tuple[float, ...], runs: int) -> tuple[Array, Array]:
    """Counts after every label, each (groups, runs, labels): selected, and all."""
    group = chance.integers(0, len(rates), (runs, LABELS))
    given = chance.random((runs, LABELS)) < np.array(rates)[group]
    own = group == np.arange(len(rates))[:, None, None]
    return (own & given).cumsum(axis=2, dtype=np.int32), own.cumsum(axis=2, dtype=np.int32)


def _first(rule: Rule, selected: Array, n: Array, step: int) -> Array:
    """In blocks of ``step`` labels, without the runs that are paused already."""
    found = np.full(selected.shape[1], np.inf)
    going = np.arange(selected.shape[1])
    for start in range(0, selected.shape[2], step):
        labels = np.arange(start, min(start + step, selected.shape[2]))
        block = np.ix_(np.arange(len(selected)), going, labels)
        hit = rule(selected[block], n[block], labels + 1)
        paused = hit.any(axis=1)
        found[going[paused]] = labels[hit[paused].argmax(axis=1)] + 1
        going = going[~paused]
        if not len(going):
            break
    return found


def ours(tau: float = 0.0) -> Rule:
    """The evidence and threshold of ``fairness.metrics.pausing``."""

    def rule(selected: Array, n: Array, labels: Array) -> Array:
        pairs = list(itertools.combinations(range(len(selected)), 2))
        needed = math.log(len(pairs) / ALPHA)
        hit = np.zeros(selected.shape[1:], dtype=bool)
        for i, j in pairs:
            found = log_evidence(selected[i], n[i], selected[j], n[j], tau=tau, enough=needed)
            hit |= found.reshape(hit.shape) >= needed
        return hit

    return rule


def sequences(selected: Array, n: Array, labels: Array) -> Array:
    """Two groups' exact mixture sequences, alpha halved between them, are apart."""
    against = math.log(2 / ALPHA)
    common = selected.sum(axis=0) / labels
    # Apart means that the common rate is outside of one at least: most counts need no limits.
    against_it = log_mixture(selected, n) - log_likelihood(selected, n, common)
    hit: Array = np.any(against_it >= against, axis=0)
    low, high = rate_limits(selected[:, hit], n[:, hit], against)
    hit[hit] = np.maximum(low[0] - high[1], low[1] - high[0]) > 0
    return hit


def wald(every: int) -> Rule:
    """A 95 % Wald test of the difference of two rates at every so many labels."""

    def rule(selected: Array, n: Array, labels: Array) -> Array:
        rates = selected / np.maximum(n, 1)
        error = np.sqrt((rates * (1 - rates) / np.maximum(n, 1)).sum(axis=0))
        hit = (np.abs(rates[0] - rates[1]) > 1.96 * error) & (n >= LEAST).all(axis=0)
        apart: Array = hit & (labels % every == 0)
        return apart

    return rule
