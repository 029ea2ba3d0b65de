"""Webhooks of a project: added, changed, removed by owners; and what they are told."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import Project, Webhook, WebhookDelivery, WebhookEvent
from annotations.webhooks.addresses import url_check
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record

MOST = 20  # webhooks of one project
SECRET_BYTES = 32


def webhook_add(*, project: Project, actor: User, url: str, events: Sequence[str]) -> Webhook:
    """A webhook with a new secret. Raises ``DomainError``: 400 for an address or events that cannot be, 409 where the
    address is told already or there are too many."""
    url, events = url_check(url), _events(events)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if project.webhooks.count() >= MOST:
            text = _("A project has at most %(most)s webhooks. Remove one first.")
            raise DomainError("too_many_webhooks", text % {"most": MOST})
        webhook = Webhook(project=project, url=url, events=events, created_by=actor)
        webhook.secret = secrets.token_hex(SECRET_BYTES)
        _save(webhook)
        _record(webhook, "webhook.added", actor, {"events": events})
    return webhook


def webhook_change(*, webhook: Webhook, actor: User, values: Mapping[str, Any]) -> Webhook:
    """Change some of ``url``, ``events`` and ``enabled``; the secret stays. Raises as ``webhook_add``."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
        before = (webhook.url, webhook.events, webhook.enabled)
        webhook.url = url_check(values.get("url", webhook.url))
        webhook.events = _events(values.get("events", webhook.events))
        webhook.enabled = bool(values.get("enabled", webhook.enabled))
        if before == (webhook.url, webhook.events, webhook.enabled):
            return webhook
        _save(webhook)
        _record(webhook, "webhook.changed", actor, {"events": webhook.events, "enabled": webhook.enabled})
    return webhook


def webhook_remove(*, webhook: Webhook, actor: User) -> None:
    """Tell it nothing any more; its log goes with it. Twice is once."""
    with transaction.atomic():
        found = Webhook.objects.select_for_update().filter(pk=webhook.pk).first()
        if found is not None:
            _record(found, "webhook.removed", actor, {})
            found.delete()


def announce(*, project_id: int, event: str, key: str, data: Mapping[str, Any]) -> int:
    """Write a message for each webhook of the project that wants the event; how many.

    In the transaction of what it tells, so that nothing is told that did not happen. ``key``: the message is written
    once for each webhook, however often this is called.
    """
    wanting = Webhook.objects.filter(project_id=project_id, enabled=True, events__contains=[event])
    now = timezone.now()
    body = {"event": event, "project": project_id, "happened_at": now.isoformat(), "data": dict(data)}
    rows = [WebhookDelivery(webhook=hook, event=event, key=key, body=body, made_at=now) for hook in wanting]
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _save(webhook: Webhook) -> None:
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError as error:
        if "webhook_address_once" not in str(error):
            raise
        text = _("This address is told already. Change that webhook instead.")
        raise DomainError("webhook_exists", text, fields={"url": [text]}) from None


def _events(events: Sequence[str]) -> list[str]:
    unknown = [event for event in events if event not in WebhookEvent.values]
    if unknown or not events:
        text = _("Choose one or more of these: %(known)s.") % {"known": ", ".join(WebhookEvent.values)}
        raise invalid(text, fields={"events": [text]})
    return sorted(set(events))


def _record(webhook: Webhook, kind: str, actor: User, data: Mapping[str, Any]) -> None:
    # Not the address: it may hold a key of the receiver.
    record(
        kind=kind,
        actor=actor_of(actor),
        subject=f"webhook:{webhook.pk}",
        project_id=webhook.project_id,
        data=data,
        simulated=actor.is_simulated,
    )
