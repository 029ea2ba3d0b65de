"""Sending to webhooks what was written for them: signed, to allowed addresses, at most five times.

``X-Evenhand-Signature`` is ``t=TIME,v1=HEX``, where HEX is the HMAC-SHA256 of ``TIME.BODY`` under the webhook's secret.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import WebhookDelivery
from annotations.models.outgoing import MOST_ATTEMPTS, claim, done
from annotations.webhooks.addresses import AddressRefused, resolve, url_check
from ledger.errors import DomainError

logger = logging.getLogger(__name__)

SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """What came of one attempt. ``status`` None: nobody answered; ``final``: there is no point in trying again."""

    status: int | None
    note: str = ""
    final: bool = False

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def signature(secret: str, body: bytes, moment: int) -> str:
    """The header that lets a receiver tell that the message is from here, and of now."""
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


def delivery_send(*, delivery_id: int) -> bool:
    """Send a message; whether it was taken. Two senders at once send it once, a failed attempt is repeated later."""
    delivery = WebhookDelivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if delivery is None or delivery.done_at is not None:
        return False
    if delivery.is_over or not delivery.webhook.enabled:
        done(delivery)
        return False
    if not claim(delivery):
        return False
    answer = _post(delivery)
    over = answer.taken or answer.final or delivery.attempts + 1 >= MOST_ATTEMPTS
    WebhookDelivery.objects.filter(pk=delivery_id).update(
        status=answer.status,
        note=answer.note[:300],
        taken=answer.taken,
        done_at=timezone.now() if over else None,
    )
    return answer.taken


def _post(delivery: WebhookDelivery) -> Answer:
    body = json.dumps(delivery.body, separators=(",", ":")).encode()
    try:
        url = url_check(delivery.webhook.url)  # what was allowed when it was stored may not be any more
        return _exchange(url, body, delivery)
    except DomainError as error:
        return Answer(None, error.message, final=True)
    except AddressRefused as error:
        return Answer(None, str(error))
    except (OSError, http.client.HTTPException, ValueError) as error:
        logger.info("Webhook %s: attempt failed: %s", delivery.webhook_id, error)
        return Answer(None, _("No answer: %(why)s.") % {"why": type(error).__name__})


def _exchange(url: str, body: bytes, delivery: WebhookDelivery) -> Answer:
    parts = urlsplit(url)
    connection = _connect(parts, resolve(parts)[0])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": "Evenhand",
        "X-Evenhand-Event": delivery.event,
        "X-Evenhand-Delivery": str(delivery.pk),
        "X-Evenhand-Signature": signature(delivery.webhook.secret, body, int(time.time())),
    }
    try:
        connection.request("POST", target, body=body, headers=headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    answer = Answer(status, final=status == http.HTTPStatus.GONE)
    if answer.taken:
        return answer
    return Answer(status, _("The receiver answered %(status)s.") % {"status": status}, answer.final)


def _connect(parts: Any, number: str) -> http.client.HTTPConnection:
    """A connection to the address that was checked, whatever its name leads to by now. Redirects are not followed."""
    if parts.scheme == "https":
        secure = _Pinned(parts.hostname, parts.port or 443, timeout=SECONDS, context=ssl.create_default_context())
        secure.number = number
        return secure
    return http.client.HTTPConnection(number, parts.port or 80, timeout=SECONDS)


class _Pinned(http.client.HTTPSConnection):
    """TLS with a certificate for the name, to a numeric address."""

    number: str

    def connect(self) -> None:
        plain = socket.create_connection((self.number, self.port), self.timeout)
        try:
            self.sock = self._context.wrap_socket(plain, server_hostname=self.host)  # type: ignore[attr-defined]
        except BaseException:
            plain.close()
            raise
