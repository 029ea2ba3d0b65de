"""The one way in which labels change: lock the items, change the votes, settle the consequences, in one transaction.

Every writer of labels (a person's submit, an undo, a chunk of a model run, an import, an expert's settlement, a
correction of groups) works inside ``item_changes``. On the way out it brings consensus, cases, ledger and outbox in
line with the votes. Lock order everywhere: queue entries by item id, then anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from annotations.models import (
    Annotation,
    AnnotatorKind,
    Case,
    CaseStatus,
    Consensus,
    ConsensusMethod,
    Item,
    LabelSchema,
    OutboxRow,
    Project,
    QueueEntry,
)
from annotations.state import Decision, ItemState, Vote, disagreement, expected_error, item_state, people_decide
from annotations.task_types import TaskType, task_type
from ledger.services import SYSTEM, Event, record_many


@dataclass
class LockedItem:
    """An item whose queue entry is locked: its votes may be changed through this object until the transaction ends."""

    item: Item
    entry: QueueEntry
    votes: dict[int, Vote]  # annotator id → vote
    consensus: Consensus | None
    open_case: Case | None
    settled: Decision | None
    settled_schema_id: int | None = None
    settlement_id: int | None = None
    before: ItemState | None = None


@dataclass
class ItemChanges:
    """The locked items of one project, by item id. Made by ``item_changes``."""

    project: Project
    schema: LabelSchema
    task: TaskType
    items: dict[int, LockedItem] = field(default_factory=dict)
    simulated: bool = False

    def vote(self, annotation: Annotation, *, kind: str) -> None:
        """Take in a stored current annotation; it replaces the annotator's earlier vote."""
        self.items[annotation.item_id].votes[annotation.annotator_id] = Vote(
            annotation_id=annotation.pk,
            annotator_id=annotation.annotator_id,
            is_model=kind == AnnotatorKind.MODEL,
            token=self.task.token(annotation.value),
        )

    def withdraw(self, *, item_id: int, annotator_id: int) -> None:
        """Take an annotator's vote away."""
        self.items[item_id].votes.pop(annotator_id, None)

    def settle(self, *, item_id: int, value: object, schema_id: int, settlement_id: int) -> None:
        """An expert's decision: it stands above the votes, now and later."""
        locked = self.items[item_id]
        token = None if value is None else self.task.token(value)
        locked.settled = Decision(token=token, method=ConsensusMethod.SETTLED, support=None)
        locked.settled_schema_id, locked.settlement_id = schema_id, settlement_id

    def state(self, locked: LockedItem) -> ItemState:
        gold = locked.item.gold
        return item_state(
            locked.votes.values(),
            groups=locked.item.groups,
            redundancy=self.project.redundancy,
            min_support=self.project.min_support,
            settled=locked.settled,
            gold=None if gold is None else self.task.token(gold),
        )


@contextmanager
def item_changes(
    *, project: Project, item_ids: Iterable[int], schema: LabelSchema | None = None, new_items: bool = False
) -> Iterator[ItemChanges]:
    """Open a transaction, lock ``item_ids`` in order, and on exit settle what the changed votes mean.

    Items without a queue entry (deleted meanwhile) are missing from ``items``. ``new_items`` counts them as not there
    before, for items added in this very transaction.
    """
    with transaction.atomic():
        schema = schema or project.schemas.get(is_current=True)
        changes = ItemChanges(project=project, schema=schema, task=task_type(schema.task_type))
        _lock(changes, sorted(set(item_ids)))
        if not new_items:
            for locked in changes.items.values():
                locked.before = changes.state(locked)
        yield changes
        _finish(changes)


def _lock(changes: ItemChanges, item_ids: list[int]) -> None:
    entries = QueueEntry.objects.select_for_update().filter(project=changes.project, item_id__in=item_ids)
    by_id = {entry.item_id: entry for entry in entries.order_by("item_id")}
    # Who changes these holds every queue entry until it is committed: from here on they stand still.
    changes.project.refresh_from_db(fields=["redundancy", "min_support"])
    items = Item.objects.select_related("consensus").in_bulk(list(by_id))
    for item_id, entry in by_id.items():
        item = items[item_id]
        changes.items[item_id] = LockedItem(
            item=item, entry=entry, votes={}, consensus=getattr(item, "consensus", None), open_case=None, settled=None
        )
    current = Annotation.objects.filter(item_id__in=list(by_id), status="current").select_related("annotator")
    for annotation in current:
        changes.vote(annotation, kind=annotation.annotator.kind)
    for case in Case.objects.filter(item_id__in=list(by_id), status=CaseStatus.OPEN):
        changes.items[case.item_id].open_case = case
    for locked in changes.items.values():
        consensus = locked.consensus
        if consensus is not None and consensus.method == ConsensusMethod.SETTLED:
            changes.settle(
                item_id=locked.item.pk,
                value=consensus.value,
                schema_id=consensus.schema_id,
                settlement_id=consensus.evidence["settlement"],
            )


def _finish(changes: ItemChanges) -> None:
    events: list[Event] = []
    outbox: list[OutboxRow] = []
    now = timezone.now()
    for locked in changes.items.values():
        after = changes.state(locked)
        if after == locked.before:
            continue
        outbox.append(
            OutboxRow(
                project_id=changes.project.pk,
                item_id=locked.item.pk,
                before=locked.before.as_json() if locked.before else None,
                after=after.as_json(),
                created_at=now,
            )
        )
    _store_consensus(changes, events)
    _store_cases(changes, events)
    record_many(events)
    OutboxRow.objects.bulk_create(outbox, batch_size=1000)


def _store_consensus(changes: ItemChanges, events: list[Event]) -> None:
    decided: list[Consensus] = []
    undecided: list[int] = []
    for locked in changes.items.values():
        decision = locked.settled or people_decide(locked.votes.values(), min_support=changes.project.min_support)
        old = locked.consensus
        if decision is None:
            if old is not None:
                undecided.append(locked.item.pk)
                events.append(_event(changes, "consensus.lost", f"item:{locked.item.pk}", {}))
            continue
        new = _consensus(changes, locked, decision)
        if old is not None and (old.value, old.method) == (new.value, new.method):
            if (old.support, old.evidence) == (new.support, new.evidence):
                continue
            new.decided_at = old.decided_at  # more votes for what was decided then
        else:
            data = {"value": new.value, "method": new.method, "support": new.support}
            events.append(_event(changes, "consensus.decided", f"item:{locked.item.pk}", data))
        decided.append(new)
    if undecided:
        Consensus.objects.filter(item_id__in=undecided).delete()
    Consensus.objects.bulk_create(
        decided,
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=["schema", "value", "method", "support", "evidence", "decided_at"],
        batch_size=1000,
    )


def _consensus(changes: ItemChanges, locked: LockedItem, decision: Decision) -> Consensus:
    people: dict[str, int] = {}
    models: dict[str, int] = {}
    for vote in locked.votes.values():
        tally = models if vote.is_model else people
        tally[vote.token] = tally.get(vote.token, 0) + 1
    return Consensus(
        item_id=locked.item.pk,
        project=changes.project,
        schema_id=locked.settled_schema_id or changes.schema.pk,
        value=None if decision.token is None else changes.task.value_of_token(decision.token),
        method=decision.method,
        support=decision.support,
        evidence={
            "votes": people,
            "models": models,
            "annotations": sorted(vote.annotation_id for vote in locked.votes.values()),
            "settlement": locked.settlement_id,
        },
        decided_at=timezone.now(),
    )


def _store_cases(changes: ItemChanges, events: list[Event]) -> None:
    now = timezone.now()
    opened: list[Case] = []
    for locked in changes.items.values():
        if locked.settled is not None:
            continue  # the settlement closes its own case, and what is settled is not reopened by later votes
        human = people_decide(locked.votes.values(), min_support=changes.project.min_support)
        kind = disagreement(locked.votes.values(), human=human.token if human else None)
        case, priority = locked.open_case, expected_error(locked.votes.values())
        if case is None and kind is not None:
            opened.append(Case(project=changes.project, item=locked.item, kind=kind, priority=priority, opened_at=now))
        elif case is not None and kind is None:
            Case.objects.filter(pk=case.pk, status=CaseStatus.OPEN).update(
                status=CaseStatus.DISSOLVED, closed_at=now, claimed_by=None, claim_expires_at=None
            )
            events.append(_event(changes, "case.dissolved", f"case:{case.pk}", {"item": locked.item.pk}))
        elif case is not None and (case.kind, case.priority) != (kind, priority):
            Case.objects.filter(pk=case.pk).update(kind=kind, priority=priority)
    for case in Case.objects.bulk_create(opened, batch_size=1000):
        events.append(_event(changes, "case.opened", f"case:{case.pk}", {"item": case.item_id, "kind": case.kind}))


def _event(changes: ItemChanges, kind: str, subject: str, data: dict[str, object]) -> Event:
    return Event(
        kind=kind,
        actor=SYSTEM,
        subject=subject,
        project_id=changes.project.pk,
        data=data,
        simulated=changes.simulated,
    )
