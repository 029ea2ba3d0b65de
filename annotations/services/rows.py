"""The SQL behind ``annotations.services.changes``: what it reads of its items, and what it writes.

Plain statements, because every label passes here: the ORM would spend several times the database's own time on making
the same SQL anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from annotations.raising.rules import Raised
from annotations.serving.adaptive import Learnt, Worth
from annotations.stream.coin import UniformStream
from ledger.services import APPEND, Event, events_as_rows
from ledger.statements import Statement, execute_all

LOCK = Statement(
    "items_lock",
    """
    SELECT item_id, extra, redundancy, min_support, demand_version, raised FROM annotations_queueentry
    WHERE project_id = %(project)s AND item_id = ANY(%(items)s)
    ORDER BY item_id FOR UPDATE
    """,
    project="bigint",
    items="bigint[]",
)

# A statement of its own: its snapshot begins after the locks are held, so it sees what others have committed before.
READ_COLUMNS = """
    SELECT item.id, item.dataset_id, item.groups::text, item.gold::text, votes.all::text,
        decided.schema_id, decided.value::text, decided.method, decided.support, decided.evidence::text,
        decided.decided_at, opened.id, opened.kind, opened.priority,
        (SELECT json_object_agg(drawn.stream, drawn.probability)::text FROM annotations_draw drawn
            WHERE drawn.item_id = item.id AND drawn.is_drawn),
        -- Groups whose items get more labels; few projects have any, none more than twenty.
        (SELECT json_agg(json_build_array(raised.attribute, raised."group", raised.more))::text
            FROM annotations_groupdemand raised
            WHERE raised.project_id = item.project_id AND raised.ended_at IS NULL),
        streams.share, streams.models_alone, streams.seed,
        project.redundancy, project.min_support, project.demand_version, rules.max_labels, rules.tau,
        -- What the stopping rule of adaptive redundancy goes by; nothing of it is looked at where redundancy is fixed.
        CASE WHEN rules.max_labels IS NOT NULL THEN (
            SELECT json_build_array(fit.tokens, fit.prior, fit.accuracy)::text
            FROM annotations_consensusfit fit WHERE fit.project_id = item.project_id AND fit.accuracy IS NOT NULL
        ) END,
        CASE WHEN rules.max_labels IS NOT NULL THEN (
            SELECT json_agg(json_build_array(known.annotator_id, known.labels, known.skill, known.told))::text
            FROM annotations_annotatorskill known
            WHERE known.annotator_id = ANY(%(givers)s || ARRAY(
                SELECT given.annotator_id FROM annotations_annotation given
                WHERE given.item_id = item.id AND given.status = 'current'
            ))
        ) END
"""
READ_ROWS = """
    FROM annotations_item item
    JOIN annotations_project project ON project.id = item.project_id
    LEFT JOIN annotations_servingrules rules ON rules.project_id = item.project_id
    LEFT JOIN annotations_streamrules streams ON streams.project_id = item.project_id
    LEFT JOIN annotations_consensus decided ON decided.item_id = item.id
    LEFT JOIN annotations_case opened ON opened.item_id = item.id AND opened.status = 'open'
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(given.id, giver.id, giver.kind = 'model', given.value,
            floor(extract(epoch FROM given.created_at) / 3600)::bigint)) AS all
        FROM annotations_annotation given JOIN annotations_annotator giver ON giver.id = given.annotator_id
        WHERE given.item_id = item.id AND given.status = 'current'
    ) votes ON TRUE
"""
READ = Statement(
    "items_read",
    f"{READ_COLUMNS} {READ_ROWS} WHERE item.id = ANY(%(items)s) ORDER BY item.id",
    items="bigint[]",
    givers="bigint[]",
)

# The same of the item of one assignment, with the assignment and its project's terms: a label came for it.
READ_AT_HAND = Statement(
    "items_read_at_hand",
    f"""
    {READ_COLUMNS}, lease.id, lease.project_id, lease.item_id, lease.schema_id, lease.status, lease.leased_at,
        project.status, project.content_warning <> '', project.expected_seconds
    {READ_ROWS} JOIN annotations_assignment lease ON lease.item_id = item.id
    WHERE lease.id = %(assignment)s
    """,
    assignment="bigint",
    givers="bigint[]",
)

OUTBOX = Statement(
    "outbox_add",
    """
    INSERT INTO annotations_outboxrow (project_id, item_id, before, after, created_at)
    SELECT %(project)s, item_id, before, after, %(now)s
    FROM jsonb_to_recordset(%(outbox)s) AS row(item_id bigint, before jsonb, after jsonb)
    """,
    project="bigint",
    outbox="jsonb",
    now="timestamptz",
)

DECIDED = Statement(
    "consensus_put",
    """
    INSERT INTO annotations_consensus (item_id, project_id, schema_id, value, method, support, evidence, decided_at)
    SELECT item_id, %(project)s, schema_id, NULLIF(value, 'null'::jsonb), method, support, evidence,
        COALESCE(decided_at, %(now)s)
    FROM jsonb_to_recordset(%(decided)s) AS row(item_id bigint, schema_id bigint, value jsonb, method text,
        support double precision, evidence jsonb, decided_at timestamptz)
    ON CONFLICT (item_id) DO UPDATE
        SET schema_id = excluded.schema_id, value = excluded.value, method = excluded.method,
            support = excluded.support, evidence = excluded.evidence, decided_at = excluded.decided_at
    """,
    project="bigint",
    decided="jsonb",
    now="timestamptz",
)

UNDECIDED = Statement(
    "consensus_drop", "DELETE FROM annotations_consensus WHERE item_id = ANY(%(undecided)s)", undecided="bigint[]"
)

OPENED = Statement(
    "cases_open",
    """
    INSERT INTO annotations_case (project_id, item_id, kind, status, priority, doubt, opened_at)
    SELECT %(project)s, item_id, kind, 'open', priority, doubt, %(now)s
    FROM jsonb_to_recordset(%(opened)s) AS row(item_id bigint, kind text, priority double precision, doubt jsonb)
    RETURNING id, item_id
    """,
    project="bigint",
    opened="jsonb",
    now="timestamptz",
)

CHANGED = Statement(
    "cases_change",
    """
    UPDATE annotations_case SET kind = row.kind, priority = row.priority, doubt = row.doubt
    FROM jsonb_to_recordset(%(changed)s) AS row(id bigint, kind text, priority double precision, doubt jsonb)
    WHERE annotations_case.id = row.id
    """,
    changed="jsonb",
)

DISSOLVED = Statement(
    "cases_dissolve",
    """
    UPDATE annotations_case
    SET status = 'dissolved', closed_at = %(now)s, claimed_by_id = NULL, claim_expires_at = NULL
    WHERE id = ANY(%(dissolved)s) AND status = 'open'
    """,
    dissolved="bigint[]",
    now="timestamptz",
)

# Places follow the demand: counted anew where it changed, none for what an expert has settled. Labels that were given
# and leases that ended in this transaction are seen.
PLACES = Statement(
    "places_set",
    """
    UPDATE annotations_queueentry entry
    SET remaining = CASE WHEN row.settled THEN 0 ELSE GREATEST(0, row.missing - (
            SELECT count(*) FROM annotations_assignment live
            WHERE live.item_id = row.item_id AND live.status = 'leased')) END,
        extra = row.extra, redundancy = row.redundancy, min_support = row.min_support, demand_version = row.version,
        raised = row.raised
    FROM jsonb_to_recordset(%(places)s) AS row(item_id bigint, extra smallint, redundancy smallint,
        min_support smallint, version integer, raised smallint, missing integer, settled boolean)
    WHERE entry.item_id = row.item_id
    """,
    places="jsonb",
)


# An item's coin is thrown once for each stream: what was drawn before stays as it was.
DRAWN = Statement(
    "items_draw",
    """
    INSERT INTO annotations_draw (project_id, item_id, stream, probability, is_drawn, drawn_at)
    SELECT %(project)s, item_id, stream, probability, true, %(now)s
    FROM jsonb_to_recordset(%(drawn)s) AS row(item_id bigint, stream text, probability double precision)
    ON CONFLICT (item_id, stream) DO NOTHING
    """,
    project="bigint",
    drawn="jsonb",
    now="timestamptz",
)


STATEMENTS = {
    "outbox": OUTBOX,
    "decided": DECIDED,
    "undecided": UNDECIDED,
    "changed": CHANGED,
    "dissolved": DISSOLVED,
    "places": PLACES,
    "drawn": DRAWN,
}


@dataclass(frozen=True)
class Asked:
    """What an item asks for by its queue entry: ``extra`` labels on top of a demand that the project has or had.
    ``raised``: how many of ``redundancy + extra`` are asked for because of the item's groups alone."""

    extra: int
    redundancy: int
    min_support: int
    version: int
    raised: int = 0


@dataclass(frozen=True)
class ConsensusRow:
    schema_id: int
    value: Any
    method: str
    support: float | None
    evidence: dict[str, Any]
    decided_at: datetime | None = None


@dataclass(frozen=True)
class CaseRow:
    id: int
    kind: str
    priority: float


@dataclass(frozen=True)
class ItemRow:
    """An item as stored; ``votes`` = (annotation id, annotator id, is a model's, value, hour) of its current labels;
    ``drawn``: stream that drew it for a check → chance."""

    id: int
    dataset_id: int
    groups: dict[str, str]
    gold: Any
    votes: list[tuple[int, int, bool, Any, int]]
    consensus: ConsensusRow | None
    open_case: CaseRow | None
    drawn: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Demanded:
    """How many labels the project asks for, as it stands. ``max_labels`` and ``tau`` are None where it has no rules of
    serving; ``learnt``: what adaptive redundancy goes by, None where redundancy is fixed or nothing was fitted yet.
    ``stream``: what the audit stream draws, None where it was never switched on. ``raised``: groups whose items get
    more labels.
    """

    redundancy: int
    min_support: int
    version: int
    max_labels: int | None
    tau: float | None
    learnt: Learnt | None
    stream: UniformStream | None
    raised: tuple[Raised, ...] = ()


@dataclass
class Effects:
    """Rows to write; each list is one statement, and an empty one is none."""

    outbox: list[dict[str, Any]] = field(default_factory=list)
    decided: list[dict[str, Any]] = field(default_factory=list)
    undecided: list[int] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    dissolved: list[int] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    drawn: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class AtHand:
    """An assignment as it is stored."""

    id: int
    project_id: int
    item_id: int
    schema_id: int
    status: str
    leased_at: datetime


@dataclass(frozen=True)
class Terms:
    """What a submit asks of the project. ``warned``: its content comes with a warning."""

    status: str
    warned: bool
    expected_seconds: int


def items_lock(*, project_id: int, item_ids: list[int]) -> dict[int, Asked]:
    """Item id → what it asks for, of the queue entries that are there, locked in order until the end."""
    with connection.cursor() as cursor:
        LOCK.execute(cursor, {"project": project_id, "items": item_ids})
        return {item_id: Asked(*asked) for item_id, *asked in cursor.fetchall()}


def items_read(item_ids: list[int], *, givers: list[int]) -> tuple[list[ItemRow], Demanded | None]:
    """The items in order, and what their project asks for; None where there is no item.

    ``givers``: annotators whose worth is wanted beside that of those who have labelled the items.
    """
    with connection.cursor() as cursor:
        READ.execute(cursor, {"items": item_ids, "givers": givers})
        rows = cursor.fetchall()
    return [_item(row[:-11]) for row in rows], _demanded(rows) if rows else None


def item_read_at_hand(assignment_id: int, *, givers: list[int]) -> tuple[ItemRow, Demanded, AtHand, Terms]:
    """The item of an assignment, as ``items_read``, in one round trip with the assignment and its project's terms."""
    with connection.cursor() as cursor:
        READ_AT_HAND.execute(cursor, {"assignment": assignment_id, "givers": givers})
        row = cursor.fetchone()
    row, at_hand, terms = row[:-9], row[-9:-3], row[-3:]
    return _item(row[:-11]), _demanded([row]), AtHand(*at_hand), Terms(*terms)


def _demanded(rows: list[tuple[Any, ...]]) -> Demanded:
    raised, share, models_alone, seed, redundancy, min_support, version, max_labels, tau = rows[0][-11:-2]
    stream = None if share is None else UniformStream(share, models_alone, seed)
    groups = tuple((attribute, group, more) for attribute, group, more in json.loads(raised or "[]"))
    return Demanded(redundancy, min_support, version, max_labels, tau, _learnt(rows), stream, groups)


def cases_open(rows: list[dict[str, Any]], *, project_id: int, now: datetime) -> dict[int, int]:
    """Write the cases (item_id, kind, priority, doubt); item id → id of its case."""
    with connection.cursor() as cursor:
        OPENED.execute(cursor, {"project": project_id, "opened": json.dumps(rows), "now": now})
        return {item_id: case_id for case_id, item_id in cursor.fetchall()}


def effects_store(effects: Effects, events: list[Event], *, project_id: int, now: datetime) -> None:
    """Write everything, with the events, in one round trip."""
    values = {"project": project_id, "now": now} | {
        name: rows if name in ("undecided", "dissolved") else json.dumps(rows) for name, rows in vars(effects).items()
    }
    statements = [statement for name, statement in STATEMENTS.items() if getattr(effects, name)]
    if events:
        statements.append(APPEND)
        values["events"] = events_as_rows(events)
    if statements:
        with connection.cursor() as cursor:
            execute_all(cursor, statements, values)


def _item(row: tuple[Any, ...]) -> ItemRow:
    item_id, dataset_id, groups, gold, votes, *decided, case_id, kind, priority, drawn = row
    schema_id, value, method, support, evidence, decided_at = decided
    consensus = None
    if method is not None:
        consensus = ConsensusRow(schema_id, _json(value), method, support, json.loads(evidence), decided_at)
    case = None if case_id is None else CaseRow(case_id, kind, priority)
    given = json.loads(votes) if votes else []
    streams = json.loads(drawn) if drawn else {}
    return ItemRow(item_id, dataset_id, json.loads(groups), _json(gold), given, consensus, case, streams)


def _learnt(rows: list[tuple[Any, ...]]) -> Learnt | None:
    if rows[0][-2] is None:
        return None
    tokens, prior, accuracy = json.loads(rows[0][-2])
    people = {
        annotator_id: Worth(labels, skill, told)
        for row in rows
        for annotator_id, labels, skill, told in json.loads(row[-1] or "[]")
    }
    return Learnt(tuple(tokens), tuple(prior), accuracy, people)


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
