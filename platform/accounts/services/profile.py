"""A person's own account."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from ledger.errors import invalid
from ledger.services import actor_of, record


def profile_update(*, user: User, display_name: str) -> User:
    """Set the name that owners see on the People page; empty shows the e-mail address instead."""
    name = " ".join(display_name.split())
    limit = 80
    if len(name) > limit:
        message = _("The name is longer than %(limit)d characters. Shorten it.") % {"limit": limit}
        raise invalid(message, fields={"display_name": [message]})
    if name == user.display_name:
        return user
    with transaction.atomic():
        user.display_name = name
        user.save(update_fields=["display_name"])
        record(
            kind="account.changed",
            actor=actor_of(user),
            subject=actor_of(user),
            data={"fields": ["display_name"]},
            simulated=user.is_simulated,
        )
    return user
