"""Reading the registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from llm_workers.models import Breaker, Endpoint, ModelVersion, Throughput

FACTS = (
    ("base", _("Base model")),
    ("adapter", _("Adapter")),
    ("quantization", _("Quantization")),
    ("context_tokens", _("Context, tokens")),
)


@dataclass(frozen=True)
class Fact:
    """One thing that is known of a model. ``told``: the server's word, ``stated``: an operator's; empty where none."""

    label: Any
    told: Any
    stated: Any

    @property
    def differs(self) -> bool:
        return bool(self.told and self.stated and self.told != self.stated)


@dataclass(frozen=True)
class State:
    """How a server is, in a word, with what is wrong and what to do."""

    text: Any
    tone: str
    icon: str
    detail: str = ""
    until: datetime | None = None


def models_known() -> QuerySet[ModelVersion]:
    """Every model that was ever seen, with the servers that offer it now and how fast it was there."""
    rates = Throughput.objects.select_related("endpoint").order_by("-seen_at")
    return ModelVersion.objects.prefetch_related("endpoints", Prefetch("throughputs", queryset=rates))


def servers_listed() -> QuerySet[Endpoint]:
    """Every server, with what it serves and how fast each model was there."""
    rates = Throughput.objects.select_related("model").order_by("-seen_at")
    return Endpoint.objects.prefetch_related("model_versions", Prefetch("throughputs", queryset=rates))


def facts_of(model: ModelVersion) -> list[Fact]:
    return [Fact(label, getattr(model, name), getattr(model, f"stated_{name}")) for name, label in FACTS]


def state_of(endpoint: Endpoint) -> State:
    """What the page says of a server; what an operator decided comes before what was found."""
    if not endpoint.enabled:
        return State(_("disabled"), "neutral", "pause")
    if endpoint.breaker != Breaker.CLOSED and endpoint.retry_at is not None:
        waits = endpoint.breaker == Breaker.OPEN and endpoint.retry_at > timezone.now()
        text = _("rests after faults") if waits else _("is tried again")
        return State(text, "warn", "alert", endpoint.fault, endpoint.retry_at if waits else None)
    if endpoint.checked_at is None:
        return State(_("not asked yet"), "neutral", "clock")
    if not endpoint.healthy:
        return State(_("does not answer"), "bad", "x", endpoint.problem)
    return State(_("answers"), "good", "check")
