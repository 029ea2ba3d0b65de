"""Reading what is known of a project's models."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.models import Annotator, AnnotatorKind, Calibration, Project
from ledger.errors import not_found
from llm_workers.models import StandIn, StandInRules, TrustCheck
from llm_workers.replacing.testing import rules_of


@dataclass(frozen=True)
class ModelTrust:
    """A model annotator; ``calibration`` and ``stand_in`` are None until the first look."""

    annotator: Annotator
    calibration: Calibration | None
    stand_in: StandIn | None

    @property
    def name(self) -> str:
        return self.annotator.name or self.annotator.pseudonym


@dataclass(frozen=True)
class ProjectTrust:
    """Every model of a project, the one with the highest ρ first, those without last; ``check``: the last look."""

    check: TrustCheck | None
    rules: StandInRules
    models: tuple[ModelTrust, ...]


def trust_of(project: Project) -> ProjectTrust:
    """All that the trust page shows: four queries, whatever the number of models."""
    rows = Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL)
    models = [_trust(row) for row in rows.select_related("calibration", "stand_in").order_by("pk")]
    return ProjectTrust(
        check=TrustCheck.objects.filter(project=project).first(),
        rules=rules_of(project),
        models=tuple(sorted(models, key=_best_first)),
    )


def model_trust(project: Project, annotator_id: int) -> ModelTrust:
    """One model annotator of the project; raises ``DomainError`` (404) for any other."""
    rows = Annotator.objects.filter(project=project, kind=AnnotatorKind.MODEL, pk=annotator_id)
    row = rows.select_related("calibration", "stand_in").first()
    if row is None:
        raise not_found("The model")
    return _trust(row)


def pseudonyms(annotator_ids: list[int]) -> dict[int, str]:
    return dict(Annotator.objects.filter(pk__in=annotator_ids).values_list("pk", "pseudonym"))


def _trust(row: Annotator) -> ModelTrust:
    return ModelTrust(row, getattr(row, "calibration", None), getattr(row, "stand_in", None))


def _best_first(model: ModelTrust) -> tuple[float, int]:
    advantage = None if model.stand_in is None else model.stand_in.advantage
    return (1.0 if advantage is None else -advantage, model.annotator.pk)
