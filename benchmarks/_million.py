"""A project with very many labels, written past the labelling itself: items of three attributes, people, a model.

Import it after Django was set up. Labels, and what the outbox is told of them, are what labelling would have written.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from annotations.importing.copying import Table, copy_rows
from annotations.models import Annotation, Annotator, Dataset, OutboxRow, Project, ProtectedAttribute
from annotations.state import Vote, hour_of, item_state
from benchmarks._stack import LABELS, project_made
from fairness.models import Pulse
from fairness.services.recount import recount

GROUPS = {"religion": 6, "gender": 4, "origin": 8}  # attribute: number of groups
PEOPLE = 3  # labels of people that an item gets, besides the model's
NEEDED, SUPPORT = 5, 2  # labels that an item asks for unless they are to be finished, and votes that decide
GOLD_EVERY = 10  # of items that are to be finished, each so many-th has a gold label

ANNOTATIONS = Table(
    Annotation,
    (
        "project_id",
        "item_id",
        "annotator_id",
        "schema_id",
        "source",
        "status",
        "value",
        "reason",
        "idempotency_key",
        "created_at",
    ),
)
OUTBOX = Table(OutboxRow, ("project_id", "item_id", "before", "after", "items", "created_at"))
ITEMS = """
INSERT INTO annotations_item (project_id, dataset_id, external_id, modality, payload, content_hash, groups, extra,
    gold, created_at)
SELECT %(project)s, %(dataset)s, '', 'text', jsonb_build_object('text', 'Message number ' || n), md5(n::text),
    jsonb_build_object('religion', 'religion ' || n %% 6, 'gender', 'gender ' || n / 6 %% 4,
        'origin', 'origin ' || n / 24 %% 8), '{}',
    CASE WHEN %(finished)s AND n %% %(every)s = 0 THEN to_jsonb((%(labels)s)[n / %(every)s %% %(kinds)s + 1]) END, now()
FROM generate_series(0, %(count)s - 1) n
"""
QUEUE = """
INSERT INTO annotations_queueentry (item_id, project_id, remaining, shuffle, redundancy, min_support)
SELECT id, project_id, %(remaining)s, (random() * 9.2e18)::bigint, %(needed)s, %(support)s
FROM annotations_item WHERE project_id = %(project)s
"""

Said = tuple[str, ...]  # labels of an item so far, in the order of the annotators


@dataclass
class Million:
    """The project, its items by number, and who labels them: ``PEOPLE`` people and then a model.

    ``finished``: items ask for no more labels than people give them, so that in the end people's consensus counts, and
    a part of them has gold: labels and consensus are held against the truth.
    """

    project: Project
    schema_id: int
    items: list[int]
    annotators: list[Annotator]
    said: list[Said]
    dataset_id: int
    finished: bool
    given_at: datetime  # when all labels were given, for the counters: one hour, however long writing them takes

    @classmethod
    def make(cls, title: str, items: int, *, finished: bool = False) -> Million:
        """A project of ``items`` items that nobody has labelled, known to the outbox."""
        owner = User.objects.create(email=f"bench-{title.replace(' ', '-')}@localhost")
        project = project_made(title, owner)
        project.attributes.all().delete()
        for position, name in enumerate(GROUPS):
            ProtectedAttribute.objects.create(project=project, name=name, column=name, position=position)
        needed = _needed(finished)
        Project.objects.filter(pk=project.pk).update(redundancy=needed, min_support=SUPPORT, favourable_label=LABELS[0])
        project.refresh_from_db()
        people = [Annotator.objects.create(project=project, kind="human", name=f"p{n}") for n in range(PEOPLE)]
        model = Annotator.objects.create(project=project, kind="model", name="bench")
        dataset = Dataset.objects.create(project=project, name="Messages", created_by=owner)
        with transaction.atomic(), connection.cursor() as cursor:
            gold: dict[str, Any] = {
                "finished": finished,
                "every": GOLD_EVERY,
                "labels": list(LABELS),
                "kinds": len(LABELS),
            }
            cursor.execute(ITEMS, {"project": project.pk, "dataset": dataset.pk, "count": items, **gold})
            asked = {"project": project.pk, "needed": needed, "support": SUPPORT, "remaining": needed - PEOPLE}
            cursor.execute(QUEUE, asked)
            cursor.execute("SELECT id FROM annotations_item WHERE project_id = %s ORDER BY id", [project.pk])
            ids = [pk for (pk,) in cursor.fetchall()]
            copy_rows(OUTBOX, _new_items(project.pk, dataset.pk, items, finished=finished))
        schema_id = project.schemas.get().pk
        return cls(project, schema_id, ids, [*people, model], [()] * items, dataset.pk, finished, timezone.now())

    @property
    def labels(self) -> int:
        """How many there will be."""
        return len(self.items) * len(self.annotators)

    def chunks(self, size: int) -> Iterator[int]:
        """Write all labels, each with its outbox row, ``size`` at a time in one transaction; yields how many so far."""
        chance, written = random.Random(1), 0
        for numbers, annotator in self._parts(size):
            self._write(numbers, annotator, chance)
            written += len(numbers)
            yield written

    def load(self, size: int) -> None:
        """Write all labels as above, told to the counters at once instead of the outbox."""
        chance = random.Random(1)
        for numbers, annotator in self._parts(size):
            self._write(numbers, annotator, chance, outbox=False)
        # As for a project whose counters are older: the recount meets the groups that no fold has met.
        Pulse.objects.update_or_create(project=self.project, defaults={"kept": 0})
        recount(project=self.project, mend=True)
        with connection.cursor() as cursor:  # what autovacuum would do by itself, in the middle of a measurement
            cursor.execute("VACUUM ANALYZE")

    def _parts(self, size: int) -> Iterator[tuple[range, Annotator]]:
        """``size`` items are labelled by everybody before the next ones are: any few parts have labels of all kinds."""
        for first in range(0, len(self.items), size):
            for annotator in self.annotators:
                yield range(first, min(first + size, len(self.items))), annotator

    def _write(self, numbers: range, annotator: Annotator, chance: random.Random, *, outbox: bool = True) -> None:
        now, given_at = timezone.now().isoformat(), self.given_at.isoformat()
        model_id, hour, needed = self.annotators[-1].pk, hour_of(self.given_at), _needed(self.finished)
        labels, changes = [], []
        for number in numbers:
            before, groups, item = self.said[number], number % 192, self.items[number]
            after = self.said[number] = (*before, chance.choices(LABELS, (6, 1 + groups % 3, 2))[0])
            labels.append(
                (
                    self.project.pk,
                    item,
                    annotator.pk,
                    self.schema_id,
                    annotator.kind,
                    "current",
                    f'"{after[-1]}"',
                    "",
                    "",
                    given_at,
                )
            )
            gold = _gold(number) if self.finished else None
            told = (_state(said, groups, model_id, self.dataset_id, hour, gold, needed) for said in (before, after))
            changes.append((self.project.pk, item, *told, 1, now))
        with transaction.atomic():
            copy_rows(ANNOTATIONS, labels)
            if outbox:
                copy_rows(OUTBOX, changes)


def _groups(number: int) -> dict[str, str]:
    """As ``ITEMS`` makes them; they repeat after 192 items."""
    return {
        "religion": f"religion {number % 6}",
        "gender": f"gender {number // 6 % 4}",
        "origin": f"origin {number // 24 % 8}",
    }


def _needed(finished: bool) -> int:
    return PEOPLE if finished else NEEDED


def _gold(number: int) -> str | None:
    """As ``ITEMS`` makes it where items are to be finished."""
    return None if number % GOLD_EVERY else LABELS[number // GOLD_EVERY % len(LABELS)]


def _new_items(project_id: int, dataset_id: int, items: int, *, finished: bool) -> Iterator[tuple[object, ...]]:
    now, needed = timezone.now().isoformat(), _needed(finished)
    alike = Counter((number % 192, _gold(number) if finished else None) for number in range(items))
    for (groups, gold), count in alike.items():
        yield project_id, None, None, _state((), groups, 0, dataset_id, 0, gold, needed), count, now


@cache
def _state(said: Said, groups: int, model_id: int, dataset_id: int, hour: int, gold: str | None, needed: int) -> str:
    """The state, as JSON, of an item with these labels; the one after those of all people is the model's."""
    votes = [
        Vote(0, model_id if place == PEOPLE else -place, place == PEOPLE, token, hour)
        for place, token in enumerate(said)
    ]
    state = item_state(
        votes,
        groups=_groups(groups),
        redundancy=needed,
        min_support=SUPPORT,
        settled=None,
        gold=gold,
        dataset=dataset_id,
    )
    return json.dumps(state.as_json())
