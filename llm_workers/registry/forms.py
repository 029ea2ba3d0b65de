"""Forms of operators: a server, and what no server says of its model."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from llm_workers.limits import LONGEST_ANSWER
from llm_workers.models import Endpoint, ModelVersion

_PRICE: dict[str, Any] = {"min_value": 0, "max_digits": 10, "decimal_places": 4, "required": False}
CURRENCY = RegexValidator(r"^[A-Za-z]{3}$", _("Three letters, for example EUR."))
SHA256 = RegexValidator(r"^(sha256:)?[0-9A-Fa-f]{64}$", _("64 hexadecimal digits, as sha256sum prints them."))


class ServerForm(forms.Form):
    url = forms.CharField(
        label=_("Address"), max_length=300, help_text=_("With http:// or https://, ending in /v1. Without a password.")
    )
    api_key = forms.CharField(
        label=_("API key"),
        required=False,
        max_length=500,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("If the server wants one. It is stored encrypted and never shown again."),
    )
    price_per_hour = forms.DecimalField(
        label=_("Price per hour of the server"),
        help_text=_("For all its GPUs together. Used where a model has no price per token."),
        **_PRICE,
    )
    currency = forms.CharField(label=_("Currency"), max_length=3, initial="EUR", validators=[CURRENCY])
    answer_seconds = forms.IntegerField(
        label=_("Seconds for one answer"), required=False, min_value=1, max_value=LONGEST_ANSWER
    )
    notes = forms.CharField(label=_("Notes"), required=False, max_length=500, help_text=_("Only operators see them."))

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        text = _(
            "After so long a request is given up and asked anew: a model on a processor, or one that reasons at length,"
            " may take minutes. Empty: %(seconds)s, as LLM_ANSWER_SECONDS says."
        )
        self.fields["answer_seconds"].help_text = text % {"seconds": settings.LLM_ANSWER_SECONDS}


class ServerChangeForm(ServerForm):
    drop_key = forms.BooleanField(label=_("Forget the stored key"), required=False)
    enabled = forms.BooleanField(
        label=_("May be used"), required=False, help_text=_("Off: runs stop asking it within seconds.")
    )

    def __init__(self, data: QueryDict | None, *, endpoint: Endpoint, in_settings: bool) -> None:
        shown = ("url", "price_per_hour", "currency", "answer_seconds", "notes", "enabled")
        initial = {name: getattr(endpoint, name) for name in shown}
        super().__init__(data, initial=initial)
        if in_settings:
            self.fields["url"].disabled = True
            self.fields["url"].help_text = _("Named by LLM_BASE_URL, and changed there.")
        key = self.fields["api_key"]
        if endpoint.has_key:
            key.help_text = _("A key is stored. Leave this empty to keep it; a new address forgets it.")
        else:
            del self.fields["drop_key"]

    def facts(self) -> dict[str, Any]:
        """What ``server_change`` takes: no word of the key where it stays as it is."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in ("api_key", "drop_key")}
        if self.cleaned_data["api_key"] or self.cleaned_data.get("drop_key"):
            given["api_key"] = self.cleaned_data["api_key"]
        return given


class ModelFactsForm(forms.ModelForm):  # type: ignore[type-arg]
    file_hash = forms.CharField(
        label=_("SHA-256 of its file"), required=False, max_length=71, validators=[SHA256],
        help_text=_("Of the weights as they were downloaded."),
    )  # fmt: skip
    price_per_million_prompt = forms.DecimalField(label=_("Price per million prompt tokens"), **_PRICE)
    price_per_million_completion = forms.DecimalField(
        label=_("Price per million completion tokens"),
        help_text=_("With both prices, cost is counted by tokens."),
        **_PRICE,
    )
    price_per_hour = forms.DecimalField(
        label=_("Price per hour of a server that serves it"),
        help_text=_("Used where there are no prices per token, and the server has no price of its own."),
        **_PRICE,
    )
    currency = forms.CharField(label=_("Currency"), max_length=3, validators=[CURRENCY])

    class Meta:
        model = ModelVersion
        fields = [
            "license", "source", "file_hash", "stated_base", "stated_adapter", "stated_quantization",
            "stated_context_tokens", "price_per_million_prompt", "price_per_million_completion", "price_per_hour",
            "currency",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("stated_context_tokens",):
            self.fields[name].required = False
        for name in ("stated_base", "stated_adapter", "stated_quantization", "stated_context_tokens"):
            self.fields[name].help_text = _("Where the server does not say it, or says it wrongly.")
