"""API tokens: made, shown once, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import ApiToken, Scope, User
from accounts.services.secrets import TOKEN_PREFIX, new_secret
from ledger.errors import DomainError, forbidden, invalid, not_found
from ledger.services import actor_of, record

MAX_LIVE_TOKENS = 50
MAX_LIFETIME = timedelta(days=366)
PREFIX_LENGTH = 12  # "evh_" and the first eight characters: enough to tell tokens apart, useless to an attacker


def token_create(
    *,
    user: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    within: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """(token, the secret to show once). ``expires_at`` None never expires.

    ``within`` is the token that asked: it can hand on no more than it has itself, in scopes and in time. Raises
    ``DomainError`` 400 for input, 403 for more than ``within`` has, 409 for too many live tokens.
    """
    name, wanted = _checked(name, scopes, expires_at)
    if within is not None:
        _check_within(within, wanted, expires_at)
    raw, digest = new_secret(TOKEN_PREFIX)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # the limit holds under concurrency
        if user.api_tokens.filter(revoked_at=None).count() >= MAX_LIVE_TOKENS:
            text = _("An account has at most %(limit)d tokens. Revoke one that is no longer used.")
            raise DomainError("too_many_tokens", text % {"limit": MAX_LIVE_TOKENS})
        token = ApiToken.objects.create(
            user=user,
            name=name,
            prefix=raw[:PREFIX_LENGTH],
            digest=digest,
            scopes=wanted,
            expires_at=expires_at,
        )
        record(
            kind="token.created",
            actor=actor_of(user),
            subject=f"token:{token.pk}",
            data={"scopes": wanted, "expires_at": expires_at.isoformat() if expires_at else None},
            simulated=user.is_simulated,
        )
    return token, raw


def token_revoke(*, user: User, token_id: int) -> ApiToken:
    """Revoke one of ``user``'s tokens, for good; again is no error. Raises ``DomainError`` 404."""
    with transaction.atomic():
        token = user.api_tokens.select_for_update(no_key=True).filter(pk=token_id).first()
        if token is None:
            raise not_found("The token")
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            record(
                kind="token.revoked",
                actor=actor_of(user),
                subject=f"token:{token.pk}",
                simulated=user.is_simulated,
            )
    return token


def _checked(name: str, scopes: Iterable[str], expires_at: datetime | None) -> tuple[str, list[str]]:
    name, asked = " ".join(name.split()), set(scopes)
    wanted = [scope for scope in Scope.values if scope in asked]
    fields: dict[str, list[str]] = {}
    if not 1 <= len(name) <= 80:
        fields["name"] = [_("Say in at most 80 characters what the token is for.")]
    if asked - set(Scope.values) or not wanted:
        text = _("Choose at least one of these scopes: %(known)s.")
        fields["scopes"] = [text % {"known": ", ".join(Scope.values)}]
    now = timezone.now()
    if expires_at is not None and not now < expires_at <= now + MAX_LIFETIME:
        fields["expires_at"] = [_("The expiry must lie in the future, at most a year ahead.")]
    if fields:
        raise invalid(next(iter(fields.values()))[0], fields=fields)
    return name, wanted


def _check_within(parent: ApiToken, wanted: list[str], expires_at: datetime | None) -> None:
    more = [scope for scope in wanted if scope not in parent.scopes]
    if more:
        text = _("A token can only hand on scopes that it has; this one lacks: %(scopes)s.")
        raise forbidden(text % {"scopes": ", ".join(more)}, "scope_missing")
    if parent.expires_at is not None and (expires_at is None or expires_at > parent.expires_at):
        text = _("A token cannot make one that outlives it. Give an expiry of %(limit)s or earlier.")
        raise forbidden(text % {"limit": parent.expires_at.isoformat(timespec="seconds")}, "token_outlives")
