"""Reading trials: what came of each item, what it cost, and what a run over all items would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from annotations.modalities import modality
from annotations.models import Consensus, Project
from annotations.settling.selectors import words_of
from annotations.task_types import task_type
from llm_workers.costs.money import BY_TOKENS, Money, cost_of, hour_prices, money_of
from llm_workers.estimates import LEAST, Range, Sizes, total
from llm_workers.models import Trial, TrialAnswer
from llm_workers.recipe import Recipe, recipe_from
from llm_workers.selectors.prompts import as_text, question_of
from llm_workers.services.strata import OTHERS, stratum_of
from llm_workers.services.trials import OPEN, trial_is_lost

EXCERPT = 280  # characters


def trials_of(project: Project) -> QuerySet[Trial]:
    """Latest first, each with ``item_count`` and ``token_count``."""
    tokens = Sum(F("answers__prompt_tokens") + F("answers__completion_tokens"))
    found = Trial.objects.filter(project=project).select_related("model", "prompt", "schema")
    return found.annotate(item_count=Count("answers"), token_count=tokens).order_by("-id")


@dataclass(frozen=True)
class Spent:
    """What all trials of a project used, beside its runs."""

    trials: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    seconds: float


def trials_spent(project: Project) -> Spent:
    rows = TrialAnswer.objects.filter(trial__project=project)
    whole = rows.aggregate(
        trials=Count("trial", distinct=True),
        prompt_tokens=Sum("prompt_tokens", default=0),
        completion_tokens=Sum("completion_tokens", default=0),
        cached_tokens=Sum("cached_tokens", default=0),
        seconds=Sum("seconds", default=0.0),
    )
    return Spent(**whole)


@dataclass(frozen=True)
class Estimate:
    """What a run over ``items`` would take, from ``n`` answers (``llm_workers.estimates.total``). ``money`` is None
    where no price is known, as the trial's ``money`` says."""

    items: int
    n: int
    tokens: Range
    seconds: Range
    money: Range | None


@dataclass(frozen=True)
class Shown:
    """One item of a trial as its page shows it. ``against``: whether gold, people's consensus, say another label."""

    row: TrialAnswer
    excerpt: str
    words: str
    sent: str
    gold: str
    people: str
    against_gold: bool | None
    against_people: bool | None
    cost: Decimal | None


@dataclass(frozen=True)
class Seen:
    """A trial with all that its page shows."""

    trial: Trial
    recipe: Recipe
    requests: int
    rows: list[Shown]
    estimate: Estimate | None
    money: Money
    going: bool
    lost: bool

    @property
    def answered(self) -> int:
        return sum(shown.row.answered_at is not None for shown in self.rows)

    @property
    def against(self) -> tuple[int, int]:
        """How many of the labels that can be compared with gold, or else with people, differ."""
        compared = [shown.against_people if shown.against_gold is None else shown.against_gold for shown in self.rows]
        known = [one for one in compared if one is not None]
        return sum(known), len(known)


def trial_seen(trial: Trial) -> Seen:
    """A trial that was found through ``trial_access``; two more queries."""
    answers = list(trial.answers.select_related("item"))
    people = Consensus.objects.select_related("schema").in_bulk([row.item_id for row in answers])
    recipe = recipe_from(trial.recipe)
    lost = trial_is_lost(trial)
    money = _money(trial, answers)
    costs = _cost_of_each(trial, answers, money)
    return Seen(
        trial=trial,
        recipe=recipe,
        requests=recipe.requests(question_of(trial.schema, recipe).size),
        rows=[_shown(trial, row, people.get(row.item_id), costs.get(row.pk)) for row in answers],
        estimate=_estimate(trial, answers, costs),
        money=money,
        going=trial.status in OPEN and not lost,
        lost=lost,
    )


def _money(trial: Trial, answers: Sequence[TrialAnswer]) -> Money:
    """What the trial has cost so far. Two queries, none where tokens have prices."""
    model = trial.model
    spent = Spent(
        trials=1,
        prompt_tokens=sum(row.prompt_tokens for row in answers),
        completion_tokens=sum(row.completion_tokens for row in answers),
        cached_tokens=sum(row.cached_tokens for row in answers),
        seconds=sum(row.seconds for row in answers),
    )
    servers = [] if model.token_prices is not None else list(trial.servers.all())
    return money_of(spent, model, servers, hour_prices(server.url for server in servers) if servers else {})


def _cost_of_each(trial: Trial, answers: Sequence[TrialAnswer], money: Money) -> dict[int, Decimal]:
    """Of each answer, by its id, where that is known: by its tokens, or by its part of the model time. One that was not
    asked to the end costs what it used."""
    asked = [row for row in answers if row.answered_at or row.requests]
    if money.amount is None:
        return {}
    if money.by == BY_TOKENS:
        costs = [
            cost_of(trial.model, prompt_tokens=row.prompt_tokens, completion_tokens=row.completion_tokens)
            for row in asked
        ]
        return {row.pk: cost for row, cost in zip(asked, costs, strict=True) if cost is not None}
    whole = sum(row.seconds for row in asked)
    return {row.pk: money.amount * Decimal(row.seconds / whole if whole else 1 / len(asked)) for row in asked}


def _shown(trial: Trial, row: TrialAnswer, people: Consensus | None, cost: Decimal | None) -> Shown:
    schema, gold = trial.schema, row.item.gold
    decided = people is not None and people.value is not None
    return Shown(
        row=row,
        excerpt=modality(row.item.modality).excerpt(row.item.payload, EXCERPT),
        words="" if row.value is None else words_of(schema, row.value),
        sent=as_text(row.messages),
        gold="" if gold is None else words_of(schema, gold),
        people=words_of(people.schema, people.value) if people is not None and decided else "",
        against_gold=_differ(trial, row, gold),
        against_people=_differ(trial, row, people.value if people is not None else None),
        cost=cost,
    )


def _differ(trial: Trial, row: TrialAnswer, other: Any) -> bool | None:
    """Whether the labels differ; None where one is missing."""
    if row.value is None or other is None:
        return None
    token = task_type(trial.schema.task_type).token
    return token(row.value) != token(other)


def _estimate(trial: Trial, answers: Sequence[TrialAnswer], costs: Mapping[int, Decimal]) -> Estimate | None:
    """None before two items were asked about to the end."""
    asked = [row for row in answers if row.answered_at]
    if len(asked) < LEAST or not trial.to_label:
        return None
    sizes: Sizes = trial.strata or {OTHERS: trial.to_label}
    groups = [stratum_of(row.item.groups, sizes, trial.attribute) for row in asked]
    known = [float(costs[row.pk]) for row in asked if row.pk in costs]
    return Estimate(
        items=trial.to_label,
        n=len(asked),
        tokens=total([float(row.prompt_tokens + row.completion_tokens) for row in asked], groups, sizes),
        seconds=total([row.seconds for row in asked], groups, sizes),
        money=total(known, groups, sizes) if len(known) == len(asked) else None,
    )
