"""The replicas of a model as clients use them, and what clients tell of them while they work.

Breakers live in the servers' rows, so every process and machine sees the same. A row is written only when a breaker
opens or closes, or a trial begins.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from llm_workers.client import BreakerState, Probe, Server, Tally
from llm_workers.client.breaker import TRIAL
from llm_workers.models import Breaker, Endpoint, ModelAnnotator, ModelVersion, RunServer, Taken, Throughput
from llm_workers.selectors.prompts import asking_of
from llm_workers.services.models import KINDS, server_found, server_key
from llm_workers.services.servers import servers_known

LEAST_SECONDS = 0.5  # of work: a rate over less says nothing


def servers_for(model: ModelVersion) -> tuple[Server, ...]:
    """The servers that offer ``model`` and may be used. One whose stored key cannot be read is left out."""
    identity = tuple(getattr(model, kind) for kind in KINDS)
    found = []
    for endpoint in servers_known().filter(model_versions=model, enabled=True).order_by("id"):
        key = server_key(endpoint)
        if key is not None:
            found.append(
                Server(
                    url=endpoint.url,
                    dialect=endpoint.dialect,
                    api_key=key,
                    identity=identity,  # type: ignore[arg-type]
                    breaker=_state(endpoint),
                    doubtful=not endpoint.healthy,
                    answer_seconds=endpoint.answer_seconds,
                )
            )
    return tuple(found)


class _Servers(ABC):
    """The registry (``client.Registry``) of a client that asks one model."""

    @abstractmethod
    def model(self) -> ModelVersion:
        """The model whose servers these are."""

    @abstractmethod
    def _took(self, tallies: Mapping[str, Tally]) -> None:
        """Keep what was taken from each server, by address."""

    async def servers(self) -> Sequence[Server]:
        return await sync_to_async(lambda: servers_for(self.model()))()

    async def breaker_moved(self, server: Server, state: BreakerState, fault: str) -> None:
        await sync_to_async(breaker_moved)(url=server.url, state=state, fault=fault)

    async def trial_claimed(self, server: Server) -> bool:
        return await sync_to_async(trial_claim)(url=server.url)

    async def found(self, probe: Probe) -> None:
        await sync_to_async(server_found)(found=probe)

    async def took(self, tallies: Mapping[str, Tally]) -> None:
        await sync_to_async(self._took)(tallies)


class ModelServers(_Servers):
    """The registry of a client that asks a model for a trial or a validator: what it takes is kept in the rows of
    ``kind`` for ``whose``.
    """

    def __init__(self, model: ModelVersion, kind: type[Taken], **whose: int) -> None:
        self._model, self._kind, self._whose = model, kind, whose

    def model(self) -> ModelVersion:
        return self._model

    def _took(self, tallies: Mapping[str, Tally]) -> None:
        servers_took(self._kind, tallies, **self._whose)


class AuditServers(_Servers):
    """The registry of a client that audits a model, in so many ``requests`` per item; ``took_share``: seconds of
    servers' time so far."""

    def __init__(self, model: ModelVersion, *, requests: int) -> None:
        self._model, self._requests = model, requests
        self.took_share = 0.0

    def model(self) -> ModelVersion:
        return self._model

    def _took(self, tallies: Mapping[str, Tally]) -> None:
        self.took_share += sum(tally.share for tally in tallies.values())
        throughput_seen(model=self._model, requests=self._requests, tallies=tallies)


class RunServers(_Servers):
    """The registry of a run's client: it also keeps how fast each server was."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self._asked: ModelAnnotator | None = None

    def model(self) -> ModelVersion:
        return self._how.model

    @property
    def _how(self) -> ModelAnnotator:
        if self._asked is None:
            asked = ModelAnnotator.objects.select_related("model", "prompt__schema")
            self._asked = asked.get(annotator__runs=self.run_id)
        return self._asked

    def _took(self, tallies: Mapping[str, Tally]) -> None:
        servers_took(RunServer, tallies, run_id=self.run_id)
        how = self._how
        requests = asking_of(how.prompt, schema=how.prompt.schema).requests
        throughput_seen(model=how.model, requests=requests, tallies=tallies)


def breaker_moved(*, url: str, state: BreakerState, fault: str) -> None:
    """Share a breaker that opened or closed. One that is open already keeps the later end of its rest."""
    rows = Endpoint.objects.filter(url=url)
    if state.phase == Breaker.CLOSED:
        rows.exclude(breaker=Breaker.CLOSED).update(breaker=Breaker.CLOSED, opens=0, retry_at=None, fault="")
        return
    retry_at = datetime.fromtimestamp(state.retry_at, tz=UTC)
    opened = {"breaker": Breaker.OPEN, "opens": state.opens, "retry_at": retry_at, "fault": fault[:300]}
    rows.exclude(breaker=Breaker.OPEN, retry_at__gte=retry_at).update(**opened)


def trial_claim(*, url: str) -> bool:
    """Whether the caller may try a server whose rest is over: one of all processes may, and again if it dies."""
    due = Endpoint.objects.filter(url=url, retry_at__lte=timezone.now()).exclude(breaker=Breaker.CLOSED)
    until = datetime.fromtimestamp(time.time() + TRIAL, tz=UTC)
    return bool(due.update(breaker=Breaker.HALF_OPEN, retry_at=until))


def servers_took(kind: type[Taken], tallies: Mapping[str, Tally], **whose: Any) -> None:
    """Add what a run, trial or validator (``whose``) took from its servers."""
    rows = kind._default_manager
    with transaction.atomic():
        for url, tally in sorted(tallies.items()):
            rows.get_or_create(url=url, **whose)
            joules = F("joules") if tally.joules is None else Coalesce(F("joules"), Value(0.0)) + tally.joules
            rows.filter(url=url, **whose).update(
                requests=F("requests") + tally.requests,
                faults=F("faults") + tally.faults,
                busy_seconds=F("busy_seconds") + tally.share,
                joules=joules,
            )


def throughput_seen(*, model: ModelVersion, requests: int, tallies: Mapping[str, Tally]) -> None:
    """Keep how fast each server was over the time of ``tallies``, where an item takes so many ``requests``; what was
    too short to say anything is left out."""
    known = dict(Endpoint.objects.filter(url__in=tallies).values_list("url", "pk"))
    now = timezone.now()
    seen = [
        Throughput(endpoint_id=known[url], model=model, seen_at=now, **_rates(tally, requests))
        for url, tally in tallies.items()
        if url in known and tally.seconds >= LEAST_SECONDS and tally.requests > tally.faults
    ]
    Throughput.objects.bulk_create(
        sorted(seen, key=lambda one: one.endpoint_id),
        update_conflicts=True,
        unique_fields=["endpoint", "model"],
        update_fields=[
            "prompt_tokens_per_second", "completion_tokens_per_second", "labels_per_second", "whole", "seconds",
            "seen_at",
        ],
    )  # fmt: skip


def _rates(tally: Tally, requests: int) -> dict[str, float | bool]:
    """Tokens by the server's counters where there are any (everybody's requests), else by this client's answers."""
    seconds, counted = tally.seconds, _counted(tally)
    read, written = counted or (tally.usage.prompt_tokens, tally.usage.completion_tokens)
    over = tally.load_seconds if counted else seconds
    return {
        "prompt_tokens_per_second": read / over,
        "completion_tokens_per_second": written / over,
        "labels_per_second": (tally.requests - tally.faults) / seconds / requests,
        "whole": counted is not None,
        "seconds": seconds,
    }


def _counted(tally: Tally) -> tuple[float, float] | None:
    before, after = tally.load_before and tally.load_before.tokens, tally.load_after and tally.load_after.tokens
    if not before or not after or tally.load_seconds < LEAST_SECONDS:
        return None
    read, written = after[0] - before[0], after[1] - before[1]
    return (read, written) if read >= 0 and written >= 0 else None  # a server that was started anew begins at 0


def _state(endpoint: Endpoint) -> BreakerState:
    if endpoint.breaker == Breaker.CLOSED or endpoint.retry_at is None:
        return BreakerState()
    return BreakerState(endpoint.breaker, 0, endpoint.opens, endpoint.retry_at.timestamp())
