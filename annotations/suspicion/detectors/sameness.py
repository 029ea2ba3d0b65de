"""Answers that stay the same whatever the item: one label, one position, for all of the work or for a stretch of it.

The yardstick is what the *others* say of the same items. Only items on which they agree on something else tell
anything: somebody who was given one-sided items and says the same of all of them is right, not constant. And as the
others are wrong at times, even those items tell nothing before they are more than the others' mistakes explain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from annotations.suspicion.detectors.finding import MOST_SHOWN, Finding, Kind
from annotations.suspicion.detectors.said import UNKNOWN, Ints, Said
from annotations.suspicion.detectors.strength import ALPHA, beyond, holm

MIN_INFORMATIVE = 12  # items on which the others agree on another answer
MIN_RUN = 12  # of them in a row
ORDINARY = 0.5  # whoever looks at the item follows it more often than not where all others do
NOTABLE = 0.8  # the least share that is reported


@dataclass(frozen=True)
class _Answers:
    """Answers in some coding, one per row: ``said``, ``reference``, ``UNKNOWN`` where there is none."""

    said: Ints
    reference: Ints
    size: int


def constant(said: Said) -> tuple[list[Finding], int]:
    """People who give their usual label also where the others agree on another; and how many could be tested."""
    answers = _Answers(said.label, said.reference, said.n_labels)
    everybody = np.ones(said.n_annotators, bool)
    return _constant(said, answers, Kind.CONSTANT, everybody)


def positions(said: Said) -> tuple[list[Finding], int]:
    """The same for the position of the option: people who were shown the options in several orders, for who saw one
    order only cannot be told from somebody who prefers a label; and how many could be tested."""
    shown = said.order != UNKNOWN
    place, reference = np.full(len(said), UNKNOWN), np.full(len(said), UNKNOWN)
    place[shown] = said.orders[said.order[shown], said.label[shown]]
    both = shown & (said.reference != UNKNOWN)
    reference[both] = said.orders[said.order[both], said.reference[both]]
    seen = np.unique(np.stack([said.annotator[both], said.order[both]]), axis=1)[0]
    several = np.bincount(seen, minlength=said.n_annotators) > 1
    return _constant(said, _Answers(place, reference, said.n_labels), Kind.POSITION, several)


def _constant(said: Said, answers: _Answers, kind: Kind, allowed: np.ndarray) -> tuple[list[Finding], int]:
    usual = _usual(said, answers)
    mine = usual[said.annotator]
    tells = (answers.said != UNKNOWN) & (answers.reference != UNKNOWN) & (answers.reference != mine)
    n = np.bincount(said.annotator[tells], minlength=said.n_annotators)
    hits = np.bincount(said.annotator[tells & (answers.said == mine)], minlength=said.n_annotators)
    people = np.flatnonzero(said.judged & allowed & (n >= MIN_INFORMATIVE))
    compared = np.bincount(said.annotator[answers.reference != UNKNOWN], minlength=said.n_annotators)
    p = np.maximum(
        beyond(hits[people], n[people], ORDINARY), beyond(hits[people], compared[people], contradicting(said))
    )
    # The most frequent answer is one of several that could have been: each of them is a test.
    p = holm(p, len(people) * max(answers.size, 1))
    findings = []
    for one, corrected in zip(people.tolist(), p.tolist(), strict=True):
        if corrected <= ALPHA and hits[one] >= NOTABLE * n[one]:
            rows = np.flatnonzero(tells & (said.annotator == one) & (answers.said == mine))
            figures = _figures(said, answers, one, int(usual[one]))
            if kind is Kind.CONSTANT:
                figures["position"] = _position(said, one, int(usual[one]))
            findings.append(_finding(said, kind, one, rows, int(n[one]), corrected, figures))
    return findings, len(people)


def _position(said: Said, person: int, label: int) -> int:
    """Where the label stood for this person, if it always stood there; else ``UNKNOWN``."""
    orders = np.unique(said.order[said.annotator == person])
    if (orders == UNKNOWN).any():
        return UNKNOWN
    places = np.unique(said.orders[orders, label])
    return int(places[0]) if len(places) == 1 else UNKNOWN


def contradicting(said: Said) -> float:
    """How often the careful quarter of the people contradicts what the others agree on: the lower quartile of people's
    shares. Everybody contradicts the others at least about as often as these are wrong, so it is an upper estimate of
    how often they are. 1 where nobody can be compared."""
    compared = said.reference != UNKNOWN
    n = np.bincount(said.annotator[compared], minlength=said.n_annotators)
    against = np.bincount(said.annotator[compared & (said.label != said.reference)], minlength=said.n_annotators)
    people = np.flatnonzero(n >= MIN_INFORMATIVE)
    return float(np.quantile(against[people] / n[people], 0.25)) if len(people) else 1.0


def _usual(said: Said, answers: _Answers) -> Ints:
    """Each person's most frequent answer, shape (n_annotators,); ``UNKNOWN`` for somebody without one."""
    has = answers.said != UNKNOWN
    cells, count = np.unique(said.annotator[has] * max(answers.size, 1) + answers.said[has], return_counts=True)
    usual = np.full(said.n_annotators, UNKNOWN)
    order = np.argsort(count, kind="stable")  # the most frequent is written last
    usual[cells[order] // max(answers.size, 1)] = cells[order] % max(answers.size, 1)
    return usual


def _figures(said: Said, answers: _Answers, person: int, usual: int) -> dict[str, float | int]:
    own = np.flatnonzero((said.annotator == person) & (answers.said != UNKNOWN))
    compared = own[answers.reference[own] != UNKNOWN]
    shares = np.bincount(answers.said[own]) / len(own)
    shares = shares[shares > 0]
    return {
        "answer": usual,
        "labels": len(own),
        "given": int((answers.said[own] == usual).sum()),
        "bits": round(float(-(shares * np.log2(shares)).sum()) + 0.0, 3),
        "compared": len(compared),
        "others_gave": int((answers.reference[compared] == usual).sum()),
    }


def runs(said: Said) -> tuple[list[Finding], int]:
    """Stretches of one and the same label over at least ``MIN_RUN`` items on which the others agree on another label;
    and how many people could be tested.

    Of somebody who follows such items at least half of the time, a stretch over k of them begins at a given one with a
    chance of at most ½ᵏ; so p ≤ n · ½ᵏ over a person's n such items. As above, k also has to be more than the others'
    mistakes explain.
    """
    order = np.lexsort((np.arange(len(said)), said.at, said.annotator))
    person, label, reference = said.annotator[order], said.label[order], said.reference[order]
    tells = (reference != UNKNOWN) & (reference != label)
    n = np.bincount(said.annotator[said.reference != UNKNOWN], minlength=said.n_annotators)
    people = np.flatnonzero(said.judged & (n >= MIN_RUN))
    if not len(order) or not len(people):
        return [], len(people)
    begins = np.r_[True, (person[1:] != person[:-1]) | (label[1:] != label[:-1])]
    stretch = np.cumsum(begins) - 1
    length = np.bincount(stretch, tells).astype(np.int64)
    owner = person[begins]
    longest = np.full(said.n_annotators, UNKNOWN)
    by_length = np.argsort(length, kind="stable")
    longest[owner[by_length]] = by_length
    k = length[longest[people]]
    compared = np.bincount(stretch, reference != UNKNOWN)[longest[people]]
    chance = np.maximum(0.5**k, beyond(k, compared, contradicting(said)))
    p = holm(np.minimum(1.0, n[people] * chance), len(people) * max(said.n_labels, 1))
    findings = []
    for place in np.flatnonzero((p <= ALPHA) & (k >= MIN_RUN)).tolist():
        one = int(people[place])
        rows = order[(stretch == longest[one]) & tells]
        whole = int((stretch == longest[one]).sum())
        figures = {"answer": int(said.label[rows[0]]), "length": whole}
        findings.append(_finding(said, Kind.RUN, one, rows, len(rows), float(p[place]), figures))
    return findings, len(people)


def _finding(
    said: Said, kind: Kind, person: int, rows: Ints, n: int, p: float, figures: Mapping[str, float | int]
) -> Finding:
    shown = rows[np.argsort(-said.at[rows], kind="stable")][:MOST_SHOWN] if kind is not Kind.RUN else rows[:MOST_SHOWN]
    return Finding(
        kind=kind,
        people=(person,),
        telling=len(rows),
        n=n,
        p=p,
        items=said.item[shown],
        reference=said.reference[shown],
        floor=np.full(len(shown), np.nan),
        figures=figures,
    )
