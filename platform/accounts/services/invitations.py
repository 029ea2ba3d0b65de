"""Invitations by link: made, shown once, used, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authentication import token_digest
from accounts.models import Invitation, Membership, Role, User
from accounts.services.members import member_add
from accounts.services.secrets import new_secret
from ledger.errors import DomainError, forbidden, invalid, not_found
from ledger.services import actor_of, record

MAX_USES = 1000
MAX_LIFETIME = timedelta(days=90)
GONE = 410


def invitation_create(
    *,
    project_id: int,
    actor: User,
    role: str,
    expires_at: datetime,
    max_uses: int = 1,
    email: str = "",
) -> tuple[Invitation, str]:
    """(invitation, the secret of its link, shown once). ``email`` lets only that address use it, once."""
    email = email.strip().lower()
    _check(role, max_uses, expires_at, email)
    raw, digest = new_secret()
    with transaction.atomic():
        invitation = Invitation.objects.create(
            project_id=project_id,
            role=role,
            digest=digest,
            email=email,
            max_uses=max_uses,
            expires_at=expires_at,
            created_by=actor,
        )
        data = {"role": role, "max_uses": max_uses, "expires_at": expires_at.isoformat(), "bound": bool(email)}
        _record("invitation.created", actor, invitation, data)
    return invitation, raw


def invitation_revoke(*, project_id: int, invitation_id: int, actor: User) -> Invitation:
    """The link stops working; who came by it stays. Again is no error. Raises ``DomainError`` 404."""
    with transaction.atomic():
        rows = Invitation.objects.select_for_update(no_key=True)
        invitation = rows.filter(pk=invitation_id, project_id=project_id).first()
        if invitation is None:
            raise not_found("The invitation")
        if invitation.revoked_at is None:
            invitation.revoked_at = timezone.now()
            invitation.save(update_fields=["revoked_at"])
            _record("invitation.revoked", actor, invitation, {"uses": invitation.uses})
    return invitation


def invitation_of(raw: str) -> Invitation:
    """The invitation that a link's secret belongs to; raises ``DomainError`` 404, or 410 with why it is over."""
    rows = Invitation.objects.select_related("project")
    invitation = rows.filter(digest=token_digest(raw)).first()
    if invitation is None:
        raise not_found("The invitation")
    if invitation.revoked_at is not None:
        raise _gone("invitation_revoked", _("This invitation was withdrawn. Ask the project's owner for another."))
    if invitation.expires_at <= timezone.now():
        raise _gone("invitation_expired", _("This invitation has expired. Ask the project's owner for another."))
    if invitation.uses >= invitation.max_uses:
        raise _gone("invitation_used", _("This invitation was used up. Ask the project's owner for another."))
    return invitation


def invitation_works(raw: str) -> bool:
    try:
        return bool(invitation_of(raw))
    except DomainError:
        return False


def invitation_accept(*, user: User, raw: str) -> tuple[Membership, bool]:
    """(membership, whether it is new). Who is a member already keeps the role, and no use is spent.

    Raises ``DomainError`` 404 (unknown), 410 (over), 403 (meant for another address).
    """
    with transaction.atomic():
        known = Membership.objects.filter(project__invitations__digest=token_digest(raw), user=user).first()
        if known is not None:
            return known, False
        invitation = invitation_of(raw)
        _check_address(invitation, user)
        membership, created = member_add(
            project_id=invitation.project_id,
            user=user,
            role=invitation.role,
            actor=user,
            how=f"invitation:{invitation.pk}",
        )
        if created and not _spend(invitation):
            raise _gone("invitation_used", _("This invitation was just used up or withdrawn. Ask for another."))
    return membership, created


def _spend(invitation: Invitation) -> bool:
    """Count one use if it still works: a conditional update, so that no concurrency oversells a link."""
    live = Invitation.objects.filter(
        pk=invitation.pk, revoked_at=None, expires_at__gt=timezone.now(), uses__lt=F("max_uses")
    )
    return live.update(uses=F("uses") + 1) == 1


def _check_address(invitation: Invitation, user: User) -> None:
    if not invitation.email:
        return
    if user.email.lower() != invitation.email:
        text = _("This invitation is for another e-mail address. Sign in with the account that has it.")
        raise forbidden(text, "other_address")
    confirmed = EmailAddress.objects.filter(user=user, email__iexact=invitation.email, verified=True)
    if "smtp" in settings.EMAIL_BACKEND and not confirmed.exists():  # without mail nobody could confirm
        text = _("Confirm your e-mail address first (the link is in our mail to you), then open this page again.")
        raise forbidden(text, "address_unconfirmed")


def _check(role: str, max_uses: int, expires_at: datetime, email: str) -> None:
    fields: dict[str, list[str]] = {}
    if role not in Role.values:
        fields["role"] = [_("Choose one of these roles: %(known)s.") % {"known": ", ".join(Role.values)}]
    if not 1 <= max_uses <= MAX_USES:
        fields["max_uses"] = [_("A link can be used 1 to %(limit)d times.") % {"limit": MAX_USES}]
    elif email and max_uses != 1:
        fields["max_uses"] = [_("A link for one address can be used once.")]
    now = timezone.now()
    if not now < expires_at <= now + MAX_LIFETIME:
        text = _("The expiry must lie in the future, at most %(days)d days ahead.")
        fields["expires_at"] = [text % {"days": MAX_LIFETIME.days}]
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            fields["email"] = [str(text) for text in error.messages]
    if fields:
        raise invalid(next(iter(fields.values()))[0], fields=fields)


def _gone(code: str, message: str) -> DomainError:
    return DomainError(code, message, GONE)


def _record(kind: str, actor: User, invitation: Invitation, data: dict[str, object]) -> None:
    record(
        kind=kind,
        actor=actor_of(actor),
        subject=f"invitation:{invitation.pk}",
        project_id=invitation.project_id,
        data=data,
        simulated=actor.is_simulated,
    )
