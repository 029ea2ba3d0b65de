"""Who else asks the servers of a run or a validator. What a server died of is only known where nobody else used it.

Whoever tries suspects has the servers for itself: what is leased while servers may have died of it keeps all other runs
and validators there from leasing anything, and from trying their own. So two that hunt at the same time take turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from annotations import candidates
from llm_workers.models import Endpoint, ModelVersion, RunItem, RunItemStatus, Trial, TrialStatus
from llm_workers.validating.models import Rating, RatingStatus

SUSPECTED = 2  # deaths under which something waits or was asked, and then it is tried on its own
TURN_LOCK = 0x5E2E25  # advisory lock number: who decides about suspects holds it alone, who leases others shares it


@dataclass(frozen=True)
class Company:
    """Everybody but one run or validator, as far as they ask models that are offered at its ``endpoints``.

    ``items`` and ``ratings`` are those of others that are being asked about now.
    """

    endpoints: QuerySet[Endpoint]
    items: QuerySet[RunItem]
    ratings: QuerySet[Rating]

    def hunts(self, *, alone: bool) -> bool:
        """Whether another run or validator tries suspects there. Inside a transaction: until its end nobody begins to,
        and with ``alone`` nobody leases anything; the caller then leases or leaves it."""
        take = "SELECT pg_advisory_xact_lock(%s)" if alone else "SELECT pg_advisory_xact_lock_shared(%s)"
        with connection.cursor() as cursor:
            cursor.execute(take, [TURN_LOCK])
        return any(rows.filter(deaths__gte=SUSPECTED).exists() for rows in (self.items, self.ratings))

    def asks(self, *, since: datetime) -> bool:
        """Whether anybody asks there now, or a trial or an audit has since then. What runs and validators have under
        way at the time of a lease is all that there can be until it ends: see ``hunts``."""
        return self.items.exists() or self.ratings.exists() or self._tries(since) or self._audits(since)

    def _tries(self, since: datetime) -> bool:
        there = Trial.objects.filter(model__endpoints__in=self.endpoints)
        return there.filter(Q(status=TrialStatus.RUNNING) | Q(finished_at__gte=since)).exists()

    def _audits(self, since: datetime) -> bool:
        models = ModelVersion.objects.filter(endpoints__in=self.endpoints).values_list("pk", flat=True)
        return candidates.asked_since(set(models), since)


def company_of_run(run_id: int) -> Company:
    """Of everybody but this run."""
    endpoints = Endpoint.objects.filter(model_versions__annotators__annotator__runs=run_id)
    return Company(endpoints, _items(endpoints).exclude(run_id=run_id), _ratings(endpoints))


def company_of_validator(validator_id: int) -> Company:
    """Of everybody but this validator."""
    endpoints = Endpoint.objects.filter(model_versions__validators=validator_id)
    return Company(endpoints, _items(endpoints), _ratings(endpoints).exclude(validator_id=validator_id))


def _items(endpoints: QuerySet[Endpoint]) -> QuerySet[RunItem]:
    leased = RunItem.objects.filter(status=RunItemStatus.LEASED)
    return leased.filter(run__annotator__model_annotator__model__endpoints__in=endpoints)


def _ratings(endpoints: QuerySet[Endpoint]) -> QuerySet[Rating]:
    leased = Rating.objects.filter(status=RatingStatus.LEASED)
    return leased.filter(validator__model__endpoints__in=endpoints)


def was_alone(since: Sequence[datetime | None], company: Company) -> bool:
    """Whether the one that was asked alone since then stayed so. ``since``: of all that came back together."""
    began = next((at for at in since if at is not None), None)
    return began is not None and not company.asks(since=began)
