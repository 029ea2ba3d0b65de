"""How Evenhand uses allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts.services.invitations import invitation_works
from ledger.services import actor_of, record


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Open to all, or only to those who came by an invitation link that works (kept in their session)."""
        if settings.SIGNUP_OPEN:
            return True
        return invitation_works(request.session.get("invitation", ""))

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """A new account, and its event in the same transaction."""
        with transaction.atomic():
            saved = super().save_user(request, user, form, commit)
            if commit:
                record(kind="account.created", actor=actor_of(saved), subject=actor_of(saved))
        return saved
