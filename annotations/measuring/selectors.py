"""Agreement of a project: among people, and between people and each model; overall, per group, per label,
over time, per pair of people.

Models' labels never enter the agreement among people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from django.core.cache import cache
from django.db.models import Max

from annotations.agreement import CoefficientName, pair_agreement
from annotations.agreement.trend import Trend
from annotations.measuring.breakdown import (
    Coefficients,
    LabelAgreement,
    PeriodAgreement,
    among_people,
    by_label,
    by_period,
    period_trend,
)
from annotations.measuring.patterns import (
    ModelPattern,
    PairCell,
    Pattern,
    count_raters,
    model_patterns,
    pair_cells,
    people_patterns,
)
from annotations.models import Annotator, AnnotatorKind, LabelSchema, Project
from annotations.state import Vote, people_decide
from annotations.task_types import TaskType, task_type
from annotations.task_types.base import label_keys
from ledger.errors import DomainError
from ledger.models import LedgerEvent

MAX_PAIR_RATERS = 20  # people who labelled most, compared two by two
MIN_SHARED = 30  # items that two people must share before their agreement is shown
CACHE_SECONDS = 60

P = TypeVar("P", bound=Pattern)


@dataclass(frozen=True)
class GroupAgreement:
    """One scope: the whole project (attribute and group empty) or one group of an attribute. ``disputed``: items of it
    to which people gave different labels."""

    attribute: str
    group: str
    coefficients: Coefficients
    disputed: int


@dataclass(frozen=True)
class ModelAgreement:
    """People and one model. ``consensus``: the people's own consensus with the model's label, an item counting once.
    ``labels``: each person's label with the model's; intervals take the items, not the pairs, as independent."""

    annotator_id: int
    name: str
    consensus: tuple[GroupAgreement, ...]
    labels: tuple[GroupAgreement, ...]


@dataclass(frozen=True)
class PairAgreement:
    """Two people, by their pseudonyms. ``enough``: they share at least ``MIN_SHARED`` items."""

    first: str
    second: str
    shared: int
    enough: bool
    coefficients: Coefficients


@dataclass(frozen=True)
class ProjectAgreement:
    """``people[0]`` is the whole project, the groups follow; ``pairs`` has the lowest agreement first."""

    raters: int
    items: int  # with at least one person's label
    labels: int
    people: tuple[GroupAgreement, ...]
    by_label: tuple[LabelAgreement, ...]
    over_time: tuple[PeriodAgreement, ...]
    trend: Trend
    models: tuple[ModelAgreement, ...]
    pairs: tuple[PairAgreement, ...]
    pair_raters: int

    @property
    def overall(self) -> Coefficients:
        return self.people[0].coefficients


def project_agreement(project: Project) -> ProjectAgreement:
    """The project's agreement, kept until something happens in the project, at most ``CACHE_SECONDS``."""
    # Every change appends an event in its own transaction, so the newest event names the state. The time limit is for
    # transactions that commit in another order than their events were numbered.
    head = LedgerEvent.objects.filter(project_id=project.pk).aggregate(Max("id"))["id__max"]
    key = f"agreement:4:{project.pk}:{head}"
    found: ProjectAgreement | None = cache.get(key)
    if found is None:
        found = measure(project)
        cache.set(key, found, CACHE_SECONDS)
    return found


def measure(project: Project) -> ProjectAgreement:
    """The same, computed now."""
    schema = project.schemas.get(is_current=True)
    task = task_type(schema.task_type)
    attributes = list(project.attributes.values_list("name", flat=True))
    people = people_patterns(project, task)
    by_model = model_patterns(project, task)
    offered = offered_tokens(task, schema)
    pairs = pair_cells(project, task, raters=MAX_PAIR_RATERS)
    return ProjectAgreement(
        raters=count_raters(project),
        items=sum(pattern.items for pattern in people),
        labels=sum(pattern.items * sum(pattern.people.values()) for pattern in people),
        people=tuple(_scopes(people, attributes, lambda part: among_people(part, offered))),
        by_label=by_label(people, label_keys(schema.config), task),
        over_time=by_period(people, offered),
        trend=period_trend(people),
        models=tuple(_models(project, by_model, attributes, offered)),
        pairs=tuple(_pairs(project, pairs, offered)),
        pair_raters=MAX_PAIR_RATERS,
    )


def offered_tokens(task: TaskType, schema: LabelSchema) -> list[str]:
    """The answers of one label that the schema offers: the categories that AC1 counts, with any others that were given.

    For several labels per answer these are the sets of one label; larger sets count as categories once they are used.
    """
    tokens = []
    for key in label_keys(schema.config):
        try:
            tokens.append(task.token(task.value_from_form(schema.config, [key])))
        except DomainError:
            continue  # the task asks for more labels than one
    return tokens


def with_consensus(patterns: Sequence[ModelPattern], offered: Sequence[str], min_support: int) -> Coefficients:
    """Raw agreement, Cohen's κ, α and AC1 of the people's own consensus with the model's label."""
    cells: dict[tuple[str, str], int] = defaultdict(int)
    for pattern in patterns:
        decided = people_decide(_votes(pattern.people), min_support=min_support)
        if decided is not None and decided.token is not None:
            cells[decided.token, pattern.token] += pattern.items
    return _pair(cells, offered)


def with_each_label(patterns: Sequence[ModelPattern], offered: Sequence[str]) -> Coefficients:
    """The same of each person's label with the model's."""
    cells: dict[tuple[str, str], int] = defaultdict(int)
    for pattern in patterns:
        for token, times in pattern.people.items():
            cells[token, pattern.token] += pattern.items * times
    return _pair(cells, offered, n_items=sum(pattern.items for pattern in patterns))


def _votes(people: Mapping[str, int]) -> list[Vote]:
    return [Vote(0, 0, False, token) for token, times in people.items() for _ in range(times)]


def _pair(cells: Mapping[tuple[str, str], int], offered: Sequence[str], *, n_items: int | None = None) -> Coefficients:
    tokens = _tokens(offered, (token for pair in cells for token in pair))
    row = {token: number for number, token in enumerate(tokens)}
    matrix = np.zeros((len(tokens), len(tokens)), dtype=np.int64)
    for (one, other), count in cells.items():
        matrix[row[one], row[other]] += count
    # An order can be weighed only where every answer has its place in it, and matters from three labels on.
    ordered = len(offered) > 2 and len(tokens) == len(offered)
    return pair_agreement(matrix, ordered=ordered, n_items=n_items)


def _tokens(offered: Sequence[str], used: Iterable[str]) -> list[str]:
    return [*offered, *sorted(set(used) - set(offered))]


def _scopes(
    patterns: Sequence[P], attributes: Sequence[str], measured: Callable[[Sequence[P]], Coefficients]
) -> Iterable[GroupAgreement]:
    yield GroupAgreement("", "", measured(patterns), _disputed(patterns))
    for attribute in attributes:
        parts: dict[str, list[P]] = defaultdict(list)
        for pattern in patterns:
            if attribute in pattern.groups:
                parts[pattern.groups[attribute]].append(pattern)
        for group in sorted(parts):
            yield GroupAgreement(attribute, group, measured(parts[group]), _disputed(parts[group]))


def _disputed(patterns: Iterable[Pattern]) -> int:
    return sum(pattern.items for pattern in patterns if len(pattern.people) > 1)


def _models(
    project: Project, patterns: Sequence[ModelPattern], attributes: Sequence[str], offered: Sequence[str]
) -> Iterable[ModelAgreement]:
    for annotator in Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL).order_by("pk"):
        own = [pattern for pattern in patterns if pattern.annotator_id == annotator.pk]
        yield ModelAgreement(
            annotator_id=annotator.pk,
            name=annotator.name or annotator.pseudonym,
            consensus=tuple(_scopes(own, attributes, lambda part: with_consensus(part, offered, project.min_support))),
            labels=tuple(_scopes(own, attributes, lambda part: with_each_label(part, offered))),
        )


def _pairs(project: Project, cells: Sequence[PairCell], offered: Sequence[str]) -> list[PairAgreement]:
    tables: dict[tuple[int, int], dict[tuple[str, str], int]] = defaultdict(dict)
    for cell in cells:
        tables[cell.annotator_id, cell.other_id][cell.token, cell.other_token] = cell.items
    ids = {annotator for pair in tables for annotator in pair}
    names = dict(Annotator.objects.filter(pk__in=ids).values_list("pk", "pseudonym"))
    found = []
    for (one, other), table in tables.items():
        shared = sum(table.values())
        first, second = sorted((names[one], names[other]))
        found.append(PairAgreement(first, second, shared, shared >= MIN_SHARED, _pair(table, offered)))
    return sorted(found, key=_lowest_first)


def _lowest_first(pair: PairAgreement) -> tuple[bool, float, str, str]:
    kappa = pair.coefficients[CoefficientName.COHEN_KAPPA].value
    return (not pair.enough, kappa if kappa is not None else 2.0, pair.first, pair.second)
