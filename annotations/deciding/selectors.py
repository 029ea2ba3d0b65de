"""Reading what the last fit found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from scipy import stats

from annotations.models import (
    AnnotatorKind,
    AnnotatorSkill,
    Consensus,
    ConsensusFit,
    ConsensusRules,
    Item,
    ItemPosterior,
    LabelSchema,
    Project,
)
from annotations.task_types import task_type

FIELDS = ("method", "count_models")
ENOUGH_LABELS = 20  # of an annotator before their skill is shown


@dataclass(frozen=True)
class SkillShown:
    """One annotator. ``skill``: the probability that a label of theirs is right, with its 95 % interval; None below
    ``ENOUGH_LABELS``. ``mistake``: (true, said, how often) of the most frequent confusion, in words."""

    name: str
    kind: str
    labels: int
    skill: float | None
    low: float | None
    high: float | None
    mistake: tuple[str, str, float] | None


@dataclass(frozen=True)
class FitShown:
    """A project's last fit. ``errors``: expected wrong labels among ``decided`` consensus labels, from the posteriors;
    ``disputed``: items where the fit's label is another than the consensus."""

    fit: ConsensusFit
    decided: int
    errors: float
    disputed: int


def rules_of(project: Project) -> ConsensusRules:
    """The project's rules; the defaults, unsaved, where its owner has set none."""
    return ConsensusRules.objects.filter(project=project).first() or ConsensusRules(project=project)


def fit_of(project: Project) -> FitShown | None:
    """The last fit; None before the first."""
    fit = ConsensusFit.objects.filter(project=project).select_related("schema").first()
    if fit is None:
        return None
    decided, errors = _expected_errors(fit)
    return FitShown(fit, decided, errors, disputed_items(project).count())


def _expected_errors(fit: ConsensusFit) -> tuple[int, float]:
    """Decided items, and the sum over them of 1 − P(consensus): one group for each label, in the database."""
    task = task_type(fit.schema.task_type)
    decided, errors = 0, 0.0
    rows = Consensus.objects.filter(project_id=fit.project_id, value__isnull=False, item__posterior__isnull=False)
    for token in fit.tokens:
        chances = rows.filter(value=task.value_of_token(token)).values_list(f"item__posterior__probabilities__{token}")
        found = [float(chance or 0) for (chance,) in chances.iterator()]
        decided += len(found)
        errors += len(found) - sum(found)
    return decided, max(errors, 0.0)


def disputed_items(project: Project) -> QuerySet[ItemPosterior]:
    """Items where the fit's most probable label is another than the consensus, the surest first."""
    differs = Consensus.objects.filter(item=OuterRef("item"), value__isnull=False).exclude(value=OuterRef("value"))
    found = ItemPosterior.objects.filter(Exists(differs), project=project)
    return found.select_related("item__consensus__schema").order_by("-certainty", "item_id")


def skills_of_project(fit: ConsensusFit) -> list[SkillShown]:
    """Every annotator of the fit under their pseudonym, a model under its name; most labels first."""
    rows = AnnotatorSkill.objects.filter(project_id=fit.project_id).select_related("annotator")
    return [_skill(row, fit) for row in rows.order_by("-labels", "annotator_id")]


def _skill(row: AnnotatorSkill, fit: ConsensusFit) -> SkillShown:
    model = row.annotator.kind == AnnotatorKind.MODEL
    name = row.annotator.name if model and row.annotator.name else row.annotator.pseudonym
    if row.labels < ENOUGH_LABELS:
        return SkillShown(name, row.annotator.kind, row.labels, None, None, None, None)
    right = row.skill * row.labels
    low, high = stats.beta.interval(0.95, right + 0.5, row.labels - right + 0.5)  # Jeffreys
    return SkillShown(
        name, row.annotator.kind, row.labels, row.skill, float(low), float(high), _mistake(row.confusion, fit)
    )


def _mistake(confusion: list[list[float]], fit: ConsensusFit) -> tuple[str, str, float] | None:
    """The confusion that happens most often given how common the labels are."""
    if len(confusion) != len(fit.tokens):
        return None  # the annotator was left out of the last fit
    found = [
        (fit.prior[true] * confusion[true][said], true, said)
        for true in range(len(fit.tokens))
        for said in range(len(fit.tokens))
        if true != said
    ]
    if not found:
        return None
    _often, true, said = max(found)
    return words(fit.schema, fit.tokens[true]), words(fit.schema, fit.tokens[said]), confusion[true][said]


def words(schema: LabelSchema, token: str) -> str:
    """A token as people read it."""
    task = task_type(schema.task_type)
    return task.describe(schema.config, task.value_of_token(token))


def posterior_of(item: Item) -> list[tuple[str, float]]:
    """(label in words, probability) of one item by the last fit, the most probable first; empty where it has none."""
    row = ItemPosterior.objects.filter(item=item).first()
    fit = ConsensusFit.objects.filter(project_id=item.project_id).select_related("schema").first()
    if row is None or fit is None:
        return []
    ranked: list[tuple[str, Any]] = sorted(row.probabilities.items(), key=lambda pair: -pair[1])
    return [(words(fit.schema, token), chance) for token, chance in ranked]


def least_certain(project: Project) -> QuerySet[ItemPosterior]:
    """Every fitted item, the least certain first."""
    return ItemPosterior.objects.filter(project=project).select_related("item").order_by("certainty", "item_id")
