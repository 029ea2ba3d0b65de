"""Two or more people who give the same answers, against all others, more often than their own errors explain.

That two people agree tells nothing: both may be right. The telling sign is the same *wrong* answer, as in sources of
data that copy from each other (Dong, Berti-Equille and Srivastava 2009) and in examinations (the K-index of Holland
1996; Wesolowsky 2000). "Wrong" is what everybody else on the item, or a known label, contradicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
SAMPLE = 10_000  # meetings of each portion that tell how far apart labels of an item usually are
NOTABLE = 0.5  # of the answers against the others, the share that copying alone explains


@dataclass(frozen=True)
class _Pairs:
    """Pairs that gave ``MIN_SAME`` identical answers against all others: ``keys`` name them, shape (n_pairs,); ``met``
    is all that they met on, ``pair`` the number of the pair of each meeting."""

    said: Said
    keys: Ints
    met: Meetings
    pair: Ints

    @property
    def same(self) -> Any:
        return _same(self.said, self.met)

    def of(self, numbers: Ints) -> _Pairs:
        """Some of the pairs, by number; their numbers stay."""
        kept = np.isin(self.pair, numbers)
        return _Pairs(self.said, self.keys, self.met.where(kept), self.pair[kept])

    def people(self, number: int) -> list[int]:
        return [int(one) for one in divmod(int(self.keys[number]), self.said.n_annotators)]


def copying(said: Said) -> tuple[list[Finding], int]:
    """Groups of people who copy, one finding each; and how many pairs could be tested, at most.

    For both people of a pair it is asked: where *this* one contradicts all others, how often does the other one say
    just the same, and how often would they without copying (``Expected.chance``)? The weaker of the two answers counts.
    Corrected for all pairs that have ``MIN_SHARED`` items in common.
    """
    expected = Expected(said)
    total, close, apart = 0, [np.empty(0, np.int64)], [np.empty(0)]
    for met in meetings(said):
        expected.add(met)
        total += len(met.low)
        close.append(_keys(said, met.where(_same(said, met))))
        apart.append(gaps(said, met)[:: max(len(met.low) // SAMPLE, 1)])
    people = int(said.judged.sum())
    tests = min(people * (people - 1) // 2, total // MIN_SHARED)
    pairs = _candidates(said, np.concatenate(close))
    if not len(pairs.keys):
        return [], tests
    p, excess = _weaker(pairs, expected)
    p = np.where(np.bincount(pairs.pair, minlength=len(pairs.keys)) >= MIN_SHARED, p, 1.0)
    p = holm(p, tests)
    found = np.flatnonzero((p <= ALPHA) & (excess >= NOTABLE))
    usual_gap = float(np.median(np.concatenate(apart)))
    return [_finding(pairs, group, p, usual_gap) for group in _groups(pairs, found)], tests


def _candidates(said: Said, close: Ints) -> _Pairs:
    """``close``: the pair of each meeting in which both gave the same answer against all others."""
    keys, same = np.unique(close, return_counts=True)
    keys = keys[same >= MIN_SAME]
    keys = keys[said.judged[keys // said.n_annotators] & said.judged[keys % said.n_annotators]]
    again = meetings(said) if len(keys) else iter(())
    met = joined([met.where(np.isin(_keys(said, met), keys)) for met in again])
    return _Pairs(said, keys, met, np.searchsorted(keys, _keys(said, met)))


def _keys(said: Said, met: Meetings) -> Ints:
    return said.annotator[met.low] * said.n_annotators + said.annotator[met.high]


def _same(said: Said, met: Meetings) -> Any:
    """Whether both give the same answer against all others."""
    label = said.label[met.low]
    return (label == said.label[met.high]) & (label != met.reference)


def _weaker(pairs: _Pairs, expected: Expected) -> tuple[Floats, Floats]:
    """(p, excess) of each pair, shape (n_pairs,): of the direction that says less. ``excess`` is the share of answers
    against the others that were the same, beyond what is expected: 0 as expected, 1 all of them."""
    readiness, n_pairs = expected.readiness(), len(pairs.keys)
    p, excess = np.zeros(n_pairs), np.ones(n_pairs)
    for low in (True, False):
        seen, rows = against_of(pairs.said, pairs.met, low=low)
        of_pair = pairs.pair[rows]
        chance = expected.chance(of_pair, seen, readiness)
        n = np.bincount(of_pair, minlength=n_pairs).astype(float)
        hits = np.bincount(of_pair, seen.same, n_pairs)
        mean = np.bincount(of_pair, chance, n_pairs) / np.maximum(n, 1.0)
        # Of chances that differ, the mean gives the larger tail (Hoeffding 1956).
        p = np.maximum(p, beyond(hits, n, mean))
        excess = np.minimum(excess, (hits / np.maximum(n, 1.0) - mean) / np.maximum(1.0 - mean, 1e-9))
    return p, excess


def _groups(pairs: _Pairs, found: Ints) -> Iterator[Ints]:
    """Numbers of pairs, by group: copiers who are linked by a pair, or by a chain of them, are one."""
    if not len(found):
        return
    size = pairs.said.n_annotators
    low, high = pairs.keys[found] // size, pairs.keys[found] % size
    links = sparse.csr_matrix((np.ones(len(found)), (low, high)), shape=(size, size))
    _count, member = sparse.csgraph.connected_components(links, directed=False)
    for group in np.unique(member[low]).tolist():
        yield found[member[low] == group]


def _finding(all_pairs: _Pairs, numbers: Ints, p: Floats, usual_gap: float) -> Finding:
    pairs = all_pairs.of(numbers)
    said, met, same = pairs.said, pairs.met, pairs.same
    either = (said.label[met.low] != met.reference) | (said.label[met.high] != met.reference)
    apart = gaps(said, met)[same]
    items, at, times = np.unique(said.item[met.low][same], return_index=True, return_counts=True)
    order = np.lexsort((items, apart[at], -times))[:MOST_SHOWN]
    strongest = numbers[np.argsort(p[numbers], kind="stable")]
    figures = {
        "pairs": [_described(pairs, one, either, float(p[one])) for one in strongest[:MOST_SHOWN].tolist()],
        "shared": len(met.low),
        "median_gap": round(float(np.median(apart)), 1),
        "usual_gap": round(usual_gap, 1),
    }
    return Finding(
        kind=Kind.COPYING,
        people=tuple(sorted({one for number in numbers.tolist() for one in pairs.people(number)})),
        telling=int(same.sum()),
        n=int(either.sum()),
        p=float(p[numbers].min()),
        items=items[order],
        reference=met.reference[same][at][order],
        floor=np.full(len(order), np.nan),
        figures=figures,
    )


def _described(pairs: _Pairs, number: int, either: Any, p: float) -> dict[str, Any]:
    own = pairs.pair == number
    counts = {"shared": int(own.sum()), "against": int((own & either).sum()), "same": int((own & pairs.same).sum())}
    return {"people": pairs.people(number), **counts, "p": p}
