"""The cost page's figures, from the totals of runs and the latest count: never from labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from annotations.agreement.intervals import wilson
from annotations.labelling.selectors import pay_per_label
from annotations.models import PayAdjustment, Project, Run
from llm_workers.costs.by_model import ModelUses, Uses, uses_of, uses_summed
from llm_workers.costs.money import Money, hour_prices, money_by_tokens, money_of
from llm_workers.costs.using import Line, Used, of_servers, summed, summed_line
from llm_workers.models import CostCount, CostTally, ModelVersion, RunServer

ENOUGH_KNOWN = 30  # labels on items with a known label, before they are what a project's models are measured by


@dataclass(frozen=True)
class Right:
    """``right`` of ``compared`` labels are correct by the reference: "known" or "agreed". Wilson's 95 % interval."""

    right: int
    compared: int
    reference: str

    @property
    def share(self) -> float:
        return self.right / self.compared

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.compared)


@dataclass(frozen=True)
class PerCorrect:
    """Money for one correct label: ``value``, and what it is at the bounds of the share's interval.

    ``high`` is None where the interval reaches down to no correct label at all.
    """

    value: Decimal
    low: Decimal
    high: Decimal | None


@dataclass(frozen=True)
class Each:
    """A quantity in all, for each label and for each correct one; None where that is not known."""

    whole: float | None
    per_label: float | None = None
    per_correct: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figures(Used):
    """What labels of one kind cost: tokens and model time where a model gave them. Money per label is unrounded."""

    labels: int
    right: Right | None

    @property
    def per_label(self) -> Decimal | None:
        return self.money.per(self.labels)

    def each(self, whole: float | None) -> Each:
        """A quantity of these figures, shared out over the labels."""
        if whole is None or not self.labels:
            return Each(whole)
        per_label, right = whole / self.labels, self.right
        return Each(whole, per_label, per_label / right.share if right is not None and right.right else None)

    @property
    def tokens_each(self) -> Each:
        return self.each(self.prompt_tokens + self.completion_tokens)

    @property
    def cached_each(self) -> Each:
        return self.each(self.cached_tokens)

    @property
    def seconds_each(self) -> Each:
        return self.each(self.model_seconds)

    @property
    def server_seconds_each(self) -> Each:
        return self.each(self.server_seconds)

    @property
    def joules_each(self) -> Each:
        return self.each(self.joules)

    @property
    def per_correct(self) -> PerCorrect | None:
        per, right = self.per_label, self.right
        if per is None or right is None or not right.right:
            return None
        low, high = (Decimal(bound) for bound in right.interval)
        return PerCorrect(per / Decimal(right.share), per / high, per / low if low else None)


@dataclass(frozen=True)
class Grouped:
    attribute: str
    group: str
    figures: Figures


@dataclass(frozen=True)
class RunCost:
    run: Run
    figures: Figures


@dataclass(frozen=True)
class ModelCost:
    """A model, asked in one way."""

    annotator_id: int
    name: str
    pseudonym: str
    model: ModelVersion
    figures: Figures
    runs: Sequence[RunCost]
    groups: Sequence[Grouped]


@dataclass(frozen=True, kw_only=True)
class Costs(Uses):
    """``reference``: what correct means here, see ``reference_of``; None where nothing can be compared.

    Its ``Uses`` are all that models used, for labels or not; ``by_model``: the same, model by model. ``crowd`` is None
    until people's labels are counted. ``adjustments``: what was paid to people on top.
    """

    models: Sequence[ModelCost]
    by_model: Sequence[ModelUses]
    crowd: Figures | None
    crowd_groups: Sequence[Grouped]
    adjustments: Decimal
    is_paid: bool
    reference: str | None
    counted_at: datetime | None


def costs_of(project: Project) -> Costs:
    """Everything that the page and the API say; a fixed number of queries."""
    tallies = list(CostTally.objects.filter(project=project).order_by("attribute", "group"))
    reference = reference_of(tallies)
    count = CostCount.objects.filter(project=project).first()
    people = [tally for tally in tallies if tally.annotator_id is None]
    crowd = [Grouped(tally.attribute, tally.group, _crowd(project, tally)) for tally in people]
    adjusted = PayAdjustment.objects.filter(project=project).aggregate(sum=Sum("amount"))["sum"]
    models = _models(project, tallies, reference)
    by_model = uses_of(project, _runs(models))
    return Costs(
        models=models,
        **uses_summed(by_model),
        by_model=by_model,
        crowd=next((one.figures for one in crowd if not one.attribute), None),
        crowd_groups=[one for one in crowd if one.attribute],
        adjustments=adjusted or Decimal(0),
        is_paid=bool(project.wage_per_hour),
        reference=reference,
        counted_at=count.counted_at if count else None,
    )


def reference_of(tallies: Iterable[CostTally]) -> str | None:
    """What models' labels are compared with: "known" labels (gold, or settled by an expert) where models labelled
    enough such items; else what people "agreed" on themselves; None where there is neither."""
    models = [tally for tally in tallies if tally.annotator_id is not None and not tally.attribute]
    known, agreed = sum(tally.known for tally in models), sum(tally.agreed for tally in models)
    if known >= ENOUGH_KNOWN or (known and not agreed):
        return "known"
    return "agreed" if agreed else None


def _runs(models: Sequence[ModelCost]) -> dict[int, Line]:
    """What runs used, by model: items that they labelled, those of probes included, or had no usable answer for."""
    lines: dict[int, list[Line]] = defaultdict(list)
    for one in models:
        items = sum(row.run.labelled + row.run.unanswered for row in one.runs)
        lines[one.model.pk].append(Line(items=items, **summed([one.figures])))
    return {model_id: summed_line(own) for model_id, own in lines.items()}


def _models(project: Project, tallies: Sequence[CostTally], reference: str | None) -> list[ModelCost]:
    runs = list(
        Run.objects.filter(project=project, annotator__model_annotator__isnull=False)
        .select_related("plan", "annotator__model_annotator__model")
        .order_by("-id")
    )
    taken: dict[int, list[RunServer]] = defaultdict(list)
    for server in RunServer.objects.filter(run__project=project):
        taken[server.run_id].append(server)
    prices = hour_prices(server.url for servers in taken.values() for server in servers)
    by_annotator: dict[int, list[RunCost]] = defaultdict(list)
    for run in runs:
        money = money_of(run, run.annotator.model_annotator.model, taken[run.pk], prices)
        by_annotator[run.annotator_id].append(RunCost(run, _of_run(run, money, taken[run.pk])))
    found = []
    for annotator_id, costs in by_annotator.items():
        own = [tally for tally in tallies if tally.annotator_id == annotator_id]
        found.append(_model(annotator_id, costs, own, reference))
    return found


def _of_run(run: Run, money: Money, servers: Sequence[RunServer]) -> Figures:
    return Figures(
        labels=run.labelled,
        money=money,
        right=None,
        prompt_tokens=run.prompt_tokens,
        completion_tokens=run.completion_tokens,
        cached_tokens=run.plan.cached_tokens,
        model_seconds=run.model_seconds,
        **of_servers(servers),
    )


def _model(
    annotator_id: int, costs: Sequence[RunCost], tallies: Sequence[CostTally], reference: str | None
) -> ModelCost:
    annotator = costs[0].run.annotator
    whole = next((tally for tally in tallies if not tally.attribute), None)
    figures = Figures(
        labels=sum(one.figures.labels for one in costs),
        right=_right(whole, reference),
        **summed([one.figures for one in costs]),
    )
    groups = [
        Grouped(tally.attribute, tally.group, _of_group(tally, figures, annotator.model_annotator.model, reference))
        for tally in tallies
        if tally.attribute
    ]
    return ModelCost(
        annotator_id=annotator_id,
        name=annotator.name,
        pseudonym=annotator.pseudonym,
        model=annotator.model_annotator.model,
        figures=figures,
        runs=costs,
        groups=groups,
    )


def _of_group(tally: CostTally, whole: Figures, model: ModelVersion, reference: str | None) -> Figures:
    """A group's part of what a model cost: its own tokens and model time, of money where that goes by tokens; else, and
    of the servers' time and energy, as large a part as of the model time."""
    by_tokens = money_by_tokens(model, prompt_tokens=tally.prompt_tokens, completion_tokens=tally.completion_tokens)
    part = tally.model_seconds / whole.model_seconds if whole.model_seconds else None
    return Figures(
        labels=tally.labels,
        money=by_tokens or whole.money.share(part or 0.0),
        right=_right(tally, reference),
        prompt_tokens=tally.prompt_tokens,
        completion_tokens=tally.completion_tokens,
        cached_tokens=tally.cached_tokens,
        model_seconds=tally.model_seconds,
        server_seconds=_share(whole.server_seconds, part),
        joules=_share(whole.joules, part),
    )


def _share(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole * part


def _right(tally: CostTally | None, reference: str | None) -> Right | None:
    if tally is None or reference is None:
        return None
    if reference == "known":
        return Right(tally.known_right, tally.known, reference) if tally.known else None
    return Right(tally.agreed_right, tally.agreed, reference) if tally.agreed else None


def _crowd(project: Project, tally: CostTally) -> Figures:
    """People's labels at the project's pay, measured by known labels only: not by what they agreed on themselves."""
    money = Money(pay_per_label(project) * tally.labels, project.currency, "pay")
    return Figures(labels=tally.labels, money=money, right=_right(tally, "known"))
