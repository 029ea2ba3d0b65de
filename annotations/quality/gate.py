"""Who may be given items."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext as _

from annotations.models import Standing
from ledger.errors import DomainError


def refuse_unless_fit(standing: str) -> None:
    """Raises ``DomainError`` (403 ``paused_for_review``) where a person is given no items until a human has looked."""
    if standing == Standing.PAUSED:
        text = _(
            "You are paused in this project until its owner has looked at your work. What you labelled is paid. You "
            "can read why, and say what you think of it, under “Your standing”."
        )
        raise DomainError("paused_for_review", text, HTTPStatus.FORBIDDEN)
