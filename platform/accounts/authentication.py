"""Bearer tokens for the REST API: ``Authorization: Bearer evh_…``."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.rows import Joined

KEYWORD = "Bearer"
TOUCH_AFTER = timedelta(minutes=1)  # `last_used_at` is for people: no write per request


def token_digest(token: str) -> str:
    """SHA-256 (hex). Tokens are 32 random bytes, so a slow password hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


KNOWN = Joined(
    "token_known",
    "FROM accounts_apitoken token JOIN accounts_user person ON person.id = token.user_id"
    " WHERE token.digest = %(digest)s",
    {"digest": "text"},
    token=ApiToken,
    person=User,
)


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != KEYWORD.lower().encode():
            return None
        if len(parts) != 2:
            raise AuthenticationFailed(_("Send one token: “Authorization: Bearer <token>”."))
        token = self._live_token(parts[1].decode("latin-1"))
        self._touch(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD

    def _live_token(self, raw: str) -> ApiToken:
        found = KNOWN.one(digest=token_digest(raw))
        if found is None or not found[1].is_active:
            raise AuthenticationFailed(_("This token is not known. Make one on your account's token page."))
        token: ApiToken = found[0]
        token.user = found[1]
        if token.revoked_at is not None:
            raise AuthenticationFailed(_("This token was revoked. Make a new one on your account's token page."))
        if token.expires_at is not None and token.expires_at <= timezone.now():
            raise AuthenticationFailed(_("This token has expired. Make a new one on your account's token page."))
        return token

    def _touch(self, token: ApiToken) -> None:
        now = timezone.now()
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - TOUCH_AFTER)
        if token.last_used_at is None or token.last_used_at < now - TOUCH_AFTER:
            ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
