"""Whether claim and submit stay as quick as a project grows: medians of the service, one client, in one run.

Compares 10,000 items with 1,000,000, there with a new worker, a worker who has labelled 50,000 of them, and with 99 %
of the items done. Makes projects of its own in the database that the settings name, with a label and an assignment for
each done place, and removes them afterwards. Needs about 3 GB of disk for the time being.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenhand.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from accounts.models import User  # noqa: E402
from annotations.labelling.services import claim, submit  # noqa: E402
from annotations.models import Annotator, Assignment, Dataset, LabelSchema, Project, ServingRules  # noqa: E402
from annotations.task_types import task_type  # noqa: E402
from evenhand.cli.bench import Figure  # noqa: E402

SMALL = 10_000
LARGE = 1_000_000
OWN = 50_000
LEFT = 0.01  # of the items, in the last stage
ROUNDS = 400
LABELS = ("keep", "review", "remove")
TABLES = (
    "annotations_outboxrow",
    "annotations_case",
    "annotations_consensus",
    "annotations_annotation",
    "annotations_assignment",
    "annotations_queueentry",
    "annotations_item",
    "annotations_dataset",
    "annotations_annotator",
    "annotations_labelschema",
)

ITEMS = """
WITH made AS (
    INSERT INTO annotations_item (project_id, dataset_id, external_id, modality, payload, content_hash, groups, extra,
        created_at)
    SELECT %(project)s, %(dataset)s, '', 'text', jsonb_build_object('text', 'Message number ' || number),
        md5(number::text), '{}', '{}', now()
    FROM generate_series(1, %(count)s) number
    RETURNING id
)
INSERT INTO annotations_queueentry (item_id, project_id, remaining, shuffle, redundancy, min_support)
SELECT id, %(project)s, 3, (random() * 9.2e18)::bigint, 3, 2 FROM made
"""

# One label of ``annotator`` for every item that the condition picks, as if it had been served.
LABEL = """
WITH picked AS (
    SELECT item_id FROM annotations_queueentry
    WHERE project_id = %(project)s AND item_id %% %(of)s < %(take)s
), lease AS (
    INSERT INTO annotations_assignment (project_id, item_id, annotator_id, schema_id, status, leased_at, expires_at,
        finished_at, skip_reason)
    SELECT %(project)s, item_id, %(annotator)s, %(schema)s, 'submitted', now(), now(), now(), '' FROM picked
    RETURNING id, item_id
)
INSERT INTO annotations_annotation (project_id, item_id, annotator_id, schema_id, assignment_id, source, status, value,
    reason, active_ms, idempotency_key, created_at)
SELECT %(project)s, item_id, %(annotator)s, %(schema)s, id, 'human', 'current', '"keep"', '', 1000, '',
    now() - interval '1 day'
FROM lease
"""

TAKEN = """
UPDATE annotations_queueentry SET remaining = remaining - 1
WHERE project_id = %(project)s AND item_id %% %(of)s < %(take)s AND remaining > 0
"""
DONE = """
UPDATE annotations_queueentry SET remaining = 0
WHERE project_id = %(project)s AND (item_id / 7) %% %(of)s >= %(take)s
"""


def run() -> dict[str, Figure]:
    with _project(SMALL) as small:
        base = _median(small, _worker(small))
    with _project(LARGE) as large:
        new = _median(large, _worker(large))
        veteran = _worker(large)
        _labelled(large, veteran, of=LARGE // OWN, take=1)
        _settle_down()
        old = _median(large, veteran)
        _labelled(large, _worker(large), of=1, take=1)  # a million labels more
        _sql(DONE, project=large.pk, of=round(1 / LEFT), take=1)
        _settle_down()
        last = _median(large, veteran)
    return {
        f"claim and submit, median, {SMALL:,} items": Figure(round(base, 2), "ms", "lower"),
        f"{LARGE:,} items": Figure(round(new, 2), "ms", "lower"),
        f"{LARGE:,} items, worker with {OWN:,} labels": Figure(round(old, 2), "ms", "lower"),
        f"{LARGE:,} items, 99 % done, the same worker": Figure(round(last, 2), "ms", "lower"),
        "ratio of the slowest to the small project": Figure(round(max(new, old, last) / base, 2), "×", "lower", 1.2),
    }


def _median(project: Project, annotator: Annotator) -> float:
    """Milliseconds of a submit that carries the next claim."""
    lease, chance, times = claim(annotator=annotator, project=project), random.Random(1), []
    for _round in range(ROUNDS):
        if lease is None:
            raise RuntimeError("The project has run out of items.")
        began = time.perf_counter()
        lease = submit(
            annotator=annotator, assignment_id=lease.pk, value=chance.choice(LABELS), claim_next=True
        ).following
        times.append(time.perf_counter() - began)
    Assignment.objects.filter(pk=lease.pk if lease else 0).update(status="released")
    return 1000 * statistics.median(times[ROUNDS // 10 :])


def _worker(project: Project) -> Annotator:
    user = User.objects.create(email=f"bench-scale-{time.time_ns()}@localhost")
    return Annotator.objects.create(project=project, user=user, kind="human")


def _labelled(project: Project, annotator: Annotator, *, of: int, take: int) -> None:
    values = {"project": project.pk, "annotator": annotator.pk, "of": of, "take": take}
    schema_id = project.schemas.get().pk
    _sql(LABEL, schema=schema_id, **values)
    _sql(TAKEN, **values)


def _sql(statement: str, **values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _settle_down() -> None:
    """What autovacuum does by itself within minutes."""
    _sql("VACUUM ANALYZE annotations_item, annotations_queueentry, annotations_assignment, annotations_annotation")


@contextmanager
def _project(items: int) -> Iterator[Project]:
    owner = User.objects.create(email=f"bench-scale-{time.time_ns()}@localhost")
    project = Project.objects.create(name="Benchmark of scale", created_by=owner, status="active", redundancy=3)
    try:
        ServingRules.objects.create(project=project, labels_per_minute=None)
        config = {"labels": [{"key": key, "name": key, "description": "", "shortcut": ""} for key in LABELS]}
        LabelSchema.objects.create(
            project=project,
            version=1,
            task_type="single_choice",
            config=task_type("single_choice").check_config(config),
            created_by=owner,
        )
        dataset = Dataset.objects.create(project=project, name="Messages", created_by=owner)
        _sql(ITEMS, project=project.pk, dataset=dataset.pk, count=items)
        _settle_down()
        yield project
    finally:
        with transaction.atomic():
            for table in TABLES:
                _sql(f"DELETE FROM {table} WHERE project_id = %(project)s", project=project.pk)
            project.delete()
        User.objects.filter(email__startswith="bench-scale-").delete()
