"""What one person holds and may do in a project, read in one statement after their lock is taken."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

from django.db import connection

from annotations.models import LabelSchema, ServingRules
from annotations.quality.gold import Checking
from ledger.statements import Statement

# The two look-ups at the end read as far back as a limit reaches, and only where there is one: when the label that
# would now be one too many was given.
COLUMNS = """
    SELECT project.status, project.lease_seconds, asked.id, rules.project_id IS NOT NULL, rules.strategy,
        rules.uniform_share, rules.open_leases, rules.labels_per_worker, rules.labels_per_minute, rules.shuffle_options,
        leases.all::text,
        CASE WHEN rules.labels_per_worker IS NOT NULL THEN EXISTS (
            SELECT 1 FROM annotations_annotation given
            WHERE given.annotator_id = worker.id AND given.status = 'current'
            OFFSET GREATEST(0, rules.labels_per_worker - COALESCE(json_array_length(leases.all), 0) - 1)) END,
        CASE WHEN rules.project_id IS NULL OR rules.labels_per_minute IS NOT NULL THEN (
            SELECT given.created_at FROM annotations_annotation given WHERE given.annotator_id = worker.id
            ORDER BY given.id DESC OFFSET COALESCE(rules.labels_per_minute, %(pace)s) - 1 LIMIT 1) END,
        project.content_warning <> '', project.expected_seconds, COALESCE(assistance.is_on, FALSE),
        worker.standing, CASE WHEN quality.is_on THEN json_build_array(
            worker.gold_right, worker.gold_wrong, quality.gold_start, quality.gold_floor, quality.limit, quality.seed,
            (SELECT COALESCE(max(own.id), 0) FROM annotations_assignment own WHERE own.annotator_id = worker.id)
        )::text END
"""
ROWS = """
    FROM annotations_annotator worker
    JOIN annotations_project project ON project.id = worker.project_id
    JOIN annotations_labelschema asked ON asked.project_id = project.id AND asked.is_current
    LEFT JOIN annotations_servingrules rules ON rules.project_id = project.id
    LEFT JOIN annotations_assistancerules assistance ON assistance.project_id = project.id
    LEFT JOIN annotations_qualityrules quality ON quality.project_id = project.id
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(lease.id, lease.item_id, EXISTS (
            SELECT 1 FROM annotations_annotation undone
            WHERE undone.item_id = lease.item_id AND undone.annotator_id = worker.id AND undone.status = 'withdrawn'
        )) ORDER BY lease.leased_at, lease.id) AS all
        FROM annotations_assignment lease
        WHERE lease.project_id = project.id AND lease.annotator_id = worker.id AND lease.status = 'leased'
    ) leases ON TRUE
    WHERE worker.id = %(annotator)s
"""
READ = Statement("situation_read", COLUMNS + ROWS, annotator="bigint", pace="bigint")

# The same right after a label was stored in the same round trip, with the label's id and that of the one it replaces.
READ_AFTER_LABEL = Statement(
    "situation_after_label",
    f"""
    {COLUMNS}, stored.id, stored.supersedes_id
    {
        ROWS.replace(
            "WHERE worker.id",
            '''
    JOIN annotations_annotation stored
        ON stored.item_id = %(item)s AND stored.annotator_id = worker.id AND stored.status = 'current'
    WHERE worker.id''',
        )
    }
    """,
    annotator="bigint",
    pace="bigint",
    item="bigint",
)
DEFAULTS = ServingRules()


@dataclass(frozen=True)
class Lease:
    assignment_id: int
    item_id: int
    was_undone: bool


@dataclass(frozen=True)
class Situation:
    """``leases``: those that are out now, the oldest first. ``paced_at``: when the label was given that one more label
    within a minute of it would be too many; None where there is none. Limits as in ``ServingRules``.
    ``warned``: of content that may hurt; ``assisted``: people are shown a model's label first.
    ``standing``: the person's; ``checking``: what makes the next item gold, where the project checks people."""

    project_status: str
    lease_seconds: int
    schema_id: int
    strategy: str
    uniform_share: float
    open_leases: int
    labels_per_worker: int | None
    labels_per_minute: int | None
    shuffle_options: bool
    leases: tuple[Lease, ...]
    quota_reached: bool
    paced_at: datetime | None
    warned: bool
    expected_seconds: int
    assisted: bool
    standing: str
    checking: Checking | None


def situation_of(annotator_id: int) -> Situation:
    """The caller holds the annotator's lock, so leases and labels of this person stand still."""
    with connection.cursor() as cursor:
        READ.execute(cursor, {"annotator": annotator_id, "pace": DEFAULTS.labels_per_minute})
        return situation_from(cursor.fetchone())


def situation_from(row: tuple[Any, ...]) -> Situation:
    """From what ``COLUMNS`` gives."""
    (
        status,
        lease_seconds,
        schema_id,
        has_rules,
        strategy,
        uniform_share,
        open_leases,
        quota,
        pace,
        shuffled,
        leases,
        reached,
        paced_at,
        *more,
    ) = row
    warned, expected_seconds, assisted, standing, checking = more
    return Situation(
        project_status=status,
        lease_seconds=lease_seconds,
        schema_id=schema_id,
        strategy=strategy if has_rules else DEFAULTS.strategy,
        uniform_share=uniform_share or 0.0,
        open_leases=open_leases if has_rules else DEFAULTS.open_leases,
        labels_per_worker=quota if has_rules else DEFAULTS.labels_per_worker,
        labels_per_minute=pace if has_rules else DEFAULTS.labels_per_minute,
        shuffle_options=bool(shuffled),
        leases=tuple(Lease(*values) for values in json.loads(leases)) if leases else (),
        quota_reached=bool(reached),
        paced_at=paced_at,
        warned=warned,
        expected_seconds=expected_seconds,
        assisted=assisted,
        standing=standing,
        checking=Checking(*json.loads(checking)) if checking else None,
    )


@lru_cache(maxsize=4096)
def schema_of(schema_id: int) -> LabelSchema:
    """A version of a label schema; what is asked never changes, so it is read once. Not for ``is_current``."""
    return LabelSchema.objects.get(pk=schema_id)


def schema_for(schema: LabelSchema, annotator_id: int, *, shuffled: bool) -> LabelSchema:
    """The schema as this person is shown it: with the labels in an order of their own, always the same, if wanted."""
    if not shuffled:
        return schema
    shown = copy(schema)
    by_digest = partial(_digest, f"{schema.pk}:{annotator_id}")
    shown.config = {**schema.config, "labels": sorted(schema.config["labels"], key=by_digest)}
    return shown


def _digest(salt: str, label: dict[str, str]) -> bytes:
    return sha256(f"{salt}:{label['key']}".encode()).digest()
