"""What asking models costs in money: by tokens, or by the time of servers. What has no price is unknown, never 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from annotations.models import Run
from llm_workers.models import Endpoint, ModelVersion, RunServer, Taken

MILLION = 1_000_000
HOUR = 3600
BY_TOKENS, BY_TIME = "tokens", "server time"


class Tokens(Protocol):
    """Whatever counts the tokens that it used: a run, a validator."""

    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...


@dataclass(frozen=True)
class Money:
    """``amount`` in ``currency``, counted ``by`` "tokens" or "server time". None: ``why`` says what is missing."""

    amount: Decimal | None
    currency: str = ""
    by: str = ""
    why: str = ""

    def share(self, part: float) -> Money:
        amount = None if self.amount is None else self.amount * Decimal(part)
        return Money(amount, self.currency, self.by, self.why)

    def per(self, number: int) -> Decimal | None:
        return None if self.amount is None or not number else self.amount / number


@dataclass(frozen=True)
class Price:
    """Of an hour of a server."""

    amount: Decimal
    currency: str


def cost_of(model: ModelVersion, *, prompt_tokens: float, completion_tokens: float) -> Decimal | None:
    """What tokens cost in the model's currency, at its prices as they stand; None where it has none. Tokens from a
    server's cache count in full."""
    if model.token_prices is None:
        return None
    prompt, completion = model.token_prices
    return (Decimal(prompt_tokens) * prompt + Decimal(completion_tokens) * completion) / MILLION


def money_by_tokens(model: ModelVersion, *, prompt_tokens: int, completion_tokens: int) -> Money | None:
    """None where the model has no prices for tokens."""
    amount = cost_of(model, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
    return None if amount is None else Money(amount, model.currency, BY_TOKENS)


def money_of(asked: Tokens, model: ModelVersion, servers: Iterable[Taken], prices: Mapping[str, Price]) -> Money:
    """What asking cost at the prices that are known now. ``prices``: those of servers, by address.

    Prices for tokens count before those for hours; a server's price before that of the model.
    """
    by_tokens = money_by_tokens(model, prompt_tokens=asked.prompt_tokens, completion_tokens=asked.completion_tokens)
    if by_tokens is not None:
        return by_tokens
    taken = list(servers)
    if taken:
        return _by_time(taken, model, prices)
    if model.price_per_hour is None:
        return Money(None, why=_("There is no price for the model's tokens or for an hour of its servers."))
    return Money(None, why=_("There is a price per hour, but the time that the servers took was not measured."))


def run_spent(run: Run, model: ModelVersion) -> Money:
    """What a run has cost so far. Two queries, none where tokens have prices."""
    if model.token_prices is not None:
        return money_of(run, model, (), {})
    servers = list(RunServer.objects.filter(run=run))
    if not servers and not run.model_seconds:
        return prospect(model)
    return money_of(run, model, servers, hour_prices(server.url for server in servers))


def prospect(model: ModelVersion) -> Money:
    """What asking the model costs before anything was asked: 0 where the prices of all that would be used are known."""
    if model.token_prices is not None:
        return Money(Decimal(0), model.currency, BY_TOKENS)
    servers = list(model.endpoints.filter(enabled=True))
    prices = {one.url: Price(one.price_per_hour, one.currency) for one in servers if one.price_per_hour is not None}
    if servers:
        return _by_time([RunServer(url=one.url) for one in servers], model, prices)
    if model.price_per_hour is None:
        return Money(None, why=_("There is no price for the model's tokens or for an hour of its servers."))
    return Money(Decimal(0), model.currency, BY_TIME)


def goes_by_time(model: ModelVersion) -> bool:
    """Whether what the model costs is known, and counted by the servers' time."""
    return model.token_prices is None and prospect(model).amount is not None


def unpriced(model: ModelVersion) -> str:
    """Why a limit of money could not be kept with this model, and what to do; empty where it can."""
    why = prospect(model).why
    text = _(
        "What this model costs is not known, so a limit of money cannot be kept. %(why)s Have an operator set the price"
        " on the models page, or limit tokens or minutes instead."
    )
    return text % {"why": why} if why else ""


def _by_time(taken: Iterable[Taken], model: ModelVersion, prices: Mapping[str, Price]) -> Money:
    """What the time of servers (at least one) costs."""
    amount, currencies = Decimal(0), set()
    for server in taken:
        price = _price(server, model, prices)
        if price is None:
            text = _("There is no price: neither for the model's tokens, nor for an hour of %(url)s.")
            return Money(None, why=text % {"url": server.url})
        amount += price.amount * Decimal(server.busy_seconds) / HOUR
        currencies.add(price.currency)
    if len(currencies) > 1:
        return Money(None, why=_several_currencies())
    return Money(amount, currencies.pop(), BY_TIME)


def total(parts: Iterable[Money]) -> Money:
    """The sum; unknown where one part is, or where they are in several currencies."""
    found = list(parts)
    unknown = next((part for part in found if part.amount is None), None)
    if unknown is not None:
        return unknown
    if len({part.currency for part in found}) > 1:
        return Money(None, why=_several_currencies())
    if not found:
        return Money(None, why=_("There has been no run."))
    by = " + ".join(sorted({part.by for part in found}))
    return Money(sum((part.amount for part in found if part.amount is not None), Decimal(0)), found[0].currency, by)


def hour_prices(urls: Iterable[str]) -> dict[str, Price]:
    """What an hour of each server costs now, by address; those without a price are left out."""
    priced = Endpoint.objects.filter(url__in=set(urls), price_per_hour__isnull=False)
    return {one.url: Price(one.price_per_hour, one.currency) for one in priced if one.price_per_hour is not None}


def _several_currencies() -> str:
    return _("Prices are in several currencies, which cannot be added up.")


def _price(server: Taken, model: ModelVersion, prices: Mapping[str, Price]) -> Price | None:
    if server.url in prices:
        return prices[server.url]
    if server.price_per_hour is not None:  # it was removed
        return Price(server.price_per_hour, server.currency)
    return None if model.price_per_hour is None else Price(model.price_per_hour, model.currency)
