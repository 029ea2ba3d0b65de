"""Everything that the live page and its API say, computed from the counters of one project."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from annotations.agreement import Coefficient, cohen_kappa
from annotations.models import Annotator, AnnotatorKind, LabelSchema, Project
from annotations.task_types import TaskType, task_type
from annotations.task_types.base import label_keys, label_name
from fairness.cells import Cell, Cells
from fairness.metrics import MIN_GROUP, Gaps, GroupCounts, Parity, demographic_parity, human_llm_gaps, newcombe
from fairness.models import Counter, Pulse
from fairness.selectors.progress import Progress, pace_of, progress_from
from fairness.services.recount import one_snapshot
from ledger.errors import invalid

PEOPLE, CONSENSUS, MODEL = "people", "consensus", "model"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Question:
    """What is looked at: the selection of one label across the groups of one attribute."""

    attribute: str
    label: str  # key
    label_name: str


@dataclass(frozen=True)
class Source:
    """Who gave labels, and how often which group got the label in question.

    Attributes
    ----------
    kind : ``people``, ``consensus`` or ``model``.
    annotator_id, name : of a model; None and empty else.
    counts : selected and all labels of every group; the consensus counts decided items instead.
    parity : the rates and how far they lie apart.
    beyond_chance : whether the difference of the furthest pair of groups is larger than chance explains: its interval
        leaves 0 out at a confidence raised for the number of pairs that it was picked from (Bonferroni). None where
        there is no difference to judge.
    """

    kind: str
    annotator_id: int | None
    name: str
    counts: Mapping[str, GroupCounts]
    parity: Parity[str]
    beyond_chance: bool | None


@dataclass(frozen=True)
class ModelView:
    """A model beside the people: the gap per group, and Cohen's κ with the people's own consensus."""

    source: Source
    gaps: Gaps[str]
    kappa: Coefficient


@dataclass(frozen=True)
class LiveView:
    """The page's numbers at one moment: all of one fold, ``progress.version``."""

    attributes: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]  # (key, name)
    question: Question | None  # None: the project watches no attribute yet
    people: Source | None
    consensus: Source | None
    models: tuple[ModelView, ...]
    progress: Progress
    min_group: int

    @property
    def sources(self) -> tuple[Source, ...]:
        first = [source for source in (self.people, self.consensus) if source is not None]
        return (*first, *(view.source for view in self.models))

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group that anybody labelled, in alphabetical order."""
        return tuple(sorted({group for source in self.sources for group in source.counts}))


def live_view(project: Project, *, attribute: str = "", label: str = "", min_group: int = MIN_GROUP) -> LiveView:
    """The view of one attribute and label; the project's first attribute and favourable label by default.

    ``min_group``: labels that a group needs before its rate is given.
    Raises ``DomainError`` (400) for an attribute or label that the project does not have.
    """
    with one_snapshot():
        pulse = Pulse.objects.filter(project=project).first()
        schema = project.schemas.get(is_current=True)
        attributes = tuple(project.attributes.values_list("name", flat=True))
        question = _ask(project, schema, attributes, attribute=attribute, label=label)
        cells = _cells(project, question)
        pace = pace_of(project)
        annotators = list(Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL).order_by("pk"))
    people = consensus = None
    models: tuple[ModelView, ...] = ()
    if question is not None:
        tables = group_counts(cells, task_type(schema.task_type), question)
        people = _source(PEOPLE, tables.get("people", {}), min_group)
        consensus = _source(CONSENSUS, tables.get("decided", {}), min_group)
        models = tuple(_model(annotator, tables, cells, min_group) for annotator in annotators)
    return LiveView(
        attributes=attributes,
        labels=tuple((key, label_name(schema.config, key)) for key in label_keys(schema.config)),
        question=question,
        people=people,
        consensus=consensus,
        models=models,
        progress=progress_from(cells, pace, pulse),
        min_group=min_group,
    )


def _ask(
    project: Project, schema: LabelSchema, attributes: tuple[str, ...], *, attribute: str, label: str
) -> Question | None:
    """The question that the address asks, or the default one."""
    keys = label_keys(schema.config)
    if attribute and attribute not in attributes:
        known = ", ".join(attributes) or "none"
        raise invalid(f"This project has no attribute “{attribute[:60]}”. It has: {known}.", code="unknown_attribute")
    if label and label not in keys:
        raise invalid(f"This project has no label “{label[:60]}”. It has: {', '.join(keys)}.", code="unknown_label")
    if not attributes:
        return None
    chosen = label or (project.favourable_label if project.favourable_label in keys else keys[0])
    return Question(attribute or attributes[0], chosen, label_name(schema.config, chosen))


def _cells(project: Project, question: Question | None) -> Cells:
    """The counters that the question needs: no other attribute's groups."""
    wanted = Q(table="totals")
    if question is not None:
        wanted |= Q(table__startswith="pair:") | Q(attribute=question.attribute)
    rows = Counter.objects.filter(wanted, project=project, n__gt=0)
    return Tally({Cell(r.table, r.attribute, r.group, r.key, r.other): r.n for r in rows.iterator(chunk_size=2000)})


def group_counts(cells: Cells, task: TaskType, question: Question) -> dict[str, dict[str, GroupCounts]]:
    """Table → group → how many of its labels give the label in question; the groups in alphabetical order."""
    selected: Tally[tuple[str, str]] = Tally()
    totals: Tally[tuple[str, str]] = Tally()
    for cell, count in cells.items():
        if cell.attribute != question.attribute:
            continue
        totals[cell.table, cell.group] += count
        if question.label in task.decisions(cell.key):
            selected[cell.table, cell.group] += count
    tables: dict[str, dict[str, GroupCounts]] = defaultdict(dict)
    for (table, group), n in sorted(totals.items()):
        tables[table][group] = GroupCounts(selected[table, group], n)
    return tables


def kappa(cells: Cells, annotator_id: int) -> Coefficient:
    """Cohen's κ between the people's own consensus and one model, over the items that have both."""
    table = f"pair:{annotator_id}"
    pairs = {(cell.key, cell.other): count for cell, count in cells.items() if cell.table == table}
    tokens = sorted({token for pair in pairs for token in pair}) or [""]
    return cohen_kappa([[pairs.get((row, column), 0) for column in tokens] for row in tokens])


def _model(
    annotator: Annotator, tables: Mapping[str, Mapping[str, GroupCounts]], cells: Cells, min_group: int
) -> ModelView:
    counts = tables.get(f"model:{annotator.pk}", {})
    source = _source(MODEL, counts, min_group, annotator)
    gaps = human_llm_gaps(counts, tables.get("people", {}), min_group=min_group)
    return ModelView(source, gaps, kappa(cells, annotator.pk))


def _source(kind: str, counts: Mapping[str, GroupCounts], min_group: int, annotator: Annotator | None = None) -> Source:
    parity = demographic_parity(counts, min_group=min_group)
    return Source(
        kind=kind,
        annotator_id=annotator.pk if annotator else None,
        name=annotator.name or annotator.pseudonym if annotator else "",
        counts=counts,
        parity=parity,
        beyond_chance=_beyond_chance(parity, counts),
    )


def _beyond_chance(parity: Parity[str], counts: Mapping[str, GroupCounts]) -> bool | None:
    if parity.highest is None or parity.lowest is None:
        return None
    usable = len(parity.rates) - len(parity.excluded)
    pairs = usable * (usable - 1) // 2
    low, _ = newcombe(counts[parity.highest], counts[parity.lowest], 1 - (1 - CONFIDENCE) / pairs)
    return low > 0
