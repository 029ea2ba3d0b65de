"""Agreement on real annotations: the values that others and the project's own measurements found.

Needs the data sets beside the repository; skipped only where they are absent.
"""

import csv
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from annotations.agreement import (
    CoefficientName,
    agreement,
    fleiss_kappa,
    krippendorff_alpha,
    pairwise_confusions,
    raw_agreement,
    value_counts,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not beside the repository")


def read(*parts):
    with DATA.joinpath(*parts).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wide_counts(rows, columns, labels):
    """Value counts of rows with one column per annotator; anything but one of the labels is missing."""
    code = {label: k for k, label in enumerate(labels)}
    cells = [(i, code[row[c]]) for i, row in enumerate(rows) for c in columns if row[c] in code]
    items, values = np.array(cells).T
    return value_counts(items, values, n_items=len(rows), n_labels=len(labels))


def test_hatecheck():
    """Röttger et al. (2021): ten annotators, exactly five a case; Fleiss' κ .93 in the paper."""
    rows = read("hatecheck", "all_annotations.csv")
    columns = [f"label_{k}" for k in range(1, 11)]
    counts = wide_counts(rows, columns, ["hateful", "non-hateful"])
    assert counts.shape == (3901, 2)
    assert (counts.sum(axis=1) == 5).all()
    found = fleiss_kappa(counts)
    assert found.value == pytest.approx(0.9285, abs=5e-5)
    assert (found.n_items, found.n_pairs) == (3901, 39010)
    assert found.low < found.value < found.high
    # Six patterns of five labels say the same as 3,901 rows.
    patterns, times = np.unique(counts, axis=0, return_counts=True)
    assert len(patterns) == 6
    assert fleiss_kappa(patterns, items=times).low == pytest.approx(found.low, abs=1e-12)


def test_hatecheck_pairs_of_annotators():
    """All pairs together compare what the items compare: ten comparisons a case."""
    rows = read("hatecheck", "all_annotations.csv")
    code = {"hateful": 0, "non-hateful": 1}
    cells = [
        (i, k, code[row[f"label_{k}"]]) for i, row in enumerate(rows) for k in range(1, 11) if row[f"label_{k}"] in code
    ]
    items, raters, labels = np.array(cells).T
    pairs = list(pairwise_confusions(items, raters, labels, n_labels=2))
    total = sum(matrix for _, _, matrix in pairs)
    # The cases were dealt so that annotators 1 and 6, 2 and 7, … 5 and 10 never met.
    never = {(k, k + 5) for k in range(1, 6)}
    assert [(a, b) for a, b, _ in pairs] == sorted(set(combinations(range(1, 11), 2)) - never)
    assert total.sum() == 39010
    counts = value_counts(items, labels, n_items=len(rows), n_labels=2)
    assert np.trace(total) / total.sum() == pytest.approx(raw_agreement(counts).value, abs=1e-12)


@pytest.mark.parametrize(("language", "alpha"), [(None, 0.272), ("en", 0.197)])
def test_multipico(language, alpha):
    """MultiPICo (Casola et al. 2024), irony, few labels an item from 506 annotators."""
    rows = [r for r in read("multipico", "annotations.csv") if language in (None, r["lang"])]
    _, items = np.unique([r["item_id"] for r in rows], return_inverse=True)
    labels = np.array([int(r["label"]) for r in rows])
    counts = value_counts(items, labels, n_items=int(items.max()) + 1, n_labels=2)
    assert krippendorff_alpha(counts).value == pytest.approx(alpha, abs=5e-4)


def test_dices350():
    """DICES-350 (Aroyo et al. 2023): safety of a dialogue by 123 annotators, three nominal answers."""
    rows = read("dices350", "ratings_wide.csv")
    columns = [c for c in rows[0] if c not in ("item_id", "expert_gold")]
    counts = wide_counts(rows, columns, ["Yes", "No", "Unsure"])
    found = agreement(counts)
    assert len(columns) == 123
    assert found[CoefficientName.KRIPPENDORFF_ALPHA].value == pytest.approx(0.161, abs=5e-4)
    # Every annotator labelled every dialogue, so κ differs from α by 1/n only.
    assert found[CoefficientName.FLEISS_KAPPA].value == pytest.approx(0.161, abs=5e-4)
