"""What labels say of a project whose items were chosen: weighted by their chances, beside those drawn at random.

Items are chosen at two places. **Giving out** (people's items; a model's run takes them in random order): where groups
are served in balance, an item's chance is that of its group: within it items are drawn at random, so the part of the
group that is labelled is the chance of each of its items. By priority there is no chance: what comes next is fixed by
the item's number. Beside both, a share of the items may come at random, whatever they are (``Stream.AUDIT``).
**Checking**: where errors are likely, finished items are drawn for an expert with a chance that is logged for each
(``Draw``), beside those that are drawn uniformly. The experts' labels of these, weighted, are what the labels of the
finished items would be if an expert gave them all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists

from annotations.models import (
    AnnotationStatus,
    Assignment,
    ConsensusMethod,
    Draw,
    GroupSurvey,
    Project,
    ServingRules,
    Strategy,
    Stream,
    StreamRules,
)
from annotations.task_types import task_type
from fairness.metrics import (
    ActiveParity,
    GroupCounts,
    Parity,
    active_parity,
    demographic_parity,
    inverse_weights,
    weighted_parity,
)
from fairness.selectors.live import Question
from ledger.models import LedgerEvent

MOST = 20_000  # newest labels of items that were chosen, or came at random beside them, that are read
MOST_CHECKED = 5_000  # newest items that were drawn for a check, of either stream


@dataclass(frozen=True)
class Balanced:
    """Labels of items that were served in balance over the groups of ``attribute``, since that was last set.

    ``parity``: with each label weighted by its group's items for each label of it; None without a question, or where
    the groups were never counted. ``is_own``: the question compares these very groups, whose own rates need no weights.
    ``since``: when that was; None where it was never set anew.
    """

    attribute: str
    labels: int
    parity: ActiveParity[str] | None
    is_own: bool
    since: datetime | None = None


@dataclass(frozen=True)
class ChosenView:
    """``unknown``: labels of chosen items that had no chance, or none that is known (by priority, or of an order that
    was changed since); ``balanced``: those whose chance is their group's; ``beside``: labels of items that came at
    random beside them, ``uniform`` what they say, None without a question or a label, ``uniform_share`` how many are to
    come so. ``cut``: there are more labels than were read, the newest ones, and ``oldest`` is the lease that the oldest
    of these was given for. ``by_priority``: items are served by priority now.

    ``known``: items drawn where errors are likely, each with its logged chance, and checked; ``audited``: items drawn
    uniformly and checked; ``parity``: what experts' labels of these say, None without a question, or without any such
    item that was chosen. ``known_from`` and ``audited_from``: the oldest draw that was read, 0 where all were.
    ``audit_share``: the share of finished items that is drawn uniformly for a check.
    """

    known: int
    unknown: int
    audited: int
    parity: ActiveParity[str] | None
    cut: bool
    balanced: Balanced | None = None
    by_priority: bool = False
    audit_share: float = 0.0
    beside: int = 0
    uniform: Parity[str] | None = None
    uniform_share: float = 0.0
    oldest: int = 0
    known_from: int = 0
    audited_from: int = 0

    @property
    def read(self) -> int:
        return self.unknown + self.beside + (self.balanced.labels if self.balanced else 0)

    @property
    def was_served(self) -> bool:
        """Whether items were chosen when they were given out, not only for a check."""
        return self.read > 0


@dataclass(frozen=True)
class Given:
    """A label of an item that was chosen, or came at random beside those, and the lease that it was given for."""

    lease: int
    item: int
    stream: str
    at: datetime
    groups: Mapping[str, str]
    value: Any


def chosen_view(project: Project, question: Question | None) -> ChosenView | None:
    """None where no item was ever chosen, which look-ups in two indexes tell."""
    given = Assignment.objects.filter(project=project, stream__in=[Stream.CHOSEN, Stream.AUDIT])
    checked = Draw.objects.filter(project=project, stream=Stream.CHOSEN, is_drawn=True)
    if not Project.objects.filter(Exists(given) | Exists(checked), pk=project.pk).exists():
        return None
    labelled = given.filter(annotations__status=AnnotationStatus.CURRENT).order_by("-id")
    names = ("id", "item_id", "stream", "leased_at", "item__groups", "annotations__value")
    found = [Given(*row) for row in labelled.values_list(*names)[: MOST + 1]]
    cut, rows = len(found) > MOST, found[:MOST]
    rules = ServingRules.objects.filter(project=project).first()
    beside = [row for row in rows if row.stream == Stream.AUDIT]
    others = [row for row in rows if row.stream == Stream.CHOSEN]
    since = _balanced_since(project, rules) if others else None
    in_balance = _in_balance(rules, since, others)
    drawn = StreamRules.objects.filter(project=project).values_list("share", flat=True).first()
    (known, known_from), (uniform, audited_from) = (_verdicts(project, one) for one in (Stream.CHOSEN, Stream.AUDIT))
    return ChosenView(
        known=len(known),
        unknown=len(others) - len(in_balance),
        audited=len(uniform),
        parity=_of_verdicts(project, question, known, uniform) if question and known else None,
        cut=cut,
        balanced=_balanced(project, question, rules, since, in_balance, beside) if rules and in_balance else None,
        beside=len(beside),
        uniform=_at_random(project, question, beside),
        uniform_share=rules.uniform_share if rules is not None else 0.0,
        by_priority=rules is not None and rules.strategy == Strategy.PRIORITY,
        audit_share=drawn or 0.0,
        oldest=rows[-1].lease if rows else 0,
        known_from=known_from,
        audited_from=audited_from,
    )


def _at_random(project: Project, question: Question | None, rows: Sequence[Given]) -> Parity[str] | None:
    if question is None or not rows:
        return None
    return demographic_parity(_counts(project, question, rows), labels_per_item=_depth(rows))


def _depth(*parts: Sequence[Given]) -> int:
    """The most labels that one item has in any of them, 1 at least."""
    return max((n for rows in parts for n in Counter(row.item for row in rows).values()), default=1)


def _balanced_since(project: Project, rules: ServingRules | None) -> datetime | None:
    """When the order was last set, where it is a balanced one; None also where it was never set anew."""
    if rules is None or rules.strategy != Strategy.STRATIFIED:
        return None
    events = LedgerEvent.objects.filter(
        project_id=project.pk, subject=f"project:{project.pk}", kind="serving.rules_changed"
    ).order_by("-id")
    return events.values_list("created_at", flat=True).first()


def _in_balance(rules: ServingRules | None, since: datetime | None, rows: Sequence[Given]) -> list[Given]:
    """Those that the order which holds now has given out, where it is a balanced one."""
    if rules is None or rules.strategy != Strategy.STRATIFIED or not rows:
        return []
    return [row for row in rows if since is None or row.at >= since]


def _balanced(
    project: Project,
    question: Question | None,
    rules: ServingRules,
    since: datetime | None,
    rows: Sequence[Given],
    beside: Sequence[Given],
) -> Balanced:
    chances = _chances_by_group(project, rules.column, rows)
    usable = [(row, chance) for row, chance in zip(rows, chances, strict=True) if chance is not None]
    parity = _parity(project, question, [row for row, _chance in usable], [one for _row, one in usable], beside)
    is_own = question is not None and question.attribute == rules.column
    return Balanced(rules.column, len(rows), parity if usable else None, is_own, since)


def _chances_by_group(project: Project, attribute: str, rows: Sequence[Given]) -> list[float | None]:
    """Labels of an item's group for each item of it, of which only the relation between groups matters: the largest is
    1. None where the group was not counted."""
    survey = GroupSurvey.objects.filter(project=project).first()
    items: Counter[str] = Counter()
    for _value, group, n in (survey.counts.get(attribute, {}) if survey else {}).get("values", []):
        items[str(group)] += int(n)
    labels = Counter(row.groups.get(attribute, "") for row in rows)
    share = {group: count / items[group] for group, count in labels.items() if items[group]}
    largest = max(share.values(), default=1.0)
    found = [share.get(row.groups.get(attribute, "")) for row in rows]
    return [None if one is None else one / largest for one in found]


def _parity(
    project: Project,
    question: Question | None,
    rows: Sequence[Given],
    chances: Sequence[float],
    beside: Sequence[Given],
) -> ActiveParity[str] | None:
    if question is None:
        return None
    hit = _hits(project, question)
    own = [(row, chance) for row, chance in zip(rows, chances, strict=True) if question.attribute in row.groups]
    groups = [row.groups[question.attribute] for row, _chance in own]
    weights = inverse_weights([one for _, one in own])
    hits, uniform, depth = [hit(row.value) for row, _ in own], _counts(project, question, beside), _depth(rows, beside)
    return active_parity(groups, hits, weights, uniform, labels_per_item=depth)


def _hits(project: Project, question: Question) -> Callable[[Any], bool]:
    """Whether a stored label counts as the one in question."""
    task = task_type(project.schemas.get(is_current=True).task_type)
    return lambda value: question.label in task.decisions(task.token(value))


def _counts(project: Project, question: Question, rows: Sequence[Given]) -> dict[str, GroupCounts]:
    hit, said = _hits(project, question), defaultdict[str, list[bool]](list)
    for row in rows:
        if question.attribute in row.groups:
            said[row.groups[question.attribute]].append(hit(row.value))
    return {group: GroupCounts(sum(hits), len(hits)) for group, hits in said.items()}


@dataclass(frozen=True)
class Verdict:
    """An expert's label of an item that was drawn for a check with this chance."""

    chance: float
    groups: Mapping[str, str]
    value: Any


def _verdicts(project: Project, stream: Stream) -> tuple[list[Verdict], int]:
    """Of the newest ``MOST_CHECKED`` items that a stream drew, those that an expert has given a label since; and the
    oldest draw that was read, 0 where all were."""
    newest = Draw.objects.filter(project=project, stream=stream, is_drawn=True).order_by("-id")
    names = ("id", "item__consensus__method", "probability", "item__groups", "item__consensus__value")
    drawn = list(newest.values_list(*names)[: MOST_CHECKED + 1])
    read = drawn[:MOST_CHECKED]
    found = [Verdict(*row) for _id, method, *row in read if method == ConsensusMethod.SETTLED and row[-1] is not None]
    return found, read[-1][0] if len(drawn) > MOST_CHECKED else 0


def _of_verdicts(
    project: Project, question: Question, chosen: Sequence[Verdict], uniform: Sequence[Verdict]
) -> ActiveParity[str]:
    """Items drawn uniformly at another share weigh otherwise too: each stands for 1/share items."""
    hit = _hits(project, question)

    def weighted(rows: Sequence[Verdict], *, by_chance: bool = True) -> Parity[str]:
        own = [row for row in rows if question.attribute in row.groups]
        weights = inverse_weights([row.chance if by_chance else 1.0 for row in own])
        groups = [row.groups[question.attribute] for row in own]
        return weighted_parity(groups, [hit(row.value) for row in own], weights)

    return ActiveParity(naive=weighted(chosen, by_chance=False), weighted=weighted(chosen), audit=weighted(uniform))
