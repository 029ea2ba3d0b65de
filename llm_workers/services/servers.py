"""Servers that operators add, change, disable and remove while everything runs. Workers see it within seconds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record
from llm_workers.addresses import address_fault
from llm_workers.limits import LONGEST_ANSWER
from llm_workers.models import Breaker, Endpoint
from llm_workers.services.keys import key_seal
from llm_workers.services.models import price_keep, server_ask

CHANGEABLE = frozenset({"url", "enabled", "notes", "price_per_hour", "currency", "answer_seconds", "api_key"})
KEY_LENGTH = 500


def server_add(
    *,
    by: Any,
    url: str,
    api_key: str = "",
    notes: str = "",
    price_per_hour: Decimal | None = None,
    currency: str = "EUR",
    answer_seconds: int | None = None,
) -> Endpoint:
    """Add a server beside those of ``LLM_BASE_URL``, and ask it at once what it serves. ``answer_seconds``: how long it
    may take for one answer; None: as long as ``LLM_ANSWER_SECONDS`` says.

    Raises ``DomainError``: 400 for what cannot be an address or a time, 409 where the server is known already.
    """
    url = _checked(url, api_key)
    _check_patience(answer_seconds)
    with transaction.atomic():
        endpoint = _create(
            url=url,
            added=True,
            notes=notes,
            price_per_hour=price_per_hour,
            currency=currency.upper(),
            answer_seconds=answer_seconds,
            sealed_key=key_seal(api_key, url=url) if api_key else None,
            problem=_("It has not been asked yet."),
        )
        _record("endpoint.added", endpoint, by, _told(endpoint, api_key=api_key))
    return server_ask(endpoint=endpoint, actor=actor_of(by))


def server_change(*, endpoint: Endpoint, by: Any, **facts: Any) -> Endpoint:
    """Change address, key, notes, price, patience, or whether it may be used; ask it again where that matters.

    ``api_key`` empty takes the key away. A new address forgets the key unless one is given, so that nobody can send
    somebody else's key elsewhere. Raises ``DomainError``: 400 for what cannot be, 409 for the address of another
    server, or a new address for a server of ``LLM_BASE_URL``.
    """
    unknown = set(facts) - CHANGEABLE
    if unknown:
        raise ValueError(f"Not to be changed: {', '.join(sorted(unknown))}")
    _check_patience(facts.get("answer_seconds"))
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        before = _told(endpoint)
        key = facts.pop("api_key", None)
        moved = _move(endpoint, facts.pop("url", endpoint.url), key or "")
        for name, value in facts.items():
            setattr(endpoint, name, value.upper() if name == "currency" else value)
        if key is not None or moved:
            endpoint.sealed_key = key_seal(key, url=endpoint.url) if key else None
        if moved or facts.get("enabled"):
            _trust_again(endpoint)
        _save(endpoint)
        after = _told(endpoint, api_key=key)
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        if changed:
            _record("endpoint.changed", endpoint, by, changed)
    if endpoint.enabled and (moved or key is not None or facts.get("enabled")):
        return server_ask(endpoint=endpoint, actor=actor_of(by))
    return endpoint


def server_remove(*, endpoint: Endpoint, by: Any) -> None:
    """Forget a server. What was taken from it stays, with its price. 409 for one that ``LLM_BASE_URL`` names."""
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        if endpoint.url in settings.LLM_BASE_URLS:
            text = _("%(url)s is named by LLM_BASE_URL. Take it out there, or disable it here.")
            raise DomainError("server_in_settings", text % {"url": endpoint.url})
        price_keep(endpoint)
        _record("endpoint.removed", endpoint, by, {"url": endpoint.url})
        endpoint.delete()


def servers_known() -> QuerySet[Endpoint]:
    """The servers that count: those of ``LLM_BASE_URL`` and those that operators added."""
    return Endpoint.objects.filter(Q(added=True) | Q(url__in=settings.LLM_BASE_URLS))


def _checked(url: str, api_key: str) -> str:
    url = url.strip().rstrip("/")
    fault = address_fault(url)
    if fault:
        raise invalid(fault, fields={"url": [fault]})
    if len(api_key) > KEY_LENGTH or not api_key.isascii() or any(not sign.isprintable() for sign in api_key):
        text = _("A key has at most %(most)s characters, letters, digits and signs of ASCII.") % {"most": KEY_LENGTH}
        raise invalid(text, fields={"api_key": [text]})
    return url


def _check_patience(seconds: int | None) -> None:
    if seconds is not None and not 1 <= seconds <= LONGEST_ANSWER:
        text = _("Between 1 and %(most)s seconds; leave it empty for what the installation says.")
        text %= {"most": LONGEST_ANSWER}
        raise invalid(text, fields={"answer_seconds": [text]})


def _move(endpoint: Endpoint, url: str, api_key: str) -> bool:
    """Whether the address is another one now."""
    url = _checked(url, api_key)
    if url == endpoint.url:
        return False
    if endpoint.url in settings.LLM_BASE_URLS:
        text = _("%(url)s is named by LLM_BASE_URL. Change it there.") % {"url": endpoint.url}
        raise DomainError("server_in_settings", text, fields={"url": [text]})
    price_keep(endpoint)
    endpoint.url, endpoint.healthy, endpoint.problem = url, False, _("It has not been asked yet.")
    endpoint.answer_ms = endpoint.checked_at = None
    endpoint.model_versions.clear()
    return True


def _trust_again(endpoint: Endpoint) -> None:
    endpoint.breaker, endpoint.opens, endpoint.retry_at, endpoint.fault = Breaker.CLOSED, 0, None, ""


def _create(**fields: Any) -> Endpoint:
    try:
        with transaction.atomic():
            return Endpoint.objects.create(**fields)
    except IntegrityError:
        raise _known(fields["url"]) from None


def _save(endpoint: Endpoint) -> None:
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError:
        raise _known(endpoint.url) from None


def _known(url: str) -> DomainError:
    text = _("%(url)s is known already. Change that server instead.") % {"url": url}
    return DomainError("server_known", text, fields={"url": [text]})


def _told(endpoint: Endpoint, *, api_key: str | None = None) -> dict[str, Any]:
    """What the ledger says of a server: never its key, only that there is one and that it was set."""
    price = endpoint.price_per_hour
    return {
        "url": endpoint.url,
        "enabled": endpoint.enabled,
        "notes": endpoint.notes,
        "price_per_hour": None if price is None else str(price.normalize()),
        "currency": endpoint.currency,
        "answer_seconds": endpoint.answer_seconds,
        "has_key": endpoint.has_key,
        **({"key_set": True} if api_key else {}),
    }


def _record(kind: str, endpoint: Endpoint, by: Any, data: dict[str, Any]) -> None:
    record(kind=kind, actor=actor_of(by), subject=f"endpoint:{endpoint.pk}", data=data)
