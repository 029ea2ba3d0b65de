"""What a project's validators have used, and whether that is as much as its owner allows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from llm_workers.costs.money import Money, hour_prices, money_of, total
from llm_workers.models.rules import RuleKind
from llm_workers.policy import Asked, Progress, room
from llm_workers.validating.models import Validator, ValidatorRules


@dataclass(frozen=True)
class Used:
    """``ratings``: labels that were asked about. ``cost`` in ``currency``; None where it is not known, and ``why``."""

    ratings: int
    tokens: int
    seconds: float
    cost: Decimal | None
    currency: str = ""
    why: str = ""


def used(project_id: int) -> Used:
    """Everything that validators of the project used, whatever model and prompt."""
    validators = list(
        Validator.objects.filter(project_id=project_id).select_related("model").prefetch_related("servers")
    )
    prices = hour_prices(server.url for one in validators for server in one.servers.all())
    spent = [
        money_of(one, one.model, one.servers.all(), prices)
        for one in validators
        if one.prompt_tokens or one.servers.all()
    ]
    money = total(spent) if spent else Money(Decimal(0), validators[0].model.currency if validators else "")
    return Used(
        ratings=sum(one.rated + one.unanswered for one in validators),
        tokens=sum(one.prompt_tokens + one.completion_tokens for one in validators),
        seconds=sum(one.seconds for one in validators),
        cost=money.amount,
        currency=money.currency,
        why=money.why,
    )


def room_left(rules: ValidatorRules, *, leased: int) -> int | None:
    """How many more labels may be asked about so that no limit is passed, by what one has cost so far; None: any
    number. ``leased`` are under way."""
    bounds = {RuleKind.TOKENS: rules.max_tokens, RuleKind.MONEY: rules.max_cost}
    asked = [Asked(kind, Decimal(bound)) for kind, bound in bounds.items() if bound is not None]
    if not asked:
        return None
    spent = used(rules.project_id)
    return room(asked, Progress(items=spent.ratings, tokens=spent.tokens, money=spent.cost), leased=leased)


def limit_reached(rules: ValidatorRules) -> str:
    """Which limit is reached, in words; empty where none is."""
    if rules.max_tokens is None and rules.max_cost is None and rules.max_minutes is None:
        return ""
    spent = used(rules.project_id)
    if rules.max_tokens is not None and spent.tokens >= rules.max_tokens:
        text = _("The limit of %(most)s tokens is reached. Raise it, then resume.")
        return text % {"most": number_format(rules.max_tokens, force_grouping=True)}
    if rules.max_cost is not None and spent.cost is None:
        text = _("The limit of money cannot be kept: what was spent is not known. %(why)s Set the price, then resume.")
        return text % {"why": spent.why}
    if rules.max_cost is not None and spent.cost is not None and spent.cost >= rules.max_cost:
        text = _("The limit of %(most)s %(currency)s is reached. Raise it, then resume.")
        return text % {"most": number_format(rules.max_cost, 2), "currency": spent.currency}
    if rules.max_minutes is not None and spent.seconds >= 60 * rules.max_minutes:
        text = _("The limit of %(most)s minutes of model time is reached. Raise it, then resume.")
        return text % {"most": number_format(rules.max_minutes)}
    return ""
