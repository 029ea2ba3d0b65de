"""The one way in which labels change: lock the items, change the votes, settle the consequences, in one transaction.

Every writer of labels (a person's submit, an undo, a chunk of a model run, an import, an expert's settlement, a
correction of groups) works inside ``item_changes``. On the way out it brings consensus, cases, places, ledger and
outbox in line with the votes. Lock order everywhere: queue entries by item id, then anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.models import Annotation, AnnotatorKind, CaseKind, ConsensusMethod, LabelSchema, Project, Stream
from annotations.raising.rules import Raised, more_for
from annotations.services.rows import (
    Asked,
    AtHand,
    ConsensusRow,
    Demanded,
    Effects,
    ItemRow,
    Terms,
    cases_open,
    effects_store,
    item_read_at_hand,
    items_lock,
    items_read,
)
from annotations.serving.adaptive import Demand, extra_labels
from annotations.state import (
    Decision,
    Doubt,
    ItemState,
    Vote,
    disagreement,
    expected_error,
    hour_of,
    item_state,
    people_decide,
)
from annotations.stream.coin import UniformStream, falls_due, finished, is_drawn
from annotations.task_types import TaskType, task_type
from ledger.services import SYSTEM, Event


@dataclass
class LockedItem:
    """An item whose queue entry is locked: its votes may be changed through this object until the transaction ends.

    ``asked``: what it asked for before. ``extra``: labels that adaptive redundancy asks for on top of the project's.
    ``aside``: the item is no work (it trains people), so it asks for no label at all; stored as an ``extra`` that takes
    the whole redundancy away. ``drawn``: stream that drew the item for a check → chance; ``due``: throw its coin for
    the uniform stream if it is finished, also where it was before.
    """

    row: ItemRow
    asked: Asked
    extra: int
    votes: dict[int, Vote] = field(default_factory=dict)  # annotator id → vote
    settled: Decision | None = None
    settled_schema_id: int | None = None
    settlement_id: int | None = None
    before: ItemState | None = None
    aside: bool = False
    doubt: Doubt | None = None
    drawn: dict[str, float] = field(default_factory=dict)
    due: bool = False
    doubt_told: bool = False  # whether ``doubt`` is news; otherwise a doubt that the open case states goes on
    asked_for: bool = False  # an owner wants an expert to look at it


@dataclass
class ItemChanges:
    """The locked items of one project, by item id. Made by ``item_changes``.

    ``events`` are written with those of the consequences, in one statement, before them. ``came_for``:
    the assignment that a label came for and its project's terms, where the caller named one.
    """

    project: Project
    schema: LabelSchema
    task: TaskType
    demand: Demand
    items: dict[int, LockedItem] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    simulated: bool = False
    demand_version: int = 1
    stream: UniformStream | None = None
    raised: tuple[Raised, ...] = ()
    came_for: tuple[AtHand, Terms] | None = None

    def at_hand(self) -> tuple[AtHand, Terms]:
        """What a label came for, as it stands under the locks. For callers that named its assignment."""
        if self.came_for is None:
            raise RuntimeError("No assignment was named when the changes began.")
        return self.came_for

    def vote(self, annotation: Annotation, *, kind: str) -> None:
        """Take in a stored current annotation; it replaces the annotator's earlier vote."""
        self.items[annotation.item_id].votes[annotation.annotator_id] = Vote(
            annotation_id=annotation.pk,
            annotator_id=annotation.annotator_id,
            is_model=kind == AnnotatorKind.MODEL,
            token=self.task.token(annotation.value),
            hour=hour_of(annotation.created_at),
        )

    def withdraw(self, *, item_id: int, annotator_id: int) -> None:
        """Take an annotator's vote away."""
        self.items[item_id].votes.pop(annotator_id, None)

    def set_aside(self, *, item_id: int, aside: bool) -> None:
        """Take an item out of the work, or put it back."""
        self.items[item_id].aside = aside

    def correct(self, *, item_id: int, groups: dict[str, str], gold: object) -> None:
        """Take in the item's groups and gold as the caller has stored them."""
        locked = self.items[item_id]
        locked.row = replace(locked.row, groups=groups, gold=gold)

    def doubt(self, *, item_id: int, doubt: Doubt | None) -> None:
        """Say that the item's label looks wrong though nobody disagrees, or (None) that it no longer does."""
        locked = self.items[item_id]
        locked.doubt, locked.doubt_told = doubt, True

    def throw(self, *, item_id: int) -> None:
        """Throw the item's coin for the uniform stream, for what was finished before the stream was there."""
        self.items[item_id].due = True

    def ask(self, *, item_id: int) -> None:
        """Have an expert look at a labelled item though nobody disagrees about it."""
        self.items[item_id].asked_for = True

    def settle(self, *, item_id: int, value: object, schema_id: int, settlement_id: int) -> None:
        """An expert's decision: it stands above the votes, now and later."""
        locked = self.items[item_id]
        token = None if value is None else self.task.token(value)
        locked.settled = Decision(token=token, method=ConsensusMethod.SETTLED, support=None)
        locked.settled_schema_id, locked.settlement_id = schema_id, settlement_id

    def demand_of(self, locked: LockedItem) -> Demand:
        """What the owner asks for of this item: more where it is in a group that gets more."""
        more = more_for(locked.row.groups, self.raised) if self.raised else 0
        return self.demand.raised_by(more) if more else self.demand

    def state(self, locked: LockedItem, asked: Asked) -> ItemState:
        gold = locked.row.gold
        return item_state(
            locked.votes.values(),
            groups=locked.row.groups,
            redundancy=asked.redundancy + asked.extra,
            min_support=asked.min_support,
            settled=locked.settled,
            gold=None if gold is None else self.task.token(gold),
            dataset=locked.row.dataset_id,
            audit=locked.drawn.get(Stream.AUDIT),
            raised=asked.raised,
        )


@contextmanager
def item_changes(
    *,
    project: Project,
    item_ids: Iterable[int],
    schema: LabelSchema | None = None,
    new_items: bool = False,
    held: dict[int, Asked] | None = None,
    givers: Iterable[int] = (),
    assignment_id: int | None = None,
    savepoint: bool = True,
) -> Iterator[ItemChanges]:
    """Open a transaction, lock ``item_ids`` in order, and on exit settle what the changed votes mean.

    Items without a queue entry (deleted meanwhile) are missing from ``items``. ``new_items`` counts them as not there
    before, for items added in this very transaction. ``held`` (item id → what its entry says) names entries that the
    caller's transaction has locked already. ``givers``: annotators who may give these items a label now.
    ``assignment_id``: an assignment of the one item in ``held``, to be read with it. ``savepoint=False`` spares two
    statements where the caller's own transaction ends with any error in here.
    """
    with transaction.atomic(savepoint=savepoint):
        schema = schema or project.schemas.get(is_current=True)
        asked = held or items_lock(project_id=project.pk, item_ids=sorted(set(item_ids)))
        changes = ItemChanges(project=project, schema=schema, task=task_type(schema.task_type), demand=Demand(1))
        if assignment_id is None:
            rows, demanded = items_read(list(asked), givers=list(givers))
        else:
            row, demanded, at_hand, terms = item_read_at_hand(assignment_id, givers=list(givers))
            rows, changes.came_for = [row], (at_hand, terms)
        if demanded is not None:
            _take_in(changes, asked, rows, demanded)
        if not new_items:
            for locked in changes.items.values():
                locked.before = changes.state(locked, locked.asked)
        yield changes
        _finish(changes)


def _take_in(changes: ItemChanges, asked: dict[int, Asked], rows: list[ItemRow], demanded: Demanded) -> None:
    # The owner may change the demand at any moment. This transaction goes by what it reads here, whatever is committed
    # after, and says so in the entries that it holds; whoever comes next begins from there.
    changes.project.redundancy, changes.project.min_support = demanded.redundancy, demanded.min_support
    changes.demand_version, changes.stream = demanded.version, demanded.stream
    changes.raised = demanded.raised
    changes.demand = Demand(
        demanded.redundancy,
        demanded.max_labels,
        demanded.tau or 1,
        len(changes.schema.config["labels"]),
        demanded.learnt,
    )
    for row in rows:
        before = asked[row.id]
        locked = changes.items[row.id] = LockedItem(
            row, before, before.extra, aside=before.extra < 0, drawn=dict(row.drawn)
        )
        for annotation_id, annotator_id, is_model, value, hour in row.votes:
            token = changes.task.token(value)
            locked.votes[annotator_id] = Vote(annotation_id, annotator_id, is_model, token, hour)
        if row.consensus is not None and row.consensus.method == ConsensusMethod.SETTLED:
            changes.settle(
                item_id=row.id,
                value=row.consensus.value,
                schema_id=row.consensus.schema_id,
                settlement_id=row.consensus.evidence["settlement"],
            )


def _finish(changes: ItemChanges) -> None:
    effects, opened, now = Effects(), [], timezone.now()
    for item_id, locked in changes.items.items():
        after = _drawn(changes, locked, changes.state(locked, _places(changes, locked, effects)), effects)
        if after != locked.before:
            before = locked.before.as_json() if locked.before else None
            effects.outbox.append({"item_id": item_id, "before": before, "after": after.as_json()})
        _consensus(changes, locked, effects)
        opened += _case(changes, locked, effects)
    if opened:
        case_ids = cases_open(opened, project_id=changes.project.pk, now=now)
        for row in opened:
            data = {"item": row["item_id"], "kind": row["kind"]}
            changes.events.append(_event(changes, "case.opened", f"case:{case_ids[row['item_id']]}", data))
    effects_store(effects, changes.events, project_id=changes.project.pk, now=now)


def _places(changes: ItemChanges, locked: LockedItem, effects: Effects) -> Asked:
    """What the item asks for now; its places are counted anew where that is something else."""
    settled = locked.settled is not None
    demand, before = changes.demand_of(locked), locked.extra
    locked.extra = _extra(locked, demand, before)
    raised = 0
    if demand is not changes.demand and not locked.aside:
        own = changes.demand.redundancy + _extra(locked, changes.demand, before)
        raised = demand.redundancy + locked.extra - own
    asked = Asked(locked.extra, demand.redundancy, changes.project.min_support, changes.demand_version, raised)
    old = locked.row.consensus
    was_settled = old is not None and old.method == ConsensusMethod.SETTLED
    if asked != locked.asked or settled != was_settled:
        given = sum(not vote.is_model for vote in locked.votes.values())
        missing = asked.redundancy + asked.extra - given
        row = {"item_id": locked.row.id, "missing": missing, "settled": settled}
        effects.places.append(row | vars(asked))
    return asked


def _extra(locked: LockedItem, demand: Demand, before: int) -> int:
    if locked.aside:
        return -demand.redundancy
    if locked.settled is not None:
        # Nobody labels it any more, so it asks for what it asked; but for no more than any item may: what it has beyond
        # that is to be known as such.
        return max(0, min(before, (demand.max_labels or demand.redundancy) - demand.redundancy))
    if locked.row.gold is not None:
        return 0  # what is known is never in doubt; and checks may give it more labels than it has places
    return extra_labels(locked.votes.values(), demand)


def _drawn(changes: ItemChanges, locked: LockedItem, after: ItemState, effects: Effects) -> ItemState:
    """Throw the coin of an item that this change finishes; its state with what came of it.

    A draw of before stays as it is, whatever the item or the rules have become since. Of what an expert has settled
    already it is told at once; of all else with the settlement, for experts read the ledger.
    """
    rules = changes.stream
    if rules is None or not rules.share or locked.aside or Stream.AUDIT in locked.drawn:
        return after
    forced = locked.due and finished(after, models_alone=rules.models_alone)
    if not (forced or falls_due(locked.before, after, rules)) or not is_drawn(locked.row.id, rules):
        return after
    locked.drawn[Stream.AUDIT] = rules.share
    effects.drawn.append({"item_id": locked.row.id, "stream": Stream.AUDIT.value, "probability": rules.share})
    if locked.settled is not None:
        data: dict[str, object] = {"drawn": {Stream.AUDIT.value: rules.share}}
        changes.events.append(_event(changes, "item.drawn", f"item:{locked.row.id}", data))
    return replace(after, audit=rules.share)


def _consensus(changes: ItemChanges, locked: LockedItem, effects: Effects) -> None:
    decision = locked.settled or people_decide(locked.votes.values(), min_support=changes.project.min_support)
    old, item_id = locked.row.consensus, locked.row.id
    if decision is None:
        if old is not None:
            effects.undecided.append(item_id)
            changes.events.append(_event(changes, "consensus.lost", f"item:{item_id}", {}))
        return
    new = _decided(changes, locked, decision)
    decided_at = None
    if old is not None and (old.value, old.method) == (new.value, new.method):
        if (old.support, old.evidence) == (new.support, new.evidence):
            return
        decided_at = old.decided_at  # more votes for what was decided then
    else:
        data = {"value": new.value, "method": new.method, "support": new.support}
        changes.events.append(_event(changes, "consensus.decided", f"item:{item_id}", data))
    row = vars(new) | {"item_id": item_id, "decided_at": decided_at and decided_at.isoformat()}
    effects.decided.append(row)


def _decided(changes: ItemChanges, locked: LockedItem, decision: Decision) -> ConsensusRow:
    people: dict[str, int] = {}
    models: dict[str, int] = {}
    for vote in locked.votes.values():
        tally = models if vote.is_model else people
        tally[vote.token] = tally.get(vote.token, 0) + 1
    return ConsensusRow(
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
    )


def _case(changes: ItemChanges, locked: LockedItem, effects: Effects) -> list[dict[str, Any]]:
    """Keep the open case in line with the votes; the case to open, if any."""
    if locked.settled is not None:
        return []  # the settlement closes its own case, and what is settled is not reopened by later votes
    human = people_decide(locked.votes.values(), min_support=changes.project.min_support)
    kind = disagreement(locked.votes.values(), human=human.token if human else None)
    case, priority, doubt = locked.row.open_case, expected_error(locked.votes.values()), None
    if locked.drawn and (locked.votes or case is not None):
        kind, priority = CaseKind.CHECK, 0.0  # whatever is said of it, and nothing that could tell what that is
    elif kind is None and locked.votes:
        # Nobody disagrees. An owner's wish, or a doubt, has the item looked at all the same; a disagreement takes its
        # case over.
        if locked.asked_for or (case is not None and case.kind == CaseKind.ASKED):
            kind = CaseKind.ASKED
        elif locked.doubt is not None:
            kind, priority, doubt = CaseKind.LOW_SCORE, locked.doubt.error, locked.doubt.as_json()
        elif case is not None and case.kind == CaseKind.LOW_SCORE and not locked.doubt_told:
            return []
    if case is None:
        if kind is not None:
            return [{"item_id": locked.row.id, "kind": kind, "priority": priority, "doubt": doubt}]
    elif kind is None:
        effects.dissolved.append(case.id)
        changes.events.append(_event(changes, "case.dissolved", f"case:{case.id}", {"item": locked.row.id}))
    elif (case.kind, case.priority) != (kind, priority):
        effects.changed.append({"id": case.id, "kind": kind, "priority": priority, "doubt": doubt})
    return []


def _event(changes: ItemChanges, kind: str, subject: str, data: dict[str, object]) -> Event:
    return Event(
        kind=kind,
        actor=SYSTEM,
        subject=subject,
        project_id=changes.project.pk,
        data=data,
        simulated=changes.simulated,
    )
