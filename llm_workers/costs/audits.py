"""What audits of models used up. It bought no labels, so it is in no price per label."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.candidates import Price, Usage, panel, usage_of
from annotations.models import Project
from llm_workers.costs.money import Money
from llm_workers.costs.using import Line


@dataclass(frozen=True, kw_only=True)
class AuditsLine(Line):
    """Of the model called ``name``, over so many ``audits`` of a project."""

    name: str
    audits: int


def audits_used(project: Project) -> dict[int, AuditsLine]:
    """By model, at the prices that are known now; a fixed number of queries."""
    usages = [one for one in usage_of(project) if one.asked or one.used.server_seconds]
    prices = panel().prices([one.used for one in usages]) if usages else []
    return {one.used.model: _line(one, price) for one, price in zip(usages, prices, strict=True)}


def _line(usage: Usage, price: Price) -> AuditsLine:
    return AuditsLine(
        name=usage.name,
        audits=usage.audits,
        items=usage.asked,
        money=Money(price.amount, price.currency, price.by, price.why),
        prompt_tokens=usage.used.prompt_tokens,
        completion_tokens=usage.used.completion_tokens,
        cached_tokens=usage.cached_tokens,
        model_seconds=usage.seconds,
        server_seconds=usage.used.server_seconds,
    )
