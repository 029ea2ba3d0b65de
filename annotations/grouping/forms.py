"""What the page about groups sends. It parses; what makes sense is for the service to say."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import RegroupingKind

KINDS = [(kind, label) for kind, label in RegroupingKind.choices]


class RegroupForm(forms.Form):
    """One change of one attribute's groups."""

    kind = forms.ChoiceField(label=_("Change"), choices=KINDS)
    attribute = forms.CharField(label=_("Attribute"), max_length=64)
    edges = forms.CharField(label=_("Edges"), max_length=400, required=False)
    value = forms.CharField(label=_("Value"), max_length=128, required=False)
    into = forms.CharField(label=_("Group"), max_length=128, required=False)
    source = forms.CharField(label=_("From the attribute"), max_length=64, required=False)

    @property
    def rules(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given["kind"] == RegroupingKind.BINS:
            return {"edges": edges_of(given["edges"])}
        if given["kind"] == RegroupingKind.MERGE:
            return {"values": {given["value"]: given["into"]} if given["value"] else {}}
        return {"from": given["source"]}


def edges_of(text: str) -> list[str]:
    """The edges in a text such as ``30; 45 60``."""
    return [part for part in re.split(r"[;\s]+", text.strip()) if part]
