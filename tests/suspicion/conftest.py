"""A stored crowd: six honest people, one who does not read, and one who copies from another."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from annotations.access import Access
from annotations.models import Annotation, Annotator, Item
from tests.factories import Cast, make_items

LABELS = ["keep", "review", "remove"]
TEXT = {"text": "The council meets on Tuesday and everybody who wants to speak about the old bridge can come at seven."}


@dataclass
class Stored:
    """``people``: 0 to 5 honest, 6 says "keep" within a second, 7 copies from 5."""

    cast: Cast
    people: list[Annotator]
    items: list[Item] = field(default_factory=list)
    seed: int = 0

    def label(self, count: int = 150) -> None:
        """``count`` more items, labelled by everybody."""
        self.seed += 1
        chance = np.random.default_rng(self.seed)
        fresh = make_items(self.cast.project, count)
        Item.objects.filter(pk__in=[item.pk for item in fresh]).update(payload=TEXT)
        self.items += fresh
        truth = chance.integers(0, 3, count)
        start = timezone.now() - timedelta(hours=5)
        rows = []
        for number, item in enumerate(fresh):
            said = np.where(chance.random(8) < 0.8, truth[number], chance.integers(0, 3, 8))
            said[6], said[7] = 0, said[5]
            for place, person in enumerate(self.people):
                seconds = 0.7 if place == 6 else chance.lognormal(np.log(9), 0.3)
                at = start + timedelta(minutes=float(number) + 17 * (place if place < 7 else 5), seconds=place)
                rows.append(self._row(item, person, LABELS[said[place]], int(1000 * seconds), at))
        Annotation.objects.bulk_create(rows)

    def _row(self, item: Item, person: Annotator, value: str, ms: int, at: object) -> Annotation:
        return Annotation(
            project=self.cast.project,
            item=item,
            annotator=person,
            schema=self.cast.schema,
            source="human",
            value=value,
            active_ms=ms,
            created_at=at,
        )

    def forget(self, *people: int) -> None:
        """Take these people's labels out of the count."""
        gone = Annotation.objects.filter(annotator__in=[self.people[place] for place in people])
        gone.update(status="excluded")


@pytest.fixture
def stored(cast) -> Stored:
    made = Stored(cast, [Annotator.objects.create(project=cast.project, kind="human") for _ in range(8)])
    made.label()
    return made


@pytest.fixture
def owner(cast) -> Access:
    return Access(cast.project, cast.project.memberships.get(user=cast.olivia).role, cast.olivia)
