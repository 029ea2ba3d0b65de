"""A project that checks its people, and a worker who answers."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.access import Access
from annotations.labelling.services import claim, submit
from annotations.models import Annotator, Item, QualityRules
from tests.factories import Cast, make_items


@pytest.fixture
def worker():
    """``worker(user, project)`` is the user's annotator in the project."""

    def made(user, project) -> Annotator:
        return Annotator.objects.get_or_create(project=project, user=user, defaults={"kind": "human"})[0]

    return made


@pytest.fixture
def checks(cast: Cast):
    """``checks(**rules)`` switches the checks on: by default every second item is gold, and five answers judge."""

    def on(**rules: Any) -> QualityRules:
        defaults = {"is_on": True, "gold_start": 0.5, "gold_floor": 0.5, "limit": 0.6, "min_answers": 5, "seed": 7}
        made, _new = QualityRules.objects.update_or_create(project=cast.project, defaults=defaults | rules)
        return made

    return on


@pytest.fixture
def gold(cast: Cast):
    """``gold(n)`` makes n items whose label is known to be "keep"."""

    def made(count: int) -> list[Item]:
        return make_items(cast.project, count, gold="keep")

    return made


@pytest.fixture
def owner(cast: Cast) -> Access:
    return Access(cast.project, cast.project.memberships.get(user=cast.olivia).role, cast.olivia)


@pytest.fixture
def answer():
    """``answer(annotator, value, count)`` claims and labels so many items; the items."""

    def given(annotator: Annotator, value: str, count: int = 1) -> list[Item]:
        items = []
        for _turn in range(count):
            lease = claim(annotator=annotator, project=annotator.project)
            items.append(lease.item)
            submit(annotator=annotator, assignment_id=lease.pk, value=value)
        return items

    return given


@pytest.fixture
def paused(cast, worker, checks, gold, answer) -> Annotator:
    """Wanda, paused after five wrong answers; ten more items wait."""
    gold(5)
    checks()
    wanda = worker(cast.wanda, cast.project)
    answer(wanda, "remove", 5)
    make_items(cast.project, 10)
    wanda.refresh_from_db()
    return wanda
