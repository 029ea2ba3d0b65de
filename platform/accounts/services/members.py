"""Who is what in a project. A project always keeps an owner."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Role, User
from ledger.errors import DomainError, invalid, not_found
from ledger.services import actor_of, record


def member_add(*, project_id: int, user: User, role: str, actor: User, how: str) -> tuple[Membership, bool]:
    """(membership, whether it is new). Who is a member already keeps the role. ``how`` goes into the record."""
    with transaction.atomic():
        membership, created = Membership.objects.get_or_create(
            project_id=project_id, user=user, defaults={"role": role}
        )
        if created:
            _record("member.joined", actor, membership, {"role": role, "how": how})
    return membership, created


def member_role_change(*, project_id: int, member_id: int, role: str, actor: User) -> Membership:
    """Give a member another role. Raises ``DomainError`` 400 (role), 404, 409 for the last owner."""
    if role not in Role.values:
        message = _("Choose one of these roles: %(known)s.") % {"known": ", ".join(Role.values)}
        raise invalid(message, fields={"role": [message]})
    with transaction.atomic():
        membership = _locked(project_id, member_id)
        before = membership.role
        if before == role:
            return membership
        _keep_an_owner(membership)
        membership.role = role
        membership.save(update_fields=["role"])
        _record("member.role_changed", actor, membership, {"before": before, "after": role})
    return membership


def member_remove(*, project_id: int, member_id: int, actor: User) -> None:
    """Take a member out; labels that the person gave stay. Raises ``DomainError`` 404, 409 for the last owner."""
    with transaction.atomic():
        membership = _locked(project_id, member_id)
        _keep_an_owner(membership)
        _record("member.removed", actor, membership, {"role": membership.role})
        membership.delete()


def _locked(project_id: int, member_id: int) -> Membership:
    """The membership, and every owner's, locked in one order: two owners cannot both leave at once."""
    rows = Membership.objects.select_for_update().filter(project_id=project_id)
    members = {row.pk: row for row in rows.filter(pk=member_id) | rows.filter(role=Role.OWNER)}
    if member_id not in members:
        raise not_found("The member")
    return members[member_id]


def _keep_an_owner(membership: Membership) -> None:
    others = Membership.objects.filter(project_id=membership.project_id, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        text = _("A project needs an owner, and this is the last one. Make someone else an owner first.")
        raise DomainError("last_owner", text)


def _record(kind: str, actor: User, membership: Membership, data: dict[str, str]) -> None:
    record(
        kind=kind,
        actor=actor_of(actor),
        subject=f"user:{membership.user_id}",
        project_id=membership.project_id,
        data=data,
        simulated=actor.is_simulated,
    )
