"""What each person's labels earned, what their time was really paid, and where that falls short of the stated wage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from annotations.labelling.selectors import Median, pay_per_label
from annotations.models import PAID, Annotation, Annotator, AnnotatorKind, PayAdjustment, Project

CENT = Decimal("0.01")
ENOUGH_TIMED = 20  # labels with a known time before a person's median says anything


@dataclass(frozen=True)
class Payment:
    """One person. Money in the project's currency; seconds are active ones, over labels whose time is known.

    ``base`` = labels × pay per label, whatever the labels say; ``total`` = base + adjustments. ``per_hour`` is what a
    label's pay comes to at the median time; None where no time is known.
    """

    annotator_id: int
    pseudonym: str
    name: str
    email: str
    simulated: bool
    labels: int
    timed: int
    median_seconds: float | None
    per_hour: Decimal | None
    base: Decimal
    adjustments: Decimal
    short: bool

    @property
    def total(self) -> Decimal:
        return self.base + self.adjustments


@dataclass(frozen=True)
class FairPay:
    """The project as a whole: pay at the median time of all labels against ``wage``, both per hour."""

    wage: Decimal
    currency: str
    expected_seconds: int
    median_seconds: float | None
    per_hour: Decimal | None
    timed: int
    short: bool

    @property
    def fair_seconds(self) -> int | None:
        """The expected seconds per item with which the median person earns the wage."""
        return None if self.median_seconds is None else int(-(-self.median_seconds // 1))


def fair_pay(project: Project) -> FairPay:
    found = _labels(project).aggregate(timed=Count("active_ms"), median=Median("active_ms"))
    median, per_hour = _rate(project, found["median"])
    return FairPay(
        wage=project.wage_per_hour,
        currency=project.currency,
        expected_seconds=project.expected_seconds,
        median_seconds=median,
        per_hour=per_hour,
        timed=found["timed"],
        short=_short(project, found["timed"], per_hour),
    )


def payments(project: Project) -> list[Payment]:
    """Everybody who labelled here or was given an adjustment, by pseudonym; four queries whatever their number."""
    work: dict[int, Any] = {
        row["annotator_id"]: row
        for row in _labels(project)
        .values("annotator_id")
        .annotate(labels=Count("pk"), timed=Count("active_ms"), median=Median("active_ms"))
        .order_by()
    }
    extra = dict(
        PayAdjustment.objects.filter(project=project)
        .values_list("annotator_id")
        .annotate(amount=Sum("amount"))
        .order_by()
    )
    return [_payment(project, person, work.get(person.pk, {}), extra) for person in _people(project, {*work, *extra})]


def payable(project: Project) -> QuerySet[Annotator]:
    """The annotators whom this project pays: people on the platform, not those of an uploaded file."""
    return Annotator.objects.filter(project=project, kind=AnnotatorKind.HUMAN).exclude(origin="imported")


def adjustments(project: Project) -> QuerySet[PayAdjustment]:
    return PayAdjustment.objects.filter(project=project).select_related("annotator", "created_by").order_by("-pk")


def own_short_pay(project: Project, *, timed: int, median_seconds: float | None) -> bool:
    """Whether a person's median time brings them less than the stated wage, by the rule that the owner sees too."""
    _median, per_hour = _rate(project, None if median_seconds is None else median_seconds * 1000)
    return _short(project, timed, per_hour)


def _labels(project: Project) -> QuerySet[Annotation]:
    person = Q(annotator__kind=AnnotatorKind.HUMAN) & ~Q(annotator__origin="imported")
    return Annotation.objects.filter(person, project=project, status__in=PAID)


def _people(project: Project, ids: Iterable[int]) -> QuerySet[Annotator]:
    return payable(project).filter(pk__in=list(ids)).select_related("user").order_by("pseudonym")


def _payment(project: Project, person: Annotator, work: dict[str, Any], extra: dict[int, Decimal]) -> Payment:
    labels, timed = work.get("labels", 0), work.get("timed", 0)
    median, per_hour = _rate(project, work.get("median"))
    return Payment(
        annotator_id=person.pk,
        pseudonym=person.pseudonym,
        name=person.user.display_name if person.user else "",
        email=person.user.email if person.user else "",
        simulated=person.origin == "simulated",
        labels=labels,
        timed=timed,
        median_seconds=median,
        per_hour=per_hour,
        base=(pay_per_label(project) * labels).quantize(CENT),
        adjustments=extra.get(person.pk, Decimal(0)),
        short=_short(project, timed, per_hour),
    )


def _rate(project: Project, median_ms: float | None) -> tuple[float | None, Decimal | None]:
    """(median seconds, pay per hour at that time)."""
    if not median_ms:
        return None, None
    per_hour = pay_per_label(project) * 3_600_000 / Decimal(median_ms)
    return median_ms / 1000, per_hour.quantize(CENT)


def _short(project: Project, timed: int, per_hour: Decimal | None) -> bool:
    return per_hour is not None and timed >= ENOUGH_TIMED and per_hour < project.wage_per_hour
