"""Which models there are: asked of the servers; and what operators write beside that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.services import actor_of, record
from llm_workers.client import Offer, Probe, probe
from llm_workers.limits import PROBE_EVERY
from llm_workers.models import Endpoint, ModelVersion, RunServer, TrialServer, ValidatorServer
from llm_workers.services.keys import KeyLost, key_open
from llm_workers.services.revisions import is_another, latest_revision, revision_make

DESCRIBED = frozenset(
    {
        "license", "source", "file_hash", "stated_base", "stated_adapter", "stated_quantization",
        "stated_context_tokens", "price_per_million_prompt", "price_per_million_completion", "price_per_hour",
        "currency",
    }
)  # fmt: skip
KINDS = ("name", "base", "adapter", "quantization")


def models_refresh(*, actor: str = "system") -> list[Endpoint]:
    """Ask every server that may be used what it serves and write it down; returns them as they were found.

    Servers that have left ``LLM_BASE_URL`` and were not added by an operator are forgotten.
    """
    _from_settings()
    endpoints = list(Endpoint.objects.filter(enabled=True))
    with ThreadPoolExecutor(max_workers=max(min(len(endpoints), 16), 1)) as pool:
        found = list(pool.map(_asked, endpoints, (server_key(endpoint) for endpoint in endpoints)))
    return _store(found, actor)


def models_refresh_if_due() -> list[Endpoint]:
    """``models_refresh``, unless every server was asked within the last minute."""
    known = dict(Endpoint.objects.filter(enabled=True).values_list("url", "checked_at"))
    fresh = timezone.now() - PROBE_EVERY
    stay = set(Endpoint.objects.values_list("url", flat=True))
    wanted = {*settings.LLM_BASE_URLS, *Endpoint.objects.filter(added=True).values_list("url", flat=True)}
    if stay == wanted and all(checked is not None and checked > fresh for checked in known.values()):
        return list(Endpoint.objects.all())
    return models_refresh()


def server_ask(*, endpoint: Endpoint, actor: str = "system") -> Endpoint:
    """Ask one server what it serves and write it down. Outside of transactions: this waits for the network."""
    found = _store([_asked(endpoint, server_key(endpoint))], actor)
    return found[0] if found else endpoint


def server_found(*, found: Probe) -> None:
    """Write down what a worker found when it asked a server again."""
    _store([found], "system")


def server_key(endpoint: Endpoint) -> str | None:
    """The key that the server is asked with; None where one is stored that does not open any more.

    ``LLM_API_KEY`` goes only to servers of ``LLM_BASE_URL``, never to one that was added by its address alone.
    """
    if endpoint.sealed_key is None:
        return settings.LLM_API_KEY if endpoint.url in settings.LLM_BASE_URLS else ""
    try:
        return key_open(endpoint.sealed_key, url=endpoint.url)
    except KeyLost:
        return None


def model_describe(*, model: ModelVersion, by: Any, **facts: Any) -> ModelVersion:
    """Write down what no server says of its model: those of ``DESCRIBED``. What has not changed is not recorded.

    Returns the model, or another one that takes its place at its servers, where what is written says that other weights
    are served now than those that have labelled: see ``revisions``.
    """
    unknown = set(facts) - DESCRIBED
    if unknown:
        raise ValueError(f"Not to be described by people: {', '.join(sorted(unknown))}")
    if "file_hash" in facts:
        facts["file_hash"] = facts["file_hash"].strip().lower().removeprefix("sha256:")
    if "currency" in facts:
        facts["currency"] = facts["currency"].upper()
    with transaction.atomic():
        model = ModelVersion.objects.select_for_update().get(pk=model.pk)
        changed = {name: value for name, value in facts.items() if getattr(model, name) != value}
        if is_another(model, changed):
            made, old = revision_make(model, changed), model.pk
            data = {"revision": made.revision, "replaces": old, **_plain(changed)}
            record(kind="model.registered", actor=actor_of(by), subject=f"model:{made.pk}", data=data)
            return made
        for name, value in changed.items():
            setattr(model, name, value)
        if changed:
            model.save(update_fields=list(changed))
            record(kind="model.described", actor=actor_of(by), subject=f"model:{model.pk}", data=_plain(changed))
    return model


def _plain(facts: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in facts.items()}


def _asked(endpoint: Endpoint, key: str | None) -> Probe:
    if key is None:
        text = _("Its key cannot be read any more: SECRET_KEY has changed. Give the key again.")
        return Probe(endpoint.url, problem=text)
    return probe(endpoint.url, api_key=key)


def _from_settings() -> None:
    """A row for each server of ``LLM_BASE_URL``, and none for those that have left it."""
    urls = list(dict.fromkeys(settings.LLM_BASE_URLS))
    with transaction.atomic():
        gone = list(Endpoint.objects.select_for_update().exclude(Q(added=True) | Q(url__in=urls)).order_by("id"))
        for endpoint in gone:
            price_keep(endpoint)
            endpoint.delete()
        known = set(Endpoint.objects.filter(url__in=urls).values_list("url", flat=True))
        new = [Endpoint(url=url) for url in urls if url not in known]
        Endpoint.objects.bulk_create(new, ignore_conflicts=True)  # another process may do the same


def price_keep(endpoint: Endpoint) -> None:
    """Write the price of a server that goes, or moves, beside what was taken from it at its address until now."""
    if endpoint.price_per_hour is not None:
        price = {"price_per_hour": endpoint.price_per_hour, "currency": endpoint.currency}
        for kind in (RunServer, TrialServer, ValidatorServer):
            kind.objects.filter(url=endpoint.url, price_per_hour=None).update(**price)


@transaction.atomic
def _store(found: Sequence[Probe], actor: str) -> list[Endpoint]:
    """Servers that were removed meanwhile are passed over."""
    now = timezone.now()
    rows = Endpoint.objects.select_for_update().filter(url__in=[one.url for one in found])
    endpoints = {endpoint.url: endpoint for endpoint in rows.order_by("id")}
    for one in found:
        endpoint = endpoints.get(one.url)
        if endpoint is None:
            continue
        if one.listed:  # a server that does not answer keeps the dialect and the models that it was last known by
            endpoint.dialect = one.dialect if one.offers else endpoint.dialect
            endpoint.model_versions.set([_model(offer, now=now, actor=actor) for offer in one.offers])
        endpoint.healthy, endpoint.problem = not one.problem, one.problem[:500]
        endpoint.answer_ms, endpoint.checked_at = one.answer_ms, now
        endpoint.save(update_fields=["dialect", "healthy", "problem", "answer_ms", "checked_at"])
    return list(endpoints.values())


def _model(offer: Offer, *, now: datetime, actor: str) -> ModelVersion:
    names = {kind: getattr(offer, kind) for kind in KINDS}
    model, created = ModelVersion.objects.update_or_create(
        **names,
        revision=latest_revision(names),
        defaults={"parameters": offer.parameters, "context_tokens": offer.context_tokens, "last_seen_at": now},
        create_defaults={
            "parameters": offer.parameters,
            "context_tokens": offer.context_tokens,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if created:
        record(kind="model.registered", actor=actor, subject=f"model:{model.pk}", data=names)
    return model
