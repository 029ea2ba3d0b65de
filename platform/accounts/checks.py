"""Django system checks of accounts. Imported by the app's ``ready``."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from accounts.demographics.vault import is_on


@register(Tags.security, deploy=True)
def demographics_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A public installation without a key cannot ask people about themselves: better known before than found out."""
    if is_on():
        return []
    return [
        Warning(
            "EVENHAND_DEMOGRAPHICS_KEY is not set: questions about people are switched off.",
            hint="See docs/how-to/keep-the-demographics-key.md; silence this check if none are to be asked.",
            id="accounts.W001",
        )
    ]
