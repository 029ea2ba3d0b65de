"""How often two people who do not copy give the same answer against all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotations.suspicion.detectors.meetings import STRATA, Meetings
from annotations.suspicion.detectors.said import Floats, Ints, Said

CAUTION = 10.0  # labels' worth of the crowd's own rate that everybody's rate begins with
LEAST, MOST = 0.02, 0.98


@dataclass(frozen=True)
class Against:
    """Meetings in which one person contradicts all others, arrays of shape (n,): who does (``mine``), whom they meet
    (``theirs``), how sure the others are and what was said (``cell``), and whether the other said the same."""

    mine: Ints
    theirs: Ints
    cell: Ints
    same: Floats


def against_of(said: Said, met: Meetings, *, low: bool) -> tuple[Against, Ints]:
    """The meetings in which the one person (``low``), or the other, contradicts all others; and which of ``met``."""
    mine, theirs = (met.low, met.high) if low else (met.high, met.low)
    rows = np.flatnonzero(said.label[mine] != met.reference)
    mine, theirs = mine[rows], theirs[rows]
    label = said.label[mine]
    same = (label == said.label[theirs]).astype(float)
    cell = met.stratum[rows] * said.n_labels + label
    return Against(said.annotator[mine], said.annotator[theirs], cell, same), rows


class Expected:
    """Counts over all meetings, from which ``chance`` is read.

    ``against`` and ``shared``: meetings in which somebody contradicts all others, and in which the other one says the
    same, by stratum and label. ``backed``: (shared, all) of those by who contradicts; ``backing``: by whom they meet.
    ``given`` and ``could``: how often each person says a label where the others agree on another.
    """

    def __init__(self, said: Said) -> None:
        people, labels = said.n_annotators, said.n_labels
        self.said = said
        self.against, self.shared = np.zeros(STRATA * labels), np.zeros(STRATA * labels)
        self.backed, self.backing = np.zeros((2, people)), np.zeros((2, people))
        self.given, self.could = np.zeros((people, labels)), np.zeros((people, labels))

    def add(self, met: Meetings) -> None:
        said = self.said
        shape, cells = self.given.shape, self.given.size
        for low in (True, False):
            seen, _rows = against_of(said, met, low=low)
            self.against += np.bincount(seen.cell, minlength=len(self.against))
            self.shared += np.bincount(seen.cell, seen.same, len(self.shared))
            for table, people in ((self.backed, seen.mine), (self.backing, seen.theirs)):
                table[0] += np.bincount(people, seen.same, said.n_annotators)
                table[1] += np.bincount(people, minlength=said.n_annotators)
            own = said.annotator[met.low if low else met.high]
            label = seen.cell % said.n_labels
            self.given += np.bincount(seen.mine * said.n_labels + label, minlength=cells).reshape(shape)
            self.could += np.bincount(own, minlength=said.n_annotators)[:, None]
            self.could -= np.bincount(own * said.n_labels + met.reference, minlength=cells).reshape(shape)

    def readiness(self) -> Floats:
        """Log odds by which each person gives a label against the others more readily than the crowd, shape
        (n_annotators, n_labels)."""
        crowd = self.given.sum(0) / np.maximum(self.could.sum(0), 1.0)
        return _more(self.given, self.could, np.clip(crowd, 1e-4, 1 - 1e-4))

    def chance(self, pair: Ints, seen: Against, readiness: Floats) -> Floats:
        """For each meeting the chance that the other one says the same without copying, shape (n,).

        The crowd's rate for this label and this sureness of the others, raised (never lowered) by what is known of the
        two: that others back the one who contradicts more than usual, which the most careful of a careless crowd will
        see; that the other one backs people more than usual; and that the other one is readier for this label than the
        crowd. All are counted without the meetings of the pair itself, of which ``pair`` is the number.
        """
        overall = (self.shared.sum() + 1.0) / (self.against.sum() + 2.0)
        against, shared = _without(pair, seen.cell, seen.same, self.against, self.shared)
        rate = np.clip((shared + CAUTION * overall) / (against + CAUTION), LEAST, MOST)
        odds = _log_odds(rate) + readiness[seen.theirs, seen.cell % self.said.n_labels]
        for table, people in ((self.backed, seen.mine), (self.backing, seen.theirs)):
            all_, same = _without(pair, people, seen.same, table[1], table[0])
            odds += _more(same, all_, overall)
        return np.clip(1.0 / (1.0 + np.exp(-odds)), LEAST, MOST)


def _without(pair: Ints, key: Ints, same: Floats, all_: Floats, shared: Floats) -> tuple[Floats, Floats]:
    """Counts at each row's ``key`` without those that come from the row's own pair."""
    _cells, own = np.unique(pair * len(all_) + key, return_inverse=True)
    rest = np.maximum(all_[key] - np.bincount(own)[own], 0.0)
    return rest, np.clip(shared[key] - np.bincount(own, same)[own], 0.0, rest)


def _more(hits: Floats, n: Floats, usual: Floats | float) -> Floats:
    """Log odds by which a rate is above the usual one, never below 0, few counts pulled towards 0."""
    own = np.clip((hits + CAUTION * usual) / (n + CAUTION), 1e-4, 1 - 1e-4)
    return np.maximum(_log_odds(own) - _log_odds(usual), 0.0)


def _log_odds(share: Floats | float) -> Floats:
    return np.log(share) - np.log1p(-np.asarray(share))
