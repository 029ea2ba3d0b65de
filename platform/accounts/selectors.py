"""Reading accounts, tokens, memberships and invitations."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import ApiToken, Invitation, Membership, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """A person's tokens that were not revoked, newest first; expired ones too, so that one sees why they fail."""
    return ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk")


def members_of(project_id: int) -> QuerySet[Membership]:
    """A project's members with their accounts: owners first, then by when they joined. For its owners only."""
    return Membership.objects.filter(project_id=project_id).select_related("user").order_by("pk")


def live_invitations(project_id: int) -> QuerySet[Invitation]:
    """The links that still work, newest first."""
    live = Q(revoked_at=None, expires_at__gt=timezone.now(), uses__lt=F("max_uses"))
    return Invitation.objects.filter(live, project_id=project_id).order_by("-pk")


def memberships_of(user: User) -> QuerySet[Membership]:
    """What a person is where, newest first."""
    return Membership.objects.filter(user=user).select_related("project").order_by("-pk")
