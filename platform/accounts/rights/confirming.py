"""That it is the person, and that they mean it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.rights.selectors import Prospect
from ledger.errors import invalid


class EraseForm(forms.Form):
    """Has only the fields that this person needs to fill in: see ``needed``."""

    understood = forms.BooleanField(
        label=gettext_lazy("I have read what goes and what stays, and that this cannot be undone"), required=False
    )
    paid = forms.BooleanField(label=gettext_lazy("I have been paid what I earned, or do without it"), required=False)
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    email = forms.CharField(
        label=gettext_lazy("Your e-mail address, typed in full"),
        required=False,
        help_text=gettext_lazy("Your account has no password, so this is how you confirm it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, ahead: Prospect) -> None:
        super().__init__(data)
        for name in set(self.fields) - needed(ahead):
            del self.fields[name]


def needed(ahead: Prospect) -> set[str]:
    """The fields that confirm an erasure: what proves who it is, and a tick for each thing to know."""
    return {"understood", ahead.confirm_with, *(["paid"] if ahead.warnings else [])}


def check_confirmed(request: HttpRequest, user: User, ahead: Prospect, given: Mapping[str, Any]) -> None:
    """Raises ``DomainError`` (400) naming each field by which the person has not confirmed.

    Wrong passwords count as failed sign-ins, so nobody guesses here longer than there.
    """
    missing: dict[str, list[str]] = {}
    if not given.get("understood"):
        missing["understood"] = [_("Confirm that you know what goes and what stays.")]
    if ahead.warnings and not given.get("paid"):
        missing["paid"] = [_("Confirm that you have been paid, or do without it.")]
    if not missing and not _is_the_person(request, user, ahead, given):
        text = _("This is not your password.")
        if ahead.confirm_with == "email":
            text = _("This is not the e-mail address of your account.")
        missing[ahead.confirm_with] = [text]
    if missing:
        raise invalid(next(iter(missing.values()))[0], fields=missing)


def _is_the_person(request: HttpRequest, user: User, ahead: Prospect, given: Mapping[str, Any]) -> bool:
    if ahead.confirm_with == "email":
        return str(given.get("email", "")).strip().lower() == user.email.lower()
    if authenticate(request, email=user.email, password=str(given.get("password", ""))) == user:
        return True
    # The second of two clicks: the first has erased the password already, having been confirmed.
    return User.objects.filter(pk=user.pk, erased_at__isnull=False).exists()
