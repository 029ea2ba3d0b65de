"""Projects with an audit stream whose coins are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from annotations.models import Case, Item, Project, Settlement, StreamRules
from annotations.settling.services import settle
from annotations.stream.coin import toss
from tests.factories import Cast, add_label, make_annotator
from tests.fairness.test_fold import fresh_items

SEED = 7


def switch_on(project: Project, **values) -> StreamRules:
    """Rules with a seed that tests know; nothing waits for its coin."""
    return StreamRules.objects.create(project=project, seed=SEED, **{"share": 0.2, **values})


def drawn_by(items: Sequence[Item], share: float, stream: str = "audit") -> set[int]:
    """Ids of those whose coin falls under the share."""
    return {item.pk for item in items if toss(SEED, stream, item.pk) < share}


def some_of_each(project: Project, *, share: float = 0.2, **fields) -> tuple[Item, Item]:
    """An item that is drawn at this share, and one that is not."""
    items: list[Item] = []
    while not 0 < len(drawn_by(items, share)) < len(items):
        items += fresh_items(project, 1, **fields)
    drawn = drawn_by(items, share)
    return next(one for one in items if one.pk in drawn), next(one for one in items if one.pk not in drawn)


def finish(item: Item, *values: str) -> None:
    """One person's label for each value."""
    for value in values:
        add_label(item, make_annotator(item.project), value)


def check(cast: Cast, item: Item, value: str | None = "keep", **fields) -> Settlement:
    """An expert's verdict on the item's open case."""
    case = Case.objects.get(item=item, status="open")
    given = {"cause": "checked", "recurrent": False, "reason": "", **fields}
    return settle(expert=cast.edgar, case_id=case.pk, value=value, **given)


@pytest.fixture
def single(cast) -> Cast:
    """One label finishes an item."""
    cast.project.redundancy = cast.project.min_support = 1
    cast.project.save()
    return cast


@pytest.fixture
def labelled(single) -> Callable[..., list[Item]]:
    """``labelled(n, value)``: finished items with one person's label."""

    def made(count: int, value: str = "keep", **fields) -> list[Item]:
        person = make_annotator(single.project)
        items = fresh_items(single.project, count, **fields)
        for item in items:
            add_label(item, person, value)
        return items

    return made
