"""Joined rows as model objects, for the few statements that every request makes.

The ORM spends about a millisecond on composing a query with a join, each time anew; these are composed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model


def read_one(source: str, parameters: Sequence[Any], **models: type[Model]) -> tuple[Any, ...] | None:
    """One object of each of ``models`` (alias=Model), or None where there is no such row.

    ``source`` is everything from FROM on, with the aliases; values go into ``parameters`` only.
    """
    with connection.cursor() as cursor:
        cursor.execute(_select(tuple(models.items())) + source, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    objects, place = [], 0
    for model in models.values():
        width = len(_names(model))
        objects.append(_built(model, row[place : place + width]))
        place += width
    return tuple(objects)


@cache
def _select(models: tuple[tuple[str, type[Model]], ...]) -> str:
    columns = [f'"{alias}"."{field.column}"' for alias, model in models for field in model._meta.concrete_fields]
    return f"SELECT {', '.join(columns)} "


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _converters(model: type[Model]) -> list[tuple[int, Any]]:
    fields = enumerate(model._meta.concrete_fields)
    return [(place, field.from_db_value) for place, field in fields if hasattr(field, "from_db_value")]


def _built(model: type[Model], values: Sequence[Any]) -> Model:
    converted = list(values)
    for place, convert in _converters(model):
        converted[place] = convert(converted[place], None, connection)
    return model.from_db("default", _names(model), converted)
