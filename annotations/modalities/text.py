"""Plain text. Payload: ``{"text": "…"}``."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from ledger.errors import invalid

MAX_CHARACTERS = 20_000


class Text:
    name: ClassVar[str] = "text"
    title: ClassVar[Any] = _("Text")
    template: ClassVar[str] = "annotations/modalities/text.html"
    columns: ClassVar[tuple[str, ...]] = ("text",)

    def check_payload(self, raw: Any) -> dict[str, Any]:
        text = raw if isinstance(raw, str) or not isinstance(raw, Mapping) else raw.get("text")
        if not isinstance(text, str) or not text.strip():
            raise invalid("The text is empty.", fields={"text": ["The text is empty."]})
        if len(text) > MAX_CHARACTERS:
            raise invalid(f"The text has {len(text):,} characters; at most {MAX_CHARACTERS:,} can be shown.")
        if "\x00" in text:
            raise invalid("The text has a NUL character, which cannot be stored.")
        return {"text": unicodedata.normalize("NFC", text.strip())}

    def excerpt(self, payload: Mapping[str, Any], length: int = 120) -> str:
        return Truncator(" ".join(payload["text"].split())).chars(length)

    def words(self, payload: Mapping[str, Any]) -> int | None:
        return len(payload["text"].split())

    def message_part(self, payload: Mapping[str, Any]) -> str:
        return str(payload["text"])

    def flatten(self, payload: Mapping[str, Any]) -> dict[str, str]:
        return {"text": str(payload["text"])}
