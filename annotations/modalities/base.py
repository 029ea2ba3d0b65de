"""What every modality answers: check a payload, identify it, show it, put it into a message to a model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import orjson


class Modality(Protocol):
    name: ClassVar[str]
    title: ClassVar[Any]  # translated text
    template: ClassVar[str]  # read-only view of a payload
    columns: ClassVar[tuple[str, ...]]  # what ``flatten`` gives

    def check_payload(self, raw: Any) -> dict[str, Any]:
        """The payload in canonical form; raises ``DomainError`` (400) with the reason."""

    def excerpt(self, payload: Mapping[str, Any], length: int = 120) -> str:
        """A line of plain text that stands for the item in lists."""

    def words(self, payload: Mapping[str, Any]) -> int | None:
        """How many words there are to read; None where the item is not read."""

    def message_part(self, payload: Mapping[str, Any]) -> str | list[dict[str, Any]]:
        """The ``content`` of the chat message that shows the item to a model."""

    def flatten(self, payload: Mapping[str, Any]) -> dict[str, str]:
        """The payload as text columns of a table; an import of the same columns gives the same payload."""


def canonical(value: Any) -> str:
    """JSON with keys in order, no blanks, and no escapes but the needed ones: equal values, equal text.

    Raises ``TypeError`` for what JSON cannot hold, such as half of a surrogate pair.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def content_hash(modality: str, payload: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of modality and payload in canonical JSON: equal content, equal hash."""
    return content_hash_of(modality, canonical(payload))


def content_hash_of(modality: str, canonical: str) -> str:
    """The same, of a payload that is canonical JSON already: keys sorted, no blanks, no escapes but the needed ones."""
    return hashlib.sha256(f'["{modality}",{canonical}]'.encode()).hexdigest()
