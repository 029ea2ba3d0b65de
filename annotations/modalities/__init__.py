"""Modalities: what an item is made of. One module each, one line in ``REGISTRY``."""

from __future__ import annotations

from annotations.modalities.base import Modality
from annotations.modalities.text import Text
from ledger.errors import invalid

REGISTRY: dict[str, Modality] = {modality.name: modality for modality in (Text(),)}


def modality(name: str) -> Modality:
    """The modality called ``name``; raises ``DomainError`` (400) where there is none."""
    try:
        return REGISTRY[name]
    except KeyError:
        raise invalid(f"Modality “{name}” is not known. Use one of: {', '.join(REGISTRY)}.") from None


__all__ = ["REGISTRY", "Modality", "modality"]
