"""What models used beside runs and audits: trials of prompts, and ratings of people's labels by validators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from annotations.models import Project
from llm_workers.costs.money import Money, hour_prices, money_of, total
from llm_workers.models import ModelVersion, Taken, TrialAnswer, TrialServer
from llm_workers.validating.models import Validator


@dataclass(frozen=True, kw_only=True)
class Used:
    """``server_seconds`` and ``joules`` are None where they were not measured, or not everywhere."""

    money: Money
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    model_seconds: float = 0.0
    server_seconds: float | None = None
    joules: float | None = None


@dataclass(frozen=True, kw_only=True)
class Line(Used):
    """What was used for ``items``: items that were asked about, or labels that were rated."""

    items: int


def summed(parts: Sequence[Used]) -> dict[str, Any]:
    """The fields of ``Used`` over all parts; unknown where one part is."""
    seconds = [part.server_seconds for part in parts if part.server_seconds is not None]
    joules = [part.joules for part in parts if part.joules is not None]
    return {
        "money": total(part.money for part in parts),
        "prompt_tokens": sum(part.prompt_tokens for part in parts),
        "completion_tokens": sum(part.completion_tokens for part in parts),
        "cached_tokens": sum(part.cached_tokens for part in parts),
        "model_seconds": sum(part.model_seconds for part in parts),
        "server_seconds": sum(seconds) if seconds and len(seconds) == len(parts) else None,
        "joules": sum(joules) if joules and len(joules) == len(parts) else None,
    }


def summed_line(lines: Sequence[Line]) -> Line:
    return Line(items=sum(line.items for line in lines), **summed(lines))


def together(lines: Sequence[Line]) -> Line | None:
    """The sum; None of nothing."""
    return summed_line(lines) if lines else None


def of_servers(servers: Sequence[Taken]) -> dict[str, float | None]:
    """``server_seconds`` and ``joules`` of what was taken from servers."""
    joules = [server.joules for server in servers if server.joules is not None]
    return {
        "server_seconds": sum(server.busy_seconds for server in servers) if servers else None,
        "joules": sum(joules) if joules and len(joules) == len(servers) else None,
    }


@dataclass(frozen=True)
class _Asked:
    """Sums over the answers of a project's trials that asked one model."""

    items: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0


def trials_used(project: Project) -> dict[int, Line]:
    """What the project's trials of prompts used, by model, for items that were answered and for what was broken off."""
    asked, taken = _trials_asked(project), _trials_taken(project)
    models = ModelVersion.objects.in_bulk(asked.keys() | taken.keys()) if asked or taken else {}
    prices = hour_prices(server.url for servers in taken.values() for server in servers)
    lines = {}
    for model_id, model in models.items():
        one = asked.get(model_id, _Asked())
        lines[model_id] = Line(
            items=one.items,
            money=money_of(one, model, taken[model_id], prices),
            prompt_tokens=one.prompt_tokens,
            completion_tokens=one.completion_tokens,
            cached_tokens=one.cached_tokens,
            model_seconds=one.seconds,
            **of_servers(taken[model_id]),
        )
    return lines


def _trials_asked(project: Project) -> dict[int, _Asked]:
    """By model."""
    rows = TrialAnswer.objects.filter(trial__project=project, requests__gt=0).values("trial__model")
    sums = rows.annotate(
        items=Count("id", filter=Q(answered_at__isnull=False)),
        read=Sum("prompt_tokens"),
        written=Sum("completion_tokens"),
        cached=Sum("cached_tokens"),
        took=Sum("seconds"),
    )
    return {
        row["trial__model"]: _Asked(row["items"], row["read"], row["written"], row["cached"], row["took"])
        for row in sums.order_by("trial__model")
    }


def _trials_taken(project: Project) -> dict[int, list[Taken]]:
    """By model: the sums of all trials, a row for each server and price."""
    taken: dict[int, list[Taken]] = defaultdict(list)
    rows = TrialServer.objects.filter(trial__project=project)
    sums = rows.values("trial__model", "url", "price_per_hour", "currency").annotate(
        busy=Sum("busy_seconds"), energy=Sum("joules"), rows=Count("id"), measured=Count("joules")
    )
    for row in sums.order_by("trial__model", "url"):
        server = TrialServer(
            url=row["url"],
            busy_seconds=row["busy"],
            joules=row["energy"] if row["measured"] == row["rows"] else None,
            price_per_hour=row["price_per_hour"],
            currency=row["currency"],
        )
        taken[row["trial__model"]].append(server)
    return taken


def ratings_used(project: Project) -> dict[int, Line]:
    """What the project's validators used, by model, whatever the prompt."""
    found = Validator.objects.filter(project=project).select_related("model").prefetch_related("servers")
    validators = [one for one in found if one.rated or one.unanswered or one.servers.all()]
    prices = hour_prices(server.url for one in validators for server in one.servers.all())
    lines: dict[int, list[Line]] = defaultdict(list)
    for one in validators:
        line = Line(
            items=one.rated + one.unanswered,
            money=money_of(one, one.model, one.servers.all(), prices),
            prompt_tokens=one.prompt_tokens,
            completion_tokens=one.completion_tokens,
            cached_tokens=one.cached_tokens,
            model_seconds=one.seconds,
            **of_servers(list(one.servers.all())),
        )
        lines[one.model_id].append(line)
    return {model_id: summed_line(own) for model_id, own in lines.items()}
