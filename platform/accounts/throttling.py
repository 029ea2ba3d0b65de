"""Whose failed logins django-axes counts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def login_name(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str | None:
    """The e-mail address that somebody tries, in one spelling, whichever name it goes by.

    allauth authenticates with ``email``, axes resets with ``login``, the form posts ``login``. Without this, failures
    would count for nobody in particular, and one guesser would lock out everybody behind the same address.
    """
    given = {key: (credentials or {}).get(key) for key in ("login", "email", "username")}
    name = next((text for text in given.values() if text), None)
    if name is None and request is not None:
        name = request.POST.get("login")
    return name.strip().lower() if isinstance(name, str) else None
