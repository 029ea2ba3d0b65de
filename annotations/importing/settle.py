"""What new items and their imported labels amount to: queue entries, consensus, cases, outbox and ledger rows, in bulk.

The same rules as ``annotations.services.changes`` (both call ``annotations.state``), for items that nobody else can see
yet: nothing is locked and nothing is read. A test holds the two paths against each other.
"""

from __future__ import annotations

import json
import os
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from annotations.importing.copying import Lines, Table, as_lines, copy_all, copy_rows, lines_of, new_ids
from annotations.models import (
    Case,
    CaseKind,
    CaseStatus,
    Consensus,
    Draw,
    LabelSchema,
    OutboxRow,
    Project,
    QueueEntry,
    Stream,
    StreamRules,
)
from annotations.raising.rules import more_for
from annotations.raising.selectors import raised_of
from annotations.state import Decision, ItemState, Vote, disagreement, expected_error, item_state, people_decide
from annotations.stream.coin import UniformStream, falls_due, is_drawn
from annotations.task_types import TaskType
from ledger.services import SYSTEM, Event, record_many

QUEUE = Table(
    QueueEntry,
    ("item_id", "project_id", "remaining", "shuffle", "redundancy", "raised", "min_support", "demand_version"),
)
OUTBOX = Table(OutboxRow, ("project_id", "item_id", "items", "after", "created_at"))
CONSENSUS = Table(
    Consensus, ("item_id", "project_id", "schema_id", "value", "method", "support", "evidence", "decided_at")
)
DRAW = Table(Draw, ("project_id", "item_id", "stream", "probability", "is_drawn", "drawn_at"))
CASE = Table(Case, ("id", "project_id", "item_id", "kind", "status", "priority", "opened_at"))

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
STATES_REMEMBERED = 10_000


@dataclass(slots=True)
class NewItem:
    """An item without queue entry yet, with all its votes."""

    id: int
    groups: dict[str, str]
    groups_json: str
    gold: Any
    votes: list[Vote] = field(default_factory=list)
    audit: float | None = None  # the chance with which it was drawn into the audit stream


class Settler:
    """Settles new items of one dataset under the rules that held when it was made."""

    def __init__(
        self, *, project: Project, dataset_id: int, schema: LabelSchema, task: TaskType, now: datetime
    ) -> None:
        self.dataset_id = dataset_id
        self.project, self.schema, self.task = project, schema, task
        self._time = now.isoformat()
        self._unlabelled: dict[tuple[str, str | None], str] = {}
        rules = StreamRules.objects.filter(project=project, share__gt=0).first()
        self._raised = raised_of(project)
        self._stream = UniformStream(rules.share, rules.models_alone, rules.seed) if rules else None

    def settle(self, items: Sequence[NewItem]) -> None:
        """Write everything that follows from ``items``; the caller has written the items and their annotations."""
        labelled = [item for item in items if item.votes]
        self._draw(labelled)
        copy_all(self.lines(items))
        if not labelled:
            return
        events = [*self._store_consensus(labelled), *self._store_cases(labelled)]
        record_many(events)

    def lines(self, items: Sequence[NewItem]) -> list[Lines]:
        """What follows from any items, and all that follows from those without labels. Reads no database."""
        return [self._queue(items), self._changes(items)]

    def _changes(self, items: Sequence[NewItem]) -> Lines:
        """Live counters do not ask which item it was: those without labels that are alike share a row."""
        project_id, time = self.project.pk, self._time
        alike = Counter(self._state(item) for item in items if not item.votes)
        rows: list[tuple[Any, ...]] = [(project_id, None, count, state, time) for state, count in alike.items()]
        rows += [(project_id, item.id, 1, self._state(item), time) for item in items if item.votes]
        return as_lines(OUTBOX, rows)

    def _queue(self, items: Sequence[NewItem]) -> Lines:
        count = len(items)
        # 63 random bits each: a place in the queue that nobody can foresee.
        shuffles = [number >> 1 for number in struct.unpack(f"{count}Q", os.urandom(8 * count))]
        project_id, own = self.project.pk, self.project.redundancy
        demand = f"{self.project.min_support}\t{self.project.demand_version}"
        return lines_of(
            QUEUE,
            (
                f"{item.id}\t{project_id}\t{max(0, own + more - _people(item.votes))}\t{shuffle}"
                f"\t{own + more}\t{more}\t{demand}"
                for item, shuffle, more in zip(items, shuffles, map(self._more, items), strict=True)
            ),
        )

    def _more(self, item: NewItem) -> int:
        return more_for(item.groups, self._raised) if self._raised else 0

    def _state(self, item: NewItem) -> str:
        """The item's state as JSON. Items without labels differ in groups and gold only, so theirs are remembered."""
        gold = None if item.gold is None else self.task.token(item.gold)
        key = (item.groups_json, gold)
        if not item.votes and key in self._unlabelled:
            return self._unlabelled[key]
        text = encode(self._state_of(item, gold).as_json())
        if not item.votes and len(self._unlabelled) < STATES_REMEMBERED:
            self._unlabelled[key] = text
        return text

    def _state_of(self, item: NewItem, gold: str | None) -> ItemState:
        more = self._more(item)
        return item_state(
            item.votes,
            groups=item.groups,
            redundancy=self.project.redundancy + more,
            min_support=self.project.min_support,
            settled=None,
            gold=gold,
            dataset=self.dataset_id,
            audit=item.audit,
            raised=more,
        )

    def _draw(self, items: Sequence[NewItem]) -> None:
        """Throw the coins of items that came with all their labels."""
        rules = self._stream
        if rules is None:
            return
        for item in items:
            gold = None if item.gold is None else self.task.token(item.gold)
            if falls_due(None, self._state_of(item, gold), rules) and is_drawn(item.id, rules):
                item.audit = rules.share
        drawn = [item for item in items if item.audit is not None]
        copy_rows(
            DRAW,
            ((self.project.pk, item.id, Stream.AUDIT.value, item.audit, True, self._time) for item in drawn),
        )

    def _decision(self, item: NewItem) -> Decision | None:
        return people_decide(item.votes, min_support=self.project.min_support)

    def _store_consensus(self, items: Sequence[NewItem]) -> list[Event]:
        rows, events = [], []
        for item in items:
            decision = self._decision(item)
            if decision is None or decision.token is None:
                continue
            value = self.task.value_of_token(decision.token)
            evidence = {
                "votes": dict(Counter(vote.token for vote in item.votes)),
                "models": {},
                "annotations": sorted(vote.annotation_id for vote in item.votes),
                "settlement": None,
            }
            support, method = decision.support, str(decision.method)
            rows.append(
                (
                    item.id,
                    self.project.pk,
                    self.schema.pk,
                    encode(value),
                    method,
                    support,
                    encode(evidence),
                    self._time,
                )
            )
            data = {"value": value, "method": method, "support": support}
            events.append(self._event("consensus.decided", f"item:{item.id}", data))
        copy_rows(CONSENSUS, rows)
        return events

    def _store_cases(self, items: Sequence[NewItem]) -> list[Event]:
        found = []
        for item in items:
            human = self._decision(item)
            kind = disagreement(item.votes, human=human.token if human else None)
            kind, priority = (kind, expected_error(item.votes)) if item.audit is None else (CaseKind.CHECK, 0.0)
            if kind is not None:
                found.append((item, str(kind.value), priority))
        ids = new_ids(Case, len(found))
        copy_rows(
            CASE,
            (
                (case_id, self.project.pk, item.id, kind, CaseStatus.OPEN.value, priority, self._time)
                for case_id, (item, kind, priority) in zip(ids, found, strict=True)
            ),
        )
        return [
            self._event("case.opened", f"case:{case_id}", {"item": item.id, "kind": kind})
            for case_id, (item, kind, _priority) in zip(ids, found, strict=True)
        ]

    def _event(self, kind: str, subject: str, data: dict[str, Any]) -> Event:
        return Event(kind=kind, actor=SYSTEM, subject=subject, project_id=self.project.pk, data=data)


def _people(votes: Sequence[Vote]) -> int:
    return sum(not vote.is_model for vote in votes) if votes else 0
