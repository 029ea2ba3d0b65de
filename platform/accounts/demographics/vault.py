"""Sealing what people tell about themselves: AES-256-GCM under keys that only the environment holds.

Two keys are derived from each key of ``EVENHAND_DEMOGRAPHICS_KEY`` (HKDF-SHA-256, RFC 5869): one seals, one makes
pseudonyms (HMAC-SHA-256). The first key in the variable is used for what is written; the others still open what they
sealed, until ``demographics_rotate`` has sealed everything anew. A sealed text carries no time, is padded to whole
kilobytes, and can be opened only in the place that it was made for (its additional data).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from ledger.errors import DomainError

FORMAT = b"\x01"
NONCE_BYTES = 12
BLOCK = 1024
Sealed = bytes | memoryview


class SealError(Exception):
    """None of the keys opens this; the text never says what it holds."""


class Vault:
    """``keys``: 32 bytes each, the newest first."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._seals = [AESGCM(_derived(key, b"evenhand demographics seal")) for key in keys]
        self._names = [_derived(key, b"evenhand demographics pseudonym") for key in keys]

    def pseudonyms(self, user_id: int) -> list[str]:
        """Under which names a person's box may lie (64 hexadecimal digits each), the one for writing first."""
        return [hmac.new(name, b"user:%d" % user_id, hashlib.sha256).hexdigest() for name in self._names]

    def seal(self, value: Any, place: str) -> bytes:
        """``value`` (JSON) sealed for ``place``."""
        text = json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
        padded = text + b" " * (-len(text) % BLOCK)
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + nonce + self._seals[0].encrypt(nonce, padded, FORMAT + place.encode())

    def open(self, sealed: Sealed, place: str) -> Any:
        """What was sealed for ``place``; raises ``SealError`` where no key fits, or it lies in another place."""
        return self._opened(sealed, place)[0]

    def is_current(self, sealed: Sealed, place: str) -> bool:
        """Whether the newest key seals it; raises ``SealError``."""
        return self._opened(sealed, place)[1] == 0

    def _opened(self, sealed: Sealed, place: str) -> tuple[Any, int]:
        body = bytes(sealed)
        nonce, hidden = body[1 : 1 + NONCE_BYTES], body[1 + NONCE_BYTES :]
        if body[:1] == FORMAT and len(nonce) == NONCE_BYTES:
            for number, key in enumerate(self._seals):
                try:
                    return json.loads(key.decrypt(nonce, hidden, FORMAT + place.encode())), number
                except InvalidTag:
                    continue
        raise SealError("None of the keys in EVENHAND_DEMOGRAPHICS_KEY opens this.")


def _derived(key: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=use).derive(key)


@lru_cache(maxsize=4)
def _vault(keys: tuple[bytes, ...]) -> Vault:
    return Vault(keys)


def is_on() -> bool:
    """Whether this installation has a key; without one nothing is asked and nothing is stored."""
    return bool(settings.DEMOGRAPHICS_KEYS)


def vault() -> Vault:
    """The vault of this installation; raises ``DomainError`` (409) where it has no key."""
    if not is_on():
        text = _(
            "Questions about people are switched off here: there is no key to keep the answers secret with. Whoever "
            "runs this installation can set EVENHAND_DEMOGRAPHICS_KEY."
        )
        raise DomainError("demographics_off", text)
    return _vault(tuple(settings.DEMOGRAPHICS_KEYS))
