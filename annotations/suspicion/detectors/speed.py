"""Labels given faster than their item can be read."""

from __future__ import annotations

import numpy as np

from annotations.suspicion.detectors.finding import MOST_SHOWN, Finding, Kind
from annotations.suspicion.detectors.said import UNKNOWN, Floats, Said
from annotations.suspicion.detectors.strength import ALPHA, beyond, holm

WORDS_PER_MINUTE = 700.0  # skimming; silent reading is 175 to 300 (Brysbaert 2019; Rayner et al. 2016)
DEVIATIONS = 2.0  # robust standard deviations below the project's median
MAD_TO_SD = 1.4826  # of a normal distribution
MIN_TIMED = 20  # labels with a measured time before anybody is judged
ORDINARY = 0.1  # a share of fast labels up to this is anybody's: short items, items seen before, a slip of a finger
NOTABLE = 0.25  # the least share that is reported


def weighted_median(values: Floats, weight: Floats) -> float:
    """The value at which half of the weight is reached. ``values`` and ``weight``: shape (n,), n > 0."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def unusual(said: Said) -> float:
    """Seconds under which a label is unusually fast in this project: median − 2 robust standard deviations of the log
    seconds (Leys et al. 2013), everybody weighing the same however much they label. NaN where nothing was timed."""
    timed = np.flatnonzero(said.seconds > 0)
    if not len(timed):
        return float("nan")
    logs = np.log(said.seconds[timed])
    each = np.bincount(said.annotator[timed], minlength=said.n_annotators)
    weight = 1.0 / each[said.annotator[timed]]
    centre = weighted_median(logs, weight)
    deviation = MAD_TO_SD * weighted_median(np.abs(logs - centre), weight)
    return float(np.exp(centre - DEVIATIONS * deviation))


def floors(said: Said) -> Floats:
    """The least plausible seconds of each label, shape (n,): what a skimmer takes to read the item's words, but never
    more than what is unusual in the project. NaN where neither is known."""
    reading = said.words[said.item] * 60.0 / WORDS_PER_MINUTE
    return np.fmin(reading, unusual(said))


def speed(said: Said) -> tuple[list[Finding], int]:
    """People most of whose labels may have come too fast; and how many people had enough labels to tell.

    Tested: "at most a share of ``ORDINARY`` of the labels is too fast". A label without a measured time is unknown, and
    not fast.
    """
    floor = floors(said)
    timed = ~np.isnan(said.seconds) & ~np.isnan(floor)
    fast = timed & (said.seconds < floor)
    n = np.bincount(said.annotator[timed], minlength=said.n_annotators)
    hits = np.bincount(said.annotator[fast], minlength=said.n_annotators)
    people = np.flatnonzero(said.judged & (n >= MIN_TIMED))
    p = holm(beyond(hits[people], n[people], ORDINARY), len(people))
    named = people[(p <= ALPHA) & (hits[people] >= NOTABLE * n[people])]
    corrected = dict(zip(people.tolist(), p.tolist(), strict=True))
    findings = [_finding(said, one, fast, floor, int(n[one]), corrected[one]) for one in named.tolist()]
    return findings, len(people)


def _finding(said: Said, person: int, fast: Floats, floor: Floats, n: int, p: float) -> Finding:
    rows = np.flatnonzero(fast & (said.annotator == person))
    compared = rows[said.reference[rows] != UNKNOWN]
    shown = rows[np.argsort(said.seconds[rows] / floor[rows], kind="stable")][:MOST_SHOWN]
    own = said.seconds[(said.annotator == person) & ~np.isnan(said.seconds)]
    return Finding(
        kind=Kind.SPEED,
        people=(person,),
        telling=len(rows),
        n=n,
        p=p,
        items=said.item[shown],
        reference=said.reference[shown],
        floor=floor[shown],
        figures={
            "median_seconds": round(float(np.median(own)), 2),
            "compared": len(compared),
            "as_others": int((said.label[compared] == said.reference[compared]).sum()),
        },
    )
