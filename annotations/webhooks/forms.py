"""Forms of webhooks. They parse; which address may be told is for the services to say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotations.models import Webhook, WebhookEvent
from annotations.webhooks.addresses import LONGEST


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST,
        help_text=_("Begins with https:// and is on the public Internet."),
        widget=forms.URLInput,
    )
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=WebhookEvent.choices,
        initial=[WebhookEvent.FINDING_OPENED],
        widget=forms.CheckboxSelectMultiple,
    )


class WebhookChangeForm(WebhookForm):
    enabled = forms.BooleanField(
        label=_("Send"), required=False, help_text=_("Without it nothing is written for this address meanwhile.")
    )

    @classmethod
    def of(cls, webhook: Webhook, data: Any) -> WebhookChangeForm:
        return cls(data, initial={"url": webhook.url, "events": webhook.events, "enabled": webhook.enabled})
