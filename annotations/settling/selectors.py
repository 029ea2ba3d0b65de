"""What an expert reads: the queue, a case with both sides, and how similar cases were settled.

Nobody's name leaves here before a case is settled: sides are counts of labels, and the model's own words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.modalities import modality
from annotations.models import (
    Annotation,
    AnnotationStatus,
    AnnotatorKind,
    Case,
    CaseStatus,
    Consensus,
    Item,
    LabelSchema,
    Settlement,
)
from annotations.settling.doubting import doubt_in_words
from annotations.task_types import task_type

LOOKED_AT = 400  # settled cases, the newest, among which similar ones are looked for
MOST_SIMILAR = 5
WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Tally:
    """How many people gave one label; ``words`` is the label for people."""

    value: Any
    words: str
    count: int


@dataclass(frozen=True)
class ModelAnswer:
    """What one model said, without its name."""

    value: Any
    words: str
    confidence: float | None
    reason: str


@dataclass(frozen=True)
class Sides:
    """Both sides of a disagreement. ``labels`` = tokens that anybody gave."""

    people: list[Tally] = field(default_factory=list)
    models: list[ModelAnswer] = field(default_factory=list)
    labels: frozenset[str] = frozenset()

    @property
    def votes(self) -> int:
        return sum(tally.count for tally in self.people)


@dataclass(frozen=True)
class Said:
    """Who said what: for after the settlement only. ``who`` is a pseudonym, or a model's name."""

    who: str
    kind: str
    words: str


@dataclass(frozen=True)
class SimilarCase:
    """A settled case with the same labels in dispute; ``overlap`` = share of words in common, 0–1."""

    settlement: Settlement
    excerpt: str
    words: str
    overlap: float


def cases_of(project_id: int, *, status: str = "", kind: str = "") -> QuerySet[Case]:
    """A project's cases, most at stake first."""
    cases = Case.objects.select_related("item", "project", "settlement__schema").filter(project_id=project_id)
    if status:
        cases = cases.filter(status=status)
    if kind:
        cases = cases.filter(kind=kind)
    return cases.order_by("-at_stake", "id")


def case_counts(project_id: int) -> dict[str, Any]:
    """``{"status": {status: cases}, "kind": {kind: open cases}}``."""
    rows = Case.objects.filter(project_id=project_id).order_by().values_list("status", "kind").annotate(Count("pk"))
    status: Counter[str] = Counter()
    kind: Counter[str] = Counter()
    for its_status, its_kind, number in rows:
        status[its_status] += number
        if its_status == CaseStatus.OPEN:
            kind[its_kind] += number
    return {"status": dict(status), "kind": dict(kind)}


def sides_of(item_ids: Iterable[int]) -> dict[int, Sides]:
    """Both sides of each item, by item id, in one query."""
    by_item: dict[int, list[Annotation]] = {item_id: [] for item_id in item_ids}
    for annotation in _current(by_item):
        by_item[annotation.item_id].append(annotation)
    return {item_id: _sides(annotations) for item_id, annotations in by_item.items()}


def who_said_what(case: Case) -> list[Said]:
    """The labels with pseudonyms; empty until the case is settled."""
    if case.status != CaseStatus.SETTLED:
        return []
    said = []
    for annotation in _current([case.item_id]):
        annotator = annotation.annotator
        model = annotator.kind == AnnotatorKind.MODEL
        name = annotator.name if model and annotator.name else annotator.pseudonym
        said.append(Said(who=name, kind=annotator.kind, words=words_of(annotation.schema, annotation.value)))
    return sorted(said, key=lambda one: (one.kind, one.words, one.who))


def shown_sides(cases: Iterable[Case]) -> dict[int, Sides]:
    """Both sides of each case's item, by item id, in one query; empty where the case is to be judged blind."""
    cases = list(cases)
    sides = sides_of(case.item_id for case in cases if not case.is_blind)
    return {case.item_id: sides.get(case.item_id, Sides()) for case in cases}


def why_open(case: Case, sides: Sides) -> str:
    """The disagreement in a sentence or two."""
    if case.is_blind:
        return _(
            "Label it as you see it. What others said of it, whether they agree or not, is shown once it is settled."
        )
    parts = []
    for tally in sides.people:
        text = ngettext("%(count)s person says “%(label)s”", "%(count)s people say “%(label)s”", tally.count)
        parts.append(text % {"count": tally.count, "label": tally.words})
    sentences = ["; ".join(parts) + "."] if parts else []
    for answer in sides.models:
        if answer.confidence is None:
            sentences.append(_("The model says “%(label)s”.") % {"label": answer.words})
        else:
            text = _("The model says “%(label)s”, %(percent)s\u00a0%% sure.")
            sentences.append(text % {"label": answer.words, "percent": round(100 * answer.confidence)})
    if case.doubt:
        sentences.append(doubt_in_words(case.doubt, case.project.schemas.get(is_current=True)))
    return " ".join(sentences)


def similar_cases(case: Case, sides: Sides) -> list[SimilarCase]:
    """Settled cases with the same labels in dispute, those with the most words in common first; none for a case that
    is to be judged blind, since they would tell which labels its item has.

    Words in common = Jaccard index of the two items' sets of words; looked for among the newest ``LOOKED_AT``.
    """
    if case.is_blind:
        return []
    settled = Settlement.objects.filter(case__project_id=case.project_id).exclude(case_id=case.pk)
    newest = list(settled.select_related("case__item", "schema").order_by("-pk")[:LOOKED_AT])
    evidence = Consensus.objects.filter(item_id__in=[one.case.item_id for one in newest])
    disputed = {
        item_id: frozenset(found.get("votes", {})) | frozenset(found.get("models", {}))
        for item_id, found in evidence.values_list("item_id", "evidence")
    }
    own = _words(case.item)
    alike = []
    for one in newest:
        if disputed.get(one.case.item_id) != sides.labels:
            continue
        theirs = _words(one.case.item)
        overlap = len(own & theirs) / len(own | theirs) if own | theirs else 0.0
        alike.append(SimilarCase(one, _excerpt(one.case.item), words_of(one.schema, one.value), overlap))
    return sorted(alike, key=lambda one: -one.overlap)[:MOST_SIMILAR]


def consensus_of(project_id: int) -> QuerySet[Consensus]:
    """The labels that items have now, with how each came to be."""
    return Consensus.objects.select_related("item", "schema").filter(project_id=project_id)


def words_of(schema: LabelSchema, value: Any) -> str:
    """A label in words; a bad item's missing label too."""
    return _("no label") if value is None else task_type(schema.task_type).describe(schema.config, value)


def _current(item_ids: Iterable[int]) -> QuerySet[Annotation]:
    current = Annotation.objects.filter(item_id__in=list(item_ids), status=AnnotationStatus.CURRENT)
    return current.select_related("annotator", "schema")


def _sides(annotations: list[Annotation]) -> Sides:
    people: Counter[str] = Counter()
    values: dict[str, tuple[Any, str]] = {}
    models = []
    tokens = set()
    for annotation in annotations:
        schema = annotation.schema
        token = task_type(schema.task_type).token(annotation.value)
        words = words_of(schema, annotation.value)
        tokens.add(token)
        if annotation.annotator.kind == AnnotatorKind.MODEL:
            models.append(ModelAnswer(annotation.value, words, annotation.confidence, annotation.reason))
        else:
            people[token] += 1
            values[token] = (annotation.value, words)
    tallies = [Tally(*values[token], count) for token, count in sorted(people.items(), key=lambda p: (-p[1], p[0]))]
    answers = sorted(models, key=lambda answer: (answer.words, -(answer.confidence or 0)))
    return Sides(people=tallies, models=answers, labels=frozenset(tokens))


def _excerpt(item: Item) -> str:
    return modality(item.modality).excerpt(item.payload, 160)


def _words(item: Item) -> frozenset[str]:
    return frozenset(WORDS.findall(modality(item.modality).excerpt(item.payload, 4000).casefold()))
