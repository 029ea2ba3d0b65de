"""Reading webhooks and what they were told."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.models import Role
from annotations.access import OWNER, Access, project_access
from annotations.models import Webhook, WebhookDelivery
from ledger.errors import DomainError, not_found


def webhooks_of(user: Any) -> QuerySet[Webhook]:
    """Those of all projects that the person owns."""
    return Webhook.objects.filter(project__memberships__user=user, project__memberships__role=Role.OWNER).order_by(
        "-pk"
    )


def webhook_access(user: Any, webhook_id: int) -> tuple[Access, Webhook]:
    """A webhook for an owner of its project; 404 for a stranger, 403 for a member of another role."""
    webhook = Webhook.objects.filter(pk=webhook_id).first()
    if webhook is None:
        raise not_found("The webhook")
    try:
        return project_access(user, webhook.project_id, OWNER), webhook
    except DomainError as error:
        raise not_found("The webhook") if error.status == 404 else error from None


def deliveries_of(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """The newest first."""
    return WebhookDelivery.objects.filter(webhook=webhook).order_by("-pk")
