"""Adjusting what a person is paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.access import Access
from annotations.models import PayAdjustment
from annotations.paying.selectors import payable
from ledger.errors import invalid, not_found
from ledger.services import actor_of, record

MOST = Decimal("99999999.99")


def pay_adjust(*, access: Access, annotator_id: int, amount: Decimal, reason: str, request_key: UUID) -> PayAdjustment:
    """Add ``amount`` (project's currency; negative takes back) to a person's pay. Sent again, it counts once.

    Raises ``DomainError``: 404 for somebody whom this project does not pay, 400 for nothing, too much, or no reason.
    """
    reason = reason.strip()
    refusals: dict[str, list[Any]] = {}
    if not amount or abs(amount) > MOST or amount != amount.quantize(Decimal("0.01")):
        refusals["amount"] = [_("Give an amount other than 0, with at most two decimals.")]
    if not reason or len(reason) > 300:
        refusals["reason"] = [_("Say in at most 300 characters what it is for: the person will read it.")]
    if refusals:
        raise invalid(_("The adjustment was not stored."), fields=refusals)
    with transaction.atomic():
        annotator = payable(access.project).filter(pk=annotator_id).first()
        if annotator is None:
            raise not_found("The person")
        made, is_new = PayAdjustment.objects.get_or_create(
            project=access.project,
            request_key=request_key,
            defaults={"annotator": annotator, "amount": amount, "reason": reason, "created_by": access.user},
        )
        if is_new:
            record(
                kind="pay.adjusted",
                actor=actor_of(access.user),
                subject=f"annotator:{annotator.pk}",
                project_id=access.project.pk,
                data={"adjustment": made.pk, "amount": str(made.amount)},
            )
    return made
