"""Who may be given items."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext as _

from annotations.models import Standing
from ledger.errors import DomainError


def refuse_unless_fit(standing: str) -> None:
    """Raises ``DomainError`` (403) where a person is given no items: ``paused_for_review`` until a human has looked,
    ``qualification_needed`` until they have passed the quiz."""
    if standing == Standing.TRAINING:
        text = _("This project asks for a short quiz first. You can practise before it; nothing you answer is public.")
        raise DomainError("qualification_needed", text, HTTPStatus.FORBIDDEN)
    if standing == Standing.PAUSED:
        text = _(
            "You are paused in this project until its owner has looked at your work. What you labelled is paid. You "
            "can read why, and say what you think of it, under “Your standing”."
        )
        raise DomainError("paused_for_review", text, HTTPStatus.FORBIDDEN)
