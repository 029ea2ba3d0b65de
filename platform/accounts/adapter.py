"""How Evenhand uses allauth."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Open to all, or only to those who came by an invitation link (kept in their session)."""
        return bool(settings.SIGNUP_OPEN or request.session.get("invitation"))
