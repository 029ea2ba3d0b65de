"""Joined rows as model objects, for the few statements that every request makes.

The ORM spends about a millisecond on composing a query with a join, each time anew; these are composed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model
from django.db.models.base import ModelState

from ledger.statements import Statement

M = TypeVar("M", bound=Model)


class Joined:
    """A statement that gives one object of each of ``models`` (alias=Model).

    ``source`` is everything from FROM on, with the aliases and ``%(name)s`` for values of the given ``types``.
    """

    def __init__(self, name: str, source: str, types: Mapping[str, str], **models: type[Model]) -> None:
        self.name, self.source, self.types, self.models = name, source, types, models

    @cached_property
    def statement(self) -> Statement:
        models = self.models.items()
        columns = [f'"{alias}"."{field.column}"' for alias, model in models for field in model._meta.concrete_fields]
        return Statement(self.name, f"SELECT {', '.join(columns)} {self.source}", **self.types)

    def one(self, **values: Any) -> tuple[Any, ...] | None:
        """The objects of the first row, or None where there is none."""
        with connection.cursor() as cursor:
            row = self.statement.execute(cursor, values).fetchone()
        if row is None:
            return None
        objects, place = [], 0
        for model in self.models.values():
            width = len(_names(model))
            objects.append(stored(model, _converted(model, row[place : place + width])))
            place += width
        return tuple(objects)


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _converters(model: type[Model]) -> list[tuple[int, Any]]:
    fields = enumerate(model._meta.concrete_fields)
    return [(place, field.from_db_value) for place, field in fields if hasattr(field, "from_db_value")]


def _converted(model: type[Model], row: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    yield from zip(_names(model), row, strict=True)
    for place, convert in _converters(model):
        yield _names(model)[place], convert(row[place], None, connection)


def stored(model: type[M], values: Iterable[tuple[str, Any]]) -> M:
    """A row that is stored as an object, from (attribute, value) pairs.

    Made as unpickling makes one: all fields are set at once, not each through its descriptor. What is not among
    ``values`` is read when it is asked for.
    """
    made = model.__new__(model)
    made.__dict__.update(values)
    made._state = ModelState()
    made._state.adding, made._state.db = False, "default"
    return made
