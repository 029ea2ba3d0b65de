"""Forms of accounts, tokens and invitations. What they accept is checked again by the services."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, Scope

NEVER = "never"


def _days(*choices: int) -> list[tuple[str, object]]:
    names = {1: _("in a day"), 7: _("in a week"), 30: _("in 30 days"), 90: _("in 90 days"), 365: _("in a year")}
    return [(str(days), names[days]) for days in choices]


def _in_days(choice: str) -> datetime | None:
    return None if choice == NEVER else timezone.now() + timedelta(days=int(choice))


class ProfileForm(forms.Form):
    display_name = forms.CharField(
        label=_("Name shown to project owners"),
        max_length=80,
        required=False,
        help_text=_("Owners of the projects that you join see it beside your e-mail address. Nobody else does."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        help_text=_("For you alone, to tell your tokens apart: “nightly export”, “my notebook”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than you may do yourself. Choose as little as will serve."),
    )
    expires = forms.ChoiceField(label=_("Expires"), choices=[*_days(7, 30, 90, 365), (NEVER, _("never"))], initial="90")

    @property
    def expires_at(self) -> datetime | None:
        return _in_days(self.cleaned_data["expires"])


class InvitationForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.WORKER)
    max_uses = forms.IntegerField(label=_("How many people may use the link"), min_value=1, max_value=1000, initial=1)
    expires = forms.ChoiceField(label=_("Expires"), choices=_days(1, 7, 30, 90), initial="7")
    email = forms.EmailField(
        label=_("Only for this e-mail address"),
        required=False,
        help_text=_("The link then works once, for the account with that address."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    @property
    def expires_at(self) -> datetime:
        moment = _in_days(self.cleaned_data["expires"])
        if moment is None:
            raise ValueError("An invitation always expires.")
        return moment


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
