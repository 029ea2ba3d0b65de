"""Count tables from labels in long form."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.agreement import confusion_matrix, cross_confusion, pairwise_confusions, value_counts
from annotations.agreement import tables as tables_module

#: (item, rater, label), one label per rater and item.
long_form = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 4)), st.integers(0, 2), max_size=25).map(
    lambda cells: [(item, rater, label) for (item, rater), label in cells.items()]
)


def columns(rows):
    return np.array(rows, dtype=np.int64).reshape(-1, 3).T


@given(long_form)
def test_value_counts(rows):
    item, _, label = columns(rows)
    counts = value_counts(item, label, n_items=7, n_labels=3)
    expected = Counter((i, k) for i, _, k in rows)
    assert counts.shape == (7, 3)
    assert {cell: n for cell, n in np.ndenumerate(counts) if n} == expected


def test_confusion_matrix_has_the_first_annotator_in_rows():
    assert confusion_matrix([0, 0, 1], [1, 1, 0], n_labels=2).tolist() == [[0, 2], [1, 0]]


@given(long_form, long_form)
def test_cross_confusion_pairs_every_label_with_every_other_kinds_label(first, second):
    (item_a, _, label_a), (item_b, _, label_b) = columns(first), columns(second)
    matrix, n_items = cross_confusion(
        value_counts(item_a, label_a, n_items=7, n_labels=3),
        value_counts(item_b, label_b, n_items=7, n_labels=3),
    )
    expected = Counter((k, m) for i, _, k in first for j, _, m in second if i == j)
    assert {cell: n for cell, n in np.ndenumerate(matrix) if n} == expected
    assert n_items == len({i for i, _, _ in first} & {i for i, _, _ in second})


def test_cross_confusion_is_the_same_in_blocks(monkeypatch):
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 3, (50, 4)), rng.integers(0, 3, (50, 4))
    whole, n_items = cross_confusion(first, second)
    monkeypatch.setattr(tables_module, "_BLOCK_ROWS", 7)
    in_blocks, n_items_in_blocks = cross_confusion(first, second)
    assert (whole == in_blocks).all()
    assert n_items == n_items_in_blocks
    assert whole.sum() == (first.sum(axis=1) * second.sum(axis=1)).sum()


@given(long_form, st.randoms(use_true_random=False))
def test_pairwise_confusions(rows, random):
    random.shuffle(rows)
    found = {(a, b): matrix for a, b, matrix in pairwise_confusions(*columns(rows), n_labels=3)}
    expected = {}
    for (i, a, k), (j, b, m) in combinations(sorted(rows), 2):
        if i == j:
            expected.setdefault((a, b), Counter())[k, m] += 1
    assert list(found) == sorted(expected)
    for pair, matrix in found.items():
        assert {cell: n for cell, n in np.ndenumerate(matrix) if n} == expected[pair]


def test_one_annotator_counts_once_per_item():
    with pytest.raises(ValueError, match="leave superseded labels out"):
        list(pairwise_confusions([0, 0, 0], [1, 2, 1], [0, 0, 1], n_labels=2))


@pytest.mark.parametrize(
    ("items", "labels", "message"),
    [
        ([0, 2], [0, 1], "items must lie below 2, got 2"),
        ([0, 1], [0, 3], "labels must lie below 3, got 3"),
        ([0, 1], [-1, 1], "labels must not be negative"),
        ([0, 1], [0.0, 1.0], "labels must hold whole numbers"),
        ([0, 1], [0], "Columns must have one length"),
        ([[0, 1]], [0, 1], "items must have 1 dimension"),
    ],
)
def test_impossible_codes(items, labels, message):
    with pytest.raises(ValueError, match=message):
        value_counts(items, labels, n_items=2, n_labels=3)


def test_no_labels_at_all():
    assert value_counts([], [], n_items=2, n_labels=2).tolist() == [[0, 0], [0, 0]]
    assert list(pairwise_confusions([], [], [], n_labels=2)) == []


def test_value_counts_of_two_kinds_must_fit():
    with pytest.raises(ValueError, match="one shape"):
        cross_confusion([[1, 0]], [[1, 0, 0]])
