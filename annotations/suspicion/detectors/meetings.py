"""Pairs of people who labelled the same item, met one by one without ever listing all pairs of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from annotations.suspicion.detectors.said import UNKNOWN, Bools, Floats, Ints, Said

MOST_COMPARED = 100  # on one item a label is compared with so many that came next
KNOWN, MOST_VOTES = 0, 3
STRATA = MOST_VOTES + 1  # a known label; a majority of one, two, or more other votes


@dataclass(frozen=True)
class Meetings:
    """Two people on one item, arrays of shape (n,): rows of ``Said`` with ``low``'s annotator < ``high``'s.

    ``reference``: what everybody else says of the item, without these two. ``stratum``: how sure that is.
    """

    low: Ints
    high: Ints
    reference: Ints
    stratum: Ints

    def where(self, kept: Bools) -> Meetings:
        return Meetings(self.low[kept], self.high[kept], self.reference[kept], self.stratum[kept])


def meetings(said: Said) -> Iterator[Meetings]:
    """Every meeting on an item whose label the others agree on, in at most ``MOST_COMPARED`` portions.

    Labels given beside a model's suggestion are left out. Labels of an item are taken in order of time, and a label
    meets the next ones only: n labels give at most n · ``MOST_COMPARED`` meetings, also where thousands of people
    answered the same check.
    """
    order = np.lexsort((np.arange(len(said)), said.at, said.item))
    order = order[~said.prompted[order]]
    item = said.item[order]
    after = np.searchsorted(item, np.arange(said.n_items), side="right")
    left = after[item] - np.arange(len(order)) - 1  # labels of the same item that come after
    at = np.arange(len(order))
    for ahead in range(1, MOST_COMPARED + 1):
        at = at[left[at] >= ahead]
        if not len(at):
            return
        one, other = order[at], order[at + ahead]
        swap = said.annotator[one] > said.annotator[other]
        low, high = np.where(swap, other, one), np.where(swap, one, other)
        reference, votes = said.without(said.item[low], said.label[low], said.label[high])
        known = said.known[said.item[low]] != UNKNOWN
        stratum = np.where(known, KNOWN, np.minimum(votes, MOST_VOTES))
        yield Meetings(low, high, reference, stratum).where(reference != UNKNOWN)


def joined(parts: list[Meetings]) -> Meetings:
    none = np.empty(0, np.int64)
    columns = zip(*((part.low, part.high, part.reference, part.stratum) for part in parts), strict=True)
    return Meetings(*(np.concatenate(column) for column in columns)) if parts else Meetings(none, none, none, none)


def gaps(said: Said, met: Meetings) -> Floats:
    """Seconds between the two labels of each meeting."""
    return np.abs(said.at[met.low] - said.at[met.high])
