"""Everything that the live page and its API say, computed from the counters of one project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from annotations.agreement import Coefficient, cohen_kappa
from annotations.models import Annotator, AnnotatorKind, Dataset, LabelSchema, Project
from annotations.task_types import TaskType, task_type
from annotations.task_types.base import label_keys, label_name
from fairness.cells import Cells
from fairness.metrics import (
    MIN_GROUP,
    Certified,
    CertifiedGaps,
    CertifiedSpan,
    Gaps,
    GroupCounts,
    Impact,
    Parity,
    demographic_parity,
    disparate_impact,
    human_llm_gaps,
)
from fairness.models import Pulse
from fairness.selectors.certainty import Certificate, Ground, ground_of
from fairness.selectors.counting import Question, cells_of, group_counts
from fairness.selectors.progress import Progress, pace_of, progress_from
from fairness.selectors.wanted import CONSENSUS, MODEL, PEOPLE, Wanted
from fairness.services.recount import one_snapshot
from ledger.errors import DomainError, invalid

__all__ = ["CONSENSUS", "MODEL", "PEOPLE", "LiveView", "ModelView", "Question", "Source", "live_view"]

MOST_DATASETS = 500


@dataclass(frozen=True)
class Source:
    """Who gave labels, and how often which group got the label in question.

    Attributes
    ----------
    kind : ``people``, ``consensus`` or ``model``.
    annotator_id, name : of a model; None and empty else.
    counts : selected and all labels of every group; the consensus counts decided items instead.
    parity : the rates and how far they lie apart. Of people's labels as many count as one in an interval, here and in
        ``impact``, as an item may have: they are alike.
    impact : the four-fifths rule, for one look, with the ratio's interval.
    beyond_chance : for one look, whether the difference of the furthest pair of groups is larger than chance explains:
        its interval leaves 0 out at a confidence raised for the number of pairs that it was picked from (Bonferroni).
        None where there is no difference to judge.
    certificate : what is certain of the groups at whatever moment one looks, or why nothing is.
    """

    kind: str
    annotator_id: int | None
    name: str
    counts: Mapping[str, GroupCounts]
    parity: Parity[str]
    impact: Impact[str]
    beyond_chance: bool | None
    certificate: Certificate

    @property
    def certified(self) -> Certified[str] | None:
        return self.certificate.found

    @property
    def span(self) -> CertifiedSpan | None:
        return self.certificate.span

    @property
    def certain_difference(self) -> float:
        """Two groups are certain to lie so far apart, at every moment; 0 where nothing is certain."""
        return self.certified.lower if self.certified else 0.0


@dataclass(frozen=True)
class ModelView:
    """A model beside the people: the gap per group, and Cohen's κ with the people's own consensus (None where a time is
    asked for: a consensus has none). ``certain_gaps``: what is certain of the gaps at every moment, None where nothing
    may be called so."""

    source: Source
    gaps: Gaps[str]
    kappa: Coefficient | None
    certain_gaps: CertifiedGaps[str] | None
    apart: int = 0  # items on which κ's two labels are not the same

    @property
    def certain_spread(self) -> float:
        """Two groups' gaps are certain to lie so far apart; 0 where nothing is certain."""
        return self.certain_gaps.spread.lower if self.certain_gaps else 0.0


@dataclass(frozen=True)
class LiveView:
    """The page's numbers at one moment: all of one fold, ``progress.version``, as far as ``wanted`` asks for them."""

    attributes: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]  # (key, name)
    question: Question | None  # None: the project watches no attribute yet
    people: Source | None
    consensus: Source | None
    models: tuple[ModelView, ...]
    progress: Progress
    min_group: int
    wanted: Wanted
    datasets: tuple[tuple[int, str], ...]
    annotators: tuple[tuple[int, str], ...]  # every model, shown or not
    ground: Ground | None  # None without a question
    task: TaskType
    counting_truth: bool = False  # what is asked for of labels against the truth is being counted: see ``Pulse.kept``
    ungrouped: int = 0  # labels of people, where these are shown, of items without a group of the attribute

    @property
    def sources(self) -> tuple[Source, ...]:
        first = [source for source in (self.people, self.consensus) if source is not None]
        return (*first, *(view.source for view in self.models))

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group that anybody labelled, in alphabetical order."""
        return tuple(sorted({group for source in self.sources for group in source.counts}))


def live_view(
    project: Project,
    *,
    attribute: str = "",
    label: str = "",
    wanted: Wanted | None = None,
    min_group: int = MIN_GROUP,
) -> LiveView:
    """The view of one attribute and label; the project's first attribute and favourable label by default.

    ``wanted``: a whole filter instead of those two. ``min_group``: labels that a group needs before its rate is given.
    Raises ``DomainError`` (400) for what the project does not have.
    """
    wanted = wanted or Wanted(attribute=attribute, label=label)
    with one_snapshot():
        pulse = Pulse.objects.filter(project=project).first()
        schema = project.schemas.get(is_current=True)
        attributes = tuple(project.attributes.values_list("name", flat=True))
        question = _ask(project, schema, attributes, attribute=wanted.attribute, label=wanted.label)
        cells = cells_of(project, question, wanted)
        ground = None if question is None else ground_of(project, question.attribute, wanted, pulse)
        pace = pace_of(project)
        annotators = list(Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL).order_by("pk"))
        datasets = tuple(Dataset.objects.filter(project=project).values_list("pk", "name")[:MOST_DATASETS])
    _check_ids(wanted, attributes, annotators, datasets)
    people = consensus = None
    ungrouped = 0
    models: tuple[ModelView, ...] = ()
    task = task_type(schema.task_type)
    if question is not None and ground is not None:
        tables = group_counts(cells, task, question)
        if wanted.by in ("", PEOPLE):
            people = source_of(PEOPLE, tables.get("people", {}), min_group, ground)
            ungrouped = _ungrouped(cells, people)
        if wanted.by in ("", CONSENSUS) and not wanted.is_timed:
            consensus = source_of(CONSENSUS, tables.get("decided", {}), min_group, ground)
        if wanted.by in ("", MODEL):
            shown = [one for one in annotators if wanted.model in (None, one.pk)]
            paired = None if wanted.is_timed else cells
            models = tuple(_model(one, tables, paired, min_group, ground) for one in shown)
    return LiveView(
        attributes=attributes,
        labels=tuple((key, label_name(schema.config, key)) for key in label_keys(schema.config)),
        question=question,
        people=people,
        consensus=consensus,
        models=models,
        progress=progress_from(cells, pace, pulse),
        min_group=min_group,
        wanted=wanted,
        datasets=datasets,
        annotators=tuple((one.pk, name_of(one)) for one in annotators),
        ungrouped=ungrouped,
        ground=ground,
        task=task,
        counting_truth=wanted.is_sliced and pulse is not None and pulse.kept < Pulse.TRUTHS,
    )


def _ungrouped(cells: Cells, people: Source) -> int:
    everybody = sum(n for cell, n in cells.items() if cell.table == "people" and not cell.attribute)
    return everybody - sum(counts.n for counts in people.counts.values())


def _check_ids(
    wanted: Wanted,
    attributes: tuple[str, ...],
    annotators: list[Annotator],
    datasets: tuple[tuple[int, str], ...],
) -> None:
    if wanted.model is not None and wanted.model not in {one.pk for one in annotators}:
        raise invalid(f"No model {wanted.model} has labelled in this project.", code="unknown_model")
    if wanted.dataset is not None and wanted.dataset not in dict(datasets):
        raise invalid(f"This project has no dataset {wanted.dataset}.", code="unknown_dataset")
    if wanted.beside and wanted.beside not in attributes:
        raise _no_attribute(wanted.beside, attributes)


def _no_attribute(name: str, attributes: tuple[str, ...]) -> DomainError:
    known = ", ".join(attributes) or "none"
    return invalid(f"This project has no attribute “{name[:60]}”. It has: {known}.", code="unknown_attribute")


def _ask(
    project: Project, schema: LabelSchema, attributes: tuple[str, ...], *, attribute: str, label: str
) -> Question | None:
    """The question that the address asks, or the default one."""
    keys = label_keys(schema.config)
    if attribute and attribute not in attributes:
        raise _no_attribute(attribute, attributes)
    if label and label not in keys:
        raise invalid(f"This project has no label “{label[:60]}”. It has: {', '.join(keys)}.", code="unknown_label")
    if not attributes:
        return None
    chosen = label or (project.favourable_label if project.favourable_label in keys else keys[0])
    return Question(attribute or attributes[0], chosen, label_name(schema.config, chosen))


def kappa(cells: Cells, annotator_id: int) -> Coefficient:
    """Cohen's κ between the people's own consensus and one model, over the items that have both."""
    table = f"pair:{annotator_id}"
    pairs = {(cell.key, cell.other): count for cell, count in cells.items() if cell.table == table}
    tokens = sorted({token for pair in pairs for token in pair}) or [""]
    return cohen_kappa([[pairs.get((row, column), 0) for column in tokens] for row in tokens])


def _apart(cells: Cells, annotator_id: int) -> int:
    table = f"pair:{annotator_id}"
    return sum(count for cell, count in cells.items() if cell.table == table and cell.key != cell.other)


def _model(
    annotator: Annotator,
    tables: Mapping[str, Mapping[str, GroupCounts]],
    cells: Cells | None,
    min_group: int,
    ground: Ground,
) -> ModelView:
    counts, people = tables.get(f"model:{annotator.pk}", {}), tables.get("people", {})
    alike = (1, ground.labels_per_item)
    return ModelView(
        source=source_of(MODEL, counts, min_group, ground, annotator),
        gaps=human_llm_gaps(counts, people, min_group=min_group, labels_per_item=alike),
        kappa=None if cells is None else kappa(cells, annotator.pk),
        certain_gaps=ground.certify_gaps(counts, people, min_group),
        apart=0 if cells is None else _apart(cells, annotator.pk),
    )


def source_of(
    kind: str,
    counts: Mapping[str, GroupCounts],
    min_group: int,
    ground: Ground,
    annotator: Annotator | None = None,
) -> Source:
    certificate = ground.certify(kind, counts, min_group)
    parity = demographic_parity(counts, min_group=min_group, labels_per_item=certificate.labels_per_item)
    return Source(
        kind=kind,
        annotator_id=annotator.pk if annotator else None,
        name=name_of(annotator) if annotator else "",
        counts=counts,
        parity=parity,
        impact=disparate_impact(counts, min_group=min_group, labels_per_item=certificate.labels_per_item),
        beyond_chance=None if parity.difference.low is None else parity.difference.low > 0,
        certificate=certificate,
    )


def name_of(annotator: Annotator) -> str:
    return annotator.name or annotator.pseudonym
