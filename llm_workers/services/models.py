"""Which models there are: asked of the servers, never typed in."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ledger.services import actor_of, record
from llm_workers.client import Offer, Probe, probe
from llm_workers.limits import PROBE_EVERY
from llm_workers.models import Endpoint, ModelVersion

DESCRIBED = frozenset({"license", "source", "price_per_million_prompt", "price_per_million_completion", "currency"})
KINDS = ("name", "base", "adapter", "quantization")


def models_refresh(*, actor: str = "system") -> list[Endpoint]:
    """Ask every server of ``LLM_BASE_URL`` what it serves and write it down; returns the servers as they were found."""
    urls = list(dict.fromkeys(settings.LLM_BASE_URLS))
    with ThreadPoolExecutor(max_workers=max(min(len(urls), 16), 1)) as pool:
        found = list(pool.map(lambda url: probe(url, api_key=settings.LLM_API_KEY), urls))
    return _store(found, actor)


def models_refresh_if_due() -> list[Endpoint]:
    """``models_refresh``, unless every server was asked within the last minute."""
    known = dict(Endpoint.objects.values_list("url", "checked_at"))
    fresh = timezone.now() - PROBE_EVERY
    if set(known) == set(settings.LLM_BASE_URLS) and all(checked > fresh for checked in known.values()):
        return list(Endpoint.objects.all())
    return models_refresh()


def model_describe(*, model: ModelVersion, by: Any, **facts: Any) -> ModelVersion:
    """Write down what no server says of its model: ``license``, ``source``, prices and ``currency``."""
    unknown = set(facts) - DESCRIBED
    if unknown:
        raise ValueError(f"Not to be described by people: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        model = ModelVersion.objects.select_for_update().get(pk=model.pk)
        for name, value in facts.items():
            setattr(model, name, value)
        model.save(update_fields=list(facts))
        data = {name: None if value is None else str(value) for name, value in facts.items()}
        record(kind="model.described", actor=actor_of(by), subject=f"model:{model.pk}", data=data)
    return model


@transaction.atomic
def _store(found: Sequence[Probe], actor: str) -> list[Endpoint]:
    now = timezone.now()
    Endpoint.objects.exclude(url__in=[one.url for one in found]).delete()
    endpoints = []
    for one in found:
        endpoint, _ = Endpoint.objects.update_or_create(
            url=one.url,
            defaults={
                # A server that does not answer keeps the dialect that it was last known to speak.
                **({"dialect": one.dialect} if one.offers else {}),
                "healthy": not one.problem,
                "problem": one.problem[:500],
                "answer_ms": one.answer_ms,
                "checked_at": now,
            },
        )
        if one.offers:
            endpoint.model_versions.set([_model(offer, now=now, actor=actor) for offer in one.offers])
        endpoints.append(endpoint)
    return endpoints


def _model(offer: Offer, *, now: datetime, actor: str) -> ModelVersion:
    model, created = ModelVersion.objects.update_or_create(
        **{kind: getattr(offer, kind) for kind in KINDS},
        defaults={"parameters": offer.parameters, "context_tokens": offer.context_tokens, "last_seen_at": now},
        create_defaults={
            "parameters": offer.parameters,
            "context_tokens": offer.context_tokens,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if created:
        data = {kind: getattr(offer, kind) for kind in KINDS}
        record(kind="model.registered", actor=actor, subject=f"model:{model.pk}", data=data)
    return model
