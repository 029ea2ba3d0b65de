"""Columns of an exported table: their kinds, and how they are made of a query's cells, an Arrow batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from annotations.columns import ARROW

Row = dict[str, Any]
Columns = dict[str, str]  # name → kind, see ``annotations.columns``


class Field(NamedTuple):
    """Columns (name → kind) that come from the same cells of the query.

    Without ``make`` there is one column, which is the one cell. ``make`` takes the texts of the cells ``sources`` (None
    for NULL) and gives a value for every column; it is called once for each distinct combination in a batch. ``whole``
    takes the cells themselves, with the kinds that ``kinds`` names, and gives the one column: for numbers, which repeat
    too seldom to be worked out one by one.
    """

    columns: Columns
    sources: tuple[str, ...]
    make: Callable[..., Row] | None = None
    whole: Callable[..., Any] | None = None
    kinds: tuple[str, ...] = ()


def one(name: str, kind: str, source: str = "") -> Field:
    """A column that is a cell of the query, by default the cell of the same name."""
    return Field({name: kind}, (source or name,))


def arrow_schema(columns: Columns) -> Any:
    """The Arrow schema of ``columns``."""
    return pa.schema([(name, ARROW[kind]) for name, kind in columns.items()])


def derive(batch: Any, fields: Sequence[Field], schema: Any) -> Any:
    """A record batch with ``schema``, made of ``batch``, whose columns are named by the cells' paths."""
    arrays = [array for field in fields for array in _arrays(batch, field)]
    return pa.record_batch(arrays, schema=schema)


def _arrays(batch: Any, field: Field) -> list[Any]:
    cells = [batch.column(source) for source in field.sources]
    if field.whole is not None:
        return [field.whole(*cells)]
    if field.make is None:
        return cells
    places, distinct = _distinct(cells)
    made = [field.make(*texts) for texts in distinct]
    return [
        pa.array([row[name] for row in made], type=ARROW[kind]).take(places) for name, kind in field.columns.items()
    ]


def _distinct(cells: Sequence[Any]) -> tuple[Any, list[tuple[str | None, ...]]]:
    """For each row its place in the list of distinct combinations, and that list."""
    encoded = [cell.dictionary_encode(null_encoding="encode") for cell in cells]
    if len(encoded) == 1:
        return encoded[0].indices, [(text,) for text in encoded[0].dictionary.to_pylist()]
    number = np.zeros(len(cells[0]), dtype=np.int64)
    for cell in encoded:
        number = number * len(cell.dictionary) + cell.indices.to_numpy()
    _values, first, places = np.unique(number, return_index=True, return_inverse=True)
    texts = [cell.dictionary.take(cell.indices.take(pa.array(first))).to_pylist() for cell in encoded]
    return pa.array(places), list(zip(*texts, strict=True))
