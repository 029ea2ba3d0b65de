"""Random secrets that are shown once and kept as digests."""

from __future__ import annotations

import secrets

from accounts.authentication import token_digest

TOKEN_PREFIX = "evh_"  # noqa: S105 (what every token starts with, so that leak scanners know one)
SECRET_BYTES = 32  # 43 characters of URL-safe base64


def new_secret(prefix: str = "") -> tuple[str, str]:
    """(secret, its SHA-256 digest)."""
    raw = prefix + secrets.token_urlsafe(SECRET_BYTES)
    return raw, token_digest(raw)
