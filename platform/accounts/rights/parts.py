"""What each app says of what it stores about a person: how much, what, and what erasing the person means for it.

``settings.PERSONAL_DATA`` names modules; each has ``PARTS``. A new table about people is one more ``Part`` there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey

from accounts.models import User

Row = Mapping[str, Any]


class Fate(Enum):
    """What becomes of the rows of a foreign key to the person who is erased."""

    GONE = "gone"  # they are deleted
    CUT = "cut"  # they stay, and no longer say whose they are
    KEPT = "kept"  # they stay and name the account, which is nobody's by then


@dataclass(frozen=True)
class Notice:
    """A sentence for the person, and the project that it is about, if any."""

    text: str
    project_id: int | None = None
    project_name: str = ""


def _nothing(user: User) -> Sequence[Notice]:
    return ()


@dataclass(frozen=True)
class Part:
    """One kind of thing that is stored about a person.

    ``name`` is its file in the download. ``data`` gives that file: one object, or rows, which are read as they are
    sent; they hold nothing about anybody else, and no more than the person is shown elsewhere. ``count`` is None, or
    gives None, where there is nothing to count. ``afterwards`` says what erasing does to it; ``goes``: nothing of it
    is left.

    ``links`` maps each foreign key to people ("app.Model.field") to what becomes of its rows. ``erase`` does what goes
    beyond that, in the erasing transaction, before any link is dealt with; it may come twice. ``hinder`` says why the
    person cannot go yet, ``warn`` what they should know before.
    """

    name: str
    title: Any
    data: Callable[[User], Row | Iterable[Row]]
    afterwards: Any
    goes: bool = True
    count: Callable[[User], int | None] | None = None
    links: Mapping[str, Fate] = field(default_factory=dict)
    erase: Callable[[User], None] | None = None
    hinder: Callable[[User], Sequence[Notice]] = _nothing
    warn: Callable[[User], Sequence[Notice]] = _nothing


@cache
def parts() -> tuple[Part, ...]:
    """All parts of all apps, in the order in which they are shown."""
    return tuple(part for name in settings.PERSONAL_DATA for part in import_module(name).PARTS)


def links() -> dict[str, Fate]:
    """Each foreign key to people that an app has decided about."""
    return {name: fate for part in parts() for name, fate in part.links.items()}


def linked(name: str) -> ForeignKey[Any, Any]:
    """The foreign key called "app.Model.field"; raises ``LookupError`` where there is no such model."""
    app, model, column = name.split(".")
    found = apps.get_model(app, model)._meta.get_field(column)
    if not isinstance(found, ForeignKey):
        raise LookupError(f"{name} is no foreign key.")
    return found
