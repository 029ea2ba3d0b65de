"""API keys of servers, sealed with AES-256-GCM under a key derived (HKDF-SHA-256, RFC 5869) from ``SECRET_KEY``.

What is sealed for one address opens for no other: whoever changes a server's address must know its key.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

NONCE_BYTES = 12
USE = b"evenhand key of a language model server"


class KeyLost(Exception):
    """The stored key does not open: ``SECRET_KEY`` is another one than when it was stored."""


def key_seal(key: str, *, url: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _seal(settings.SECRET_KEY).encrypt(nonce, key.encode(), url.encode())


def key_open(sealed: bytes | memoryview, *, url: str) -> str:
    """The key that was sealed for ``url``, also under a secret of ``SECRET_KEY_FALLBACKS``; raises ``KeyLost``."""
    body = bytes(sealed)
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _seal(secret).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], url.encode()).decode()
        except InvalidTag:
            continue
    raise KeyLost


def _seal(secret: str | bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=USE).derive(force_bytes(secret)))
