"""What a worker reads of their own work: labels newest first, pay and time per project. Never anybody else's labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.labelling.selectors import Median, pay_per_label
from annotations.models import (
    PAID,
    Annotation,
    AnnotationStatus,
    Annotator,
    Consensus,
    ConsensusMethod,
    Project,
    ProjectStatus,
)
from annotations.paying.selectors import own_short_pay
from annotations.working.care import rules_of
from annotations.working.window import too_late
from ledger.errors import invalid

CENT = Decimal("0.01")


# --- history ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """A label of one's own. ``until``: it may be changed up to then; ``fixed``: why it may not, else empty."""

    annotation: Annotation
    given_at: datetime
    until: datetime
    fixed: str

    @property
    def can_change(self) -> bool:
        return not self.fixed


def history_of(annotator: Annotator, status: str = "") -> QuerySet[Annotation]:
    """The person's labels, in no order, also changed and withdrawn ones. Raises ``DomainError`` (400) for no status.

    Reads of the item only what the person was shown, of the consensus only whether an expert has settled it.
    """
    labels = annotator.annotations.select_related("item", "schema")
    if status:
        if status not in AnnotationStatus.values:
            text = _("The status is one of: %(known)s.") % {"known": ", ".join(AnnotationStatus.values)}
            raise invalid(text, fields={"status": [text]})
        labels = labels.filter(status=status)
    own = Annotation.objects.filter(item=OuterRef("item"), annotator=OuterRef("annotator")).order_by()
    first = own.values("annotator").annotate(first=Min("created_at")).values("first")
    settled = Consensus.objects.filter(item=OuterRef("item"), method=ConsensusMethod.SETTLED)
    return labels.annotate(given_at=Subquery(first), settled=Exists(settled))


def given(project: Project, labels: Iterable[Annotation]) -> list[Given]:
    """Labels from ``history_of`` with what may still be done about them."""
    window, now = timedelta(minutes=rules_of(project).change_minutes), timezone.now()
    return [_given(project, label, window, now) for label in labels]


def _given(project: Project, label: Any, window: timedelta, now: datetime) -> Given:
    until = label.given_at + window
    fixed = ""
    if label.status == AnnotationStatus.SUPERSEDED:
        fixed = _("You have given another label since.")
    elif label.status == AnnotationStatus.WITHDRAWN:
        fixed = _("You took it back. The item may come to you again.")
    elif label.status != AnnotationStatus.CURRENT:
        fixed = _("It does not count at the moment.")
    elif project.status == ProjectStatus.CLOSED:
        fixed = _("The project is closed.")
    elif label.settled:
        fixed = _("An expert has settled this item, so its labels stay as they are.")
    elif until < now:
        fixed = too_late(window)
    return Given(annotation=label, given_at=label.given_at, until=until, fixed=fixed)


# --- home -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnWork:
    """One person's work in one project. Money in the project's currency; ``per_hour`` as in ``work_of``."""

    project_id: int
    currency: str
    labels: int
    today: int
    earned: Decimal
    timed_pay: Decimal
    active_ms: int
    short: bool

    @property
    def per_hour(self) -> Decimal | None:
        return _per_hour(self.timed_pay, self.active_ms)


@dataclass(frozen=True)
class Earned:
    """Over all projects that pay in one currency."""

    currency: str
    amount: Decimal
    per_hour: Decimal | None


@dataclass(frozen=True)
class OwnTotals:
    """Over all projects: labels that count, those of today, and what they earned in each currency."""

    labels: int
    today: int
    earned: list[Earned]


def own_work(user: User) -> dict[int, OwnWork]:
    """Project id → the person's work there, wherever they labelled; one query however many projects."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    current = Annotation.objects.filter(annotator__user=user, status__in=PAID)
    rows: dict[int, Any] = {
        row["project"]: row
        for row in current.values("project")
        .annotate(
            labels=Count("pk"),
            timed=Count("active_ms"),
            active=Sum("active_ms"),
            median=Median("active_ms"),
            today=Count("pk", filter=Q(created_at__gte=midnight)),
        )
        .order_by()
    }
    return {project.pk: _own(project, rows[project.pk]) for project in Project.objects.filter(pk__in=rows)}


def own_totals(work: Iterable[OwnWork]) -> OwnTotals:
    parts = list(work)
    return OwnTotals(
        labels=sum(one.labels for one in parts), today=sum(one.today for one in parts), earned=earnings(parts)
    )


def earnings(work: Iterable[OwnWork]) -> list[Earned]:
    """What was earned in each currency, and what the time was paid; unpaid work is left out."""
    by_currency: dict[str, list[OwnWork]] = {}
    for one in work:
        if one.earned:
            by_currency.setdefault(one.currency, []).append(one)
    return [
        Earned(
            currency=currency,
            amount=sum((one.earned for one in parts), Decimal(0)),
            per_hour=_per_hour(sum((one.timed_pay for one in parts), Decimal(0)), sum(one.active_ms for one in parts)),
        )
        for currency, parts in sorted(by_currency.items())
    ]


def _own(project: Project, row: dict[str, Any]) -> OwnWork:
    pay = pay_per_label(project)
    median = None if row["median"] is None else row["median"] / 1000
    return OwnWork(
        project_id=project.pk,
        currency=project.currency,
        labels=row["labels"],
        today=row["today"],
        earned=(pay * row["labels"]).quantize(CENT),
        timed_pay=pay * row["timed"],
        active_ms=row["active"] or 0,
        short=own_short_pay(project, timed=row["timed"], median_seconds=median),
    )


def _per_hour(pay: Decimal, active_ms: int) -> Decimal | None:
    return (pay * 3_600_000 / active_ms).quantize(CENT) if active_ms and pay else None
