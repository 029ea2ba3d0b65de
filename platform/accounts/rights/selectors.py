"""What a person is told before they download or erase anything."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from accounts.rights.parts import Notice, Part, parts


@dataclass(frozen=True)
class Stored:
    """One kind of what is stored; ``count`` is None where there is nothing to count."""

    part: Part
    count: int | None


@dataclass(frozen=True)
class Prospect:
    """What erasing would come to: why it cannot be done yet, what to know before, what goes, what stays."""

    hindrances: list[Notice]
    warnings: list[Notice]
    goes: list[Part]
    stays: list[Part]
    confirm_with: str  # "password", or "email" for an account without one


def stored(user: User) -> list[Stored]:
    """One query for each kind, however much there is."""
    return [Stored(part, part.count(user) if part.count else None) for part in parts()]


def prospect(user: User) -> Prospect:
    """Kinds of which nothing is stored are left out."""
    present = [one.part for one in stored(user) if one.count != 0]
    return Prospect(
        hindrances=hindrances(user),
        warnings=[notice for part in parts() for notice in part.warn(user)],
        goes=[part for part in present if part.goes],
        stays=[part for part in present if not part.goes],
        confirm_with="password" if user.has_usable_password() else "email",
    )


def hindrances(user: User) -> list[Notice]:
    return [notice for part in parts() for notice in part.hinder(user)]
