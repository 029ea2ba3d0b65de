"""Two or more people who give the same answers, against all others, more often than their own errors explain.

That two people agree tells nothing: both may be right. The telling sign is the same *wrong* answer, as in sources of
data that copy from each other (Dong, Berti-Equille and Srivastava 2009) and in examinations (the K-index of Holland
1996; Wesolowsky 2000). "Wrong" is what everybody else on the item, or a known label, contradicts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from annotations.suspicion.detectors.expected import Expected, against_of
from annotations.suspicion.detectors.finding import MOST_SHOWN, Finding, Kind
from annotations.suspicion.detectors.meetings import Meetings, gaps, joined, meetings
from annotations.suspicion.detectors.said import Floats, Ints, Said
from annotations.suspicion.detectors.strength import ALPHA, beyond, holm

MIN_SHARED = 20  # items of both on which the others agree
MIN_SAME = 6  # identical answers against the others
NOTABLE = 0.5  # of the answers against the others, the share that copying alone explains


def copying(said: Said) -> tuple[list[Finding], int]:
    """Groups of people who copy, one finding each; and how many pairs could be tested, at most.

    For both people of a pair it is asked: where *this* one contradicts all others, how often does the other one say
    just the same, and how often would they without copying (``Expected.chance``)? The weaker of the two answers counts.
    Corrected for all pairs that have ``MIN_SHARED`` items in common.
    """
    expected = Expected(said)
    total, close = 0, []
    for met in meetings(said):
        expected.add(met)
        total += len(met.low)
        close.append(_keys(said, met.where(_same(said, met))))
    people = int(said.judged.sum())
    tests = min(people * (people - 1) // 2, total // MIN_SHARED)
    keys, same = np.unique(np.concatenate(close or [np.empty(0, np.int64)]), return_counts=True)
    keys = keys[same >= MIN_SAME]
    keys = keys[said.judged[keys // said.n_annotators] & said.judged[keys % said.n_annotators]]
    if not len(keys):
        return [], tests
    parts = [met.where(np.isin(_keys(said, met), keys)) for met in meetings(said)]
    met = joined(parts)
    pair = np.searchsorted(keys, _keys(said, met))
    p, excess = _weaker(said, met, pair, expected, len(keys))
    shared = np.bincount(pair, minlength=len(keys))
    p = np.where(shared >= MIN_SHARED, p, 1.0)
    p = holm(p, max(tests, len(p)))
    found = np.flatnonzero((p <= ALPHA) & (excess >= NOTABLE))
    return _groups(said, met, pair, keys, p, found), tests


def _keys(said: Said, met: Meetings) -> Ints:
    return said.annotator[met.low] * said.n_annotators + said.annotator[met.high]


def _same(said: Said, met: Meetings) -> Any:
    """Whether both give the same answer against all others."""
    label = said.label[met.low]
    return (label == said.label[met.high]) & (label != met.reference)


def _weaker(said: Said, met: Meetings, pair: Ints, expected: Expected, n_pairs: int) -> tuple[Floats, Floats]:
    """(p, excess) of each pair, shape (n_pairs,): of the direction that says less. ``excess`` is the share of answers
    against the others that were the same, beyond what is expected: 0 as expected, 1 all of them."""
    readiness = expected.readiness()
    p, excess = np.zeros(n_pairs), np.ones(n_pairs)
    for low in (True, False):
        seen, rows = against_of(said, met, low=low)
        of_pair = pair[rows]
        chance = expected.chance(of_pair, seen, readiness)
        n = np.bincount(of_pair, minlength=n_pairs).astype(float)
        hits = np.bincount(of_pair, seen.same, n_pairs)
        mean = np.bincount(of_pair, chance, n_pairs) / np.maximum(n, 1.0)
        # Of chances that differ, the mean gives the larger tail (Hoeffding 1956).
        p = np.maximum(p, beyond(hits, n, mean))
        excess = np.minimum(excess, (hits / np.maximum(n, 1.0) - mean) / np.maximum(1.0 - mean, 1e-9))
    return p, excess


def _groups(said: Said, met: Meetings, pair: Ints, keys: Ints, p: Floats, found: Ints) -> list[Finding]:
    """Copiers who are linked by a pair, or by a chain of them, are one finding."""
    if not len(found):
        return []
    low, high = keys[found] // said.n_annotators, keys[found] % said.n_annotators
    shape = (said.n_annotators, said.n_annotators)
    links = sparse.csr_matrix((np.ones(len(found)), (low, high)), shape=shape)
    _count, member = sparse.csgraph.connected_components(links, directed=False)
    findings = []
    for group in np.unique(member[low]).tolist():
        pairs = found[member[low] == group]
        findings.append(_finding(said, met.where(np.isin(pair, pairs)), pair[np.isin(pair, pairs)], keys, p, pairs))
    return findings


def _finding(said: Said, met: Meetings, pair: Ints, keys: Ints, p: Floats, pairs: Ints) -> Finding:
    same = _same(said, met)
    either = (said.label[met.low] != met.reference) | (said.label[met.high] != met.reference)
    apart = gaps(said, met)
    items, at, times = np.unique(said.item[met.low][same], return_index=True, return_counts=True)
    nearest = apart[same][at]
    order = np.lexsort((items, nearest, -times))[:MOST_SHOWN]
    described = [
        {
            "people": [int(keys[one] // said.n_annotators), int(keys[one] % said.n_annotators)],
            "shared": int((pair == one).sum()),
            "against": int(either[pair == one].sum()),
            "same": int(same[pair == one].sum()),
            "p": float(p[one]),
        }
        for one in pairs[np.argsort(p[pairs], kind="stable")][:MOST_SHOWN].tolist()
    ]
    people = sorted(
        {int(one) for key in keys[pairs].tolist() for one in (key // said.n_annotators, key % said.n_annotators)}
    )
    return Finding(
        kind=Kind.COPYING,
        people=tuple(people),
        telling=int(same.sum()),
        n=int(either.sum()),
        p=float(p[pairs].min()),
        items=items[order],
        reference=met.reference[same][at][order],
        floor=np.full(len(order), np.nan),
        figures={"pairs": described, "shared": len(met.low), "median_gap": round(float(np.median(apart[same])), 1)},
    )
