"""What may be done with the values of an attribute: bins of numbers, misspelt values, too many groups. Pure.

``Counts`` maps a value, as it was imported, to the number of items that have it.
"""

from __future__ import annotations

import bisect
import itertools
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import invalid

Counts = Mapping[str, int]

NUMERIC_SHARE = 0.8  # of the items whose value is a number, for an attribute to be one of numbers
NUMERIC_DISTINCT = 6  # different numbers that make bins worth while
MAX_BINS = 20
SHOWN = 20  # groups named one by one; all others are "other groups"
COMPARED = 200  # most frequent values that are looked through for misspelt ones
NO_NUMBER = ""  # the name, in a preview, of what goes into no bin
RARE = 0.1  # a misspelt value has at most this share of the items of the one that is meant


def as_number(value: str) -> float | None:
    """The number that a value is, a comma taken for a point; None where it is none, or not finite."""
    try:
        number = float(value.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def is_numeric(counts: Counts) -> bool:
    """Whether the values are numbers, and so many different ones that each would be a group of its own."""
    numbers = {value: n for value, n in counts.items() if as_number(value) is not None}
    return len(numbers) >= NUMERIC_DISTINCT and sum(numbers.values()) >= NUMERIC_SHARE * sum(counts.values())


def quantile_edges(counts: Counts, bins: int) -> list[float]:
    """Edges that part the numbers into up to ``bins`` bins of about as many items each; fewer where values repeat."""
    found = ((as_number(value), n) for value, n in counts.items())
    numbers = sorted((number, n) for number, n in found if number is not None)
    total, below = sum(n for _number, n in numbers), 0
    edges: list[float] = []
    for number, n in numbers:
        if below and len(edges) < bins - 1 and below >= (len(edges) + 1) * total / bins - n / 2:
            edges.append(number)
        below += n
    return edges


def check_edges(edges: Iterable[object]) -> list[float]:
    """Rising finite numbers, 1 to ``MAX_BINS`` − 1 of them; raises ``DomainError`` (400)."""
    given = [as_number(str(edge)) for edge in edges]
    numbers = [edge for edge in given if edge is not None]
    if len(numbers) != len(given) or not 1 <= len(numbers) < MAX_BINS:
        raise invalid(f"Give 1 to {MAX_BINS - 1} numbers at which one bin ends and the next begins.", code="bad_edges")
    if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
        raise invalid("Each edge must be larger than the one before it.", code="bad_edges")
    return numbers


def bin_of(value: str, edges: Sequence[float]) -> str:
    """The bin's name. An edge belongs to the bin above it; what is no number stays what it is."""
    number = as_number(value)
    if number is None:
        return value
    place = bisect.bisect_right(edges, number)
    if place == 0:
        return f"below {edges[0]:g}"
    if place == len(edges):
        return f"{edges[-1]:g} and above"
    return f"{edges[place - 1]:g} to below {edges[place]:g}"


@dataclass(frozen=True)
class Likeness:
    """``rare`` looks like ``frequent`` misspelt; how many items have each."""

    rare: str
    rare_items: int
    frequent: str
    frequent_items: int


def lookalikes(counts: Counts) -> list[Likeness]:
    """Values that are probably another one misspelt, each with the most frequent one that it may be.

    The same but for case, spaces and marks; or a letter or two away from one that is ten times as frequent. Values that
    differ in a digit are different. Only the ``COMPARED`` most frequent values are looked through.
    """
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:COMPARED]
    found = []
    for place, (value, n) in enumerate(ranked):
        for other, more in ranked[:place]:
            if _same(value, other) or (n <= RARE * more and _close(value, other)):
                found.append(Likeness(value, n, other, more))
                break
    return found


def alike_names(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` probably is, misspelt."""
    return next((other for other in known if other != name and (_same(name, other) or _close(name, other))), None)


def _plain(value: str) -> str:
    spread = unicodedata.normalize("NFKD", value.casefold())
    return "".join(sign for sign in spread if sign.isalnum())


def _same(one: str, other: str) -> bool:
    return bool(_plain(one)) and _plain(one) == _plain(other)


def _close(one: str, other: str) -> bool:
    one, other = _plain(one), _plain(other)
    if [sign for sign in one if sign.isdigit()] != [sign for sign in other if sign.isdigit()]:
        return False
    shorter = min(len(one), len(other))
    allowed = 0 if shorter < 4 else 1 if shorter < 8 else 2
    return abs(len(one) - len(other)) <= allowed and _distance(one, other) <= allowed


def _distance(one: str, other: str) -> int:
    """Letters to insert, drop, change, or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, sign in enumerate(one, start=1):
        row = [i]
        for j, letter in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (sign != letter))
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == letter:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


@dataclass(frozen=True)
class Shown:
    """The largest groups, and how many others there are with how many items together."""

    largest: tuple[tuple[str, int], ...]
    others: int
    other_items: int


def largest(counts: Counts, shown: int = SHOWN) -> Shown:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = ranked[shown:]
    return Shown(tuple(ranked[:shown]), len(rest), sum(n for _value, n in rest))


def preview(raw: Counts, rules: Mapping[str, object]) -> dict[str, int]:
    """Group → items, as they would be: what is shown before anything is changed."""
    tally: Counter[str] = Counter()
    for value, n in raw.items():
        tally[regrouped(value, rules)] += n
    return dict(tally)


def bins_preview(raw: Counts, edges: Sequence[float]) -> list[tuple[str, int]]:
    """Each bin, in order, with its items, also where it has none; then the items whose value is no number."""
    tally = preview(raw, {"edges": list(edges)})
    names = [bin_of(str(number), edges) for number in (edges[0] - 1, *edges)]
    others = sum(n for name, n in tally.items() if name not in names)
    return [*((name, tally.get(name, 0)) for name in names), *([(NO_NUMBER, others)] if others else [])]


def original_column(attribute: str) -> str:
    """The column of ``Item.extra`` that keeps the imported value of a group that rules made of it."""
    return f"{attribute} (as imported)"


def regrouped(value: str, rules: Mapping[str, object]) -> str:
    """The group of an imported value by ``{"edges": [...]}`` or ``{"values": {"from": "to"}}``."""
    edges, values = rules.get("edges"), rules.get("values")
    if isinstance(edges, list):
        return bin_of(value, edges)
    return str(values.get(value, value)) if isinstance(values, dict) else value
