"""How often two people who do not copy give the same answer against all others."""

from __future__ import annotations

import numpy as np

from annotations.suspicion.detectors.meetings import STRATA, Meetings
from annotations.suspicion.detectors.said import Floats, Ints, Said

CAUTION = 10.0  # labels' worth of the crowd's own rate that everybody's rate begins with
LEAST, MOST = 0.02, 0.98


def _log_odds(share: Floats) -> Floats:
    return np.log(share) - np.log1p(-share)


class Expected:
    """Counts over all meetings, from which ``chance`` is read.

    ``against``: meetings in which somebody gives a label against all others, by stratum and label; ``shared``: those in
    which the one they meet gives it too. ``given`` and ``could``: how often each person says a label where the others
    agree on another.
    """

    def __init__(self, said: Said) -> None:
        self.said, self.size = said, max(said.n_labels, 1)
        self.against = np.zeros(STRATA * self.size)
        self.shared = np.zeros(STRATA * self.size)
        self.given = np.zeros((said.n_annotators, self.size))
        self.met = np.zeros(said.n_annotators)
        self.asked = np.zeros((said.n_annotators, self.size))

    def add(self, met: Meetings) -> None:
        said = self.said
        for mine, theirs in ((met.low, met.high), (met.high, met.low)):
            label, person = said.label[mine], said.annotator[mine]
            against = label != met.reference
            cell = met.stratum * self.size + label
            same = against & (label == said.label[theirs])
            self.against += np.bincount(cell[against], minlength=len(self.against))
            self.shared += np.bincount(cell[same], minlength=len(self.shared))
            cells = said.n_annotators * self.size
            of_label = np.bincount(person[against] * self.size + label[against], minlength=cells)
            of_reference = np.bincount(person * self.size + met.reference, minlength=cells)
            self.given += of_label.reshape(self.given.shape)
            self.asked += of_reference.reshape(self.given.shape)
            self.met += np.bincount(person, minlength=said.n_annotators)

    def propensity(self) -> Floats:
        """Log odds by which each person gives a label against the others more readily than the crowd does, shape
        (n_annotators, n_labels); never below 0: who errs less is not expected to share fewer errors."""
        could = self.met[:, None] - self.asked
        crowd = np.clip(self.given.sum(0) / np.maximum(could.sum(0), 1.0), 1e-4, 1 - 1e-4)
        own = np.clip((self.given + CAUTION * crowd) / (could + CAUTION), 1e-4, 1 - 1e-4)
        return np.maximum(_log_odds(own) - _log_odds(crowd), 0.0)

    def chance(self, pair: Ints, cell: Ints, same: Floats, met_by: Ints, propensity: Floats) -> Floats:
        """For each meeting in which somebody gives a label against the others: the chance that the person whom they
        meet (``met_by``) gives the same, without copying. ``pair``: the number of the pair, whose own meetings are left
        out of the crowd's rate; ``cell``: stratum and label; ``same``: whether they did. Arrays of shape (n,)."""
        _cells, own = np.unique(pair * len(self.against) + cell, return_inverse=True)
        mine, mine_shared = np.bincount(own)[own], np.bincount(own, same)[own]
        overall = (self.shared.sum() + 1.0) / (self.against.sum() + 2.0)
        # The pair's meetings count in both directions where both deviate; leaving out more than there is cannot happen.
        against = np.maximum(self.against[cell] - mine, 0.0)
        shared = np.clip(self.shared[cell] - mine_shared, 0.0, against)
        rate = np.clip((shared + CAUTION * overall) / (against + CAUTION), LEAST, MOST)
        odds = _log_odds(rate) + propensity[met_by, cell % self.size]
        return np.clip(1.0 / (1.0 + np.exp(-odds)), LEAST, MOST)
