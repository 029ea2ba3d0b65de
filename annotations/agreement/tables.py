"""From labels to the two count tables that agreement is computed from.

*Value counts*, shape ``(items, labels)``: how many annotators gave item *i* the label *k*.
*Confusion matrix*, shape ``(labels, labels)``: how often the first annotator said *k* where the second
said *l*. Labels are codes 0 … n_labels-1, items codes 0 … n_items-1. An annotator's superseded labels are
left out by the caller: one annotator counts once per item.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Rows converted to floats at a time where integer matrices are multiplied: bounds the copy to some MiB.
_BLOCK_ROWS = 65_536


def integers(values: npt.ArrayLike, name: str, ndim: int) -> Integers:
    """``values`` as a non-negative int64 array of ``ndim`` dimensions.

    Raises
    ------
    ValueError
        Where it has another number of dimensions, holds something other than whole numbers, or a negative.
    """
    array = np.asarray(values)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.int64)
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension(s), got {array.ndim}.")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole numbers, got {array.dtype}.")
    result: Integers = array.astype(np.int64, copy=False)
    if result.size and int(result.min()) < 0:
        raise ValueError(f"{name} must not be negative.")
    return result


def codes(values: npt.ArrayLike, name: str, stop: int) -> Integers:
    """``values`` as codes 0 … ``stop``-1; ``ValueError`` where one is outside."""
    array = integers(values, name, 1)
    if array.size and int(array.max()) >= stop:
        raise ValueError(f"{name} must lie below {stop}, got {int(array.max())}.")
    return array


def _same_length(**columns: Integers) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"Columns must have one length, got {lengths}.")


def value_counts(items: npt.ArrayLike, labels: npt.ArrayLike, *, n_items: int, n_labels: int) -> Integers:
    """Value counts of labels in long form: label ``labels[j]`` was given to item ``items[j]``.

    Parameters
    ----------
    items, labels : codes, shape (n,).

    Returns
    -------
    Integers of shape (n_items, n_labels).
    """
    item_codes, label_codes = codes(items, "items", n_items), codes(labels, "labels", n_labels)
    _same_length(items=item_codes, labels=label_codes)
    cells = np.bincount(item_codes * n_labels + label_codes, minlength=n_items * n_labels)
    return cells.reshape(n_items, n_labels)


def confusion_matrix(first: npt.ArrayLike, second: npt.ArrayLike, *, n_labels: int) -> Integers:
    """Confusion matrix of two annotators' labels of the same items, in the same order.

    Parameters
    ----------
    first, second : label codes, shape (n,).

    Returns
    -------
    Integers of shape (n_labels, n_labels): the first annotator in rows, the second in columns.
    """
    a, b = codes(first, "first", n_labels), codes(second, "second", n_labels)
    _same_length(first=a, second=b)
    return np.bincount(a * n_labels + b, minlength=n_labels * n_labels).reshape(n_labels, n_labels)


def cross_confusion(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Integers, int]:
    """Confusion matrix between two *kinds* of annotators, such as humans and a model, over shared items.

    Every label of the first kind is paired with every label of the second kind of the same item:
    ``M[k, l] = Σ_i first[i, k] · second[i, l]``.

    Parameters
    ----------
    first, second : value counts of the same items in the same order, both of shape (items, labels).

    Returns
    -------
    matrix, n_items : the matrix of shape (labels, labels), and how many items have labels of both kinds.
        Pass ``n_items`` on to the coefficients: several pairs of one item are not independent.
    """
    a, b = integers(first, "first", 2), integers(second, "second", 2)
    if a.shape != b.shape:
        raise ValueError(f"Both value counts must have one shape, got {a.shape} and {b.shape}.")
    total = np.zeros((a.shape[1], a.shape[1]))
    for start in range(0, len(a), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        # Floats reach the fast matrix product; whole numbers stay exact below 2**53.
        total += a[block].T.astype(np.float64) @ b[block].astype(np.float64)
    shared = int(np.count_nonzero(a.any(axis=1) & b.any(axis=1)))
    return np.rint(total).astype(np.int64), shared


def pairwise_confusions(
    items: npt.ArrayLike, raters: npt.ArrayLike, labels: npt.ArrayLike, *, n_labels: int
) -> Iterator[tuple[int, int, Integers]]:
    """Confusion matrices of every pair of annotators that share an item.

    Parameters
    ----------
    items, raters, labels : labels in long form, codes of shape (n,).

    Yields
    ------
    first, second, matrix : annotator codes with ``first < second``, in ascending order, and their
        confusion matrix. One at a time: all pairs of a large crowd at once would not fit into memory.

    Raises
    ------
    ValueError
        Where one annotator labels one item twice.
    """
    item, rater = integers(items, "items", 1), integers(raters, "raters", 1)
    label = codes(labels, "labels", n_labels)
    _same_length(items=item, raters=rater, labels=label)
    order = np.lexsort((rater, item))
    item, rater, label = item[order], rater[order], label[order]
    if np.any((item[1:] == item[:-1]) & (rater[1:] == rater[:-1])):
        raise ValueError("An annotator counts once per item: leave superseded labels out.")
    n_raters = int(rater.max()) + 1 if len(rater) else 0
    yield from _split_by_pair(_shared_cells(item, rater, label, n_raters, n_labels), n_raters, n_labels)


def _shared_cells(
    item: Integers, rater: Integers, label: Integers, n_raters: int, n_labels: int
) -> tuple[Integers, Integers]:
    """Distinct (pair of raters, pair of labels) keys and their counts; input sorted by item, rater."""
    found = []
    for step in range(1, len(item)):
        same = np.flatnonzero(item[step:] == item[:-step])
        if not len(same):
            break  # sorted by item: nothing shares an item at any larger step either
        pair = rater[same] * n_raters + rater[same + step]
        found.append((pair * n_labels + label[same]) * n_labels + label[same + step])
    keys = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    distinct, counts = np.unique(keys, return_counts=True)
    return distinct, counts.astype(np.int64)


def _split_by_pair(
    cells: tuple[Integers, Integers], n_raters: int, n_labels: int
) -> Iterator[tuple[int, int, Integers]]:
    keys, counts = cells
    size = n_labels * n_labels
    pairs, starts = np.unique(keys // size, return_index=True)
    stops = np.append(starts, len(keys))[1:]
    for pair, start, stop in zip(pairs, starts, stops, strict=True):
        matrix = np.zeros(size, dtype=np.int64)
        matrix[keys[start:stop] % size] = counts[start:stop]
        yield int(pair) // n_raters, int(pair) % n_raters, matrix.reshape(n_labels, n_labels)
