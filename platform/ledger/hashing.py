"""What is hashed, exactly. Pure, so that anyone can recompute the chain from a dump.

Event digest: SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8) of the list
``[id, project_id, actor, kind, subject, data, simulated, created_at]``, the time in UTC, ISO 8601 with microseconds.
Block hash: SHA-256 over ``position``, ``previous hash`` and the event ids (decimal, comma-separated), each followed
by a newline, and then the digests, 32 bytes each. The block before the first has the hash of 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
DIGEST_BYTES = 32


def canonical(value: Any) -> bytes:
    """The one way of writing JSON that is hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest_hex(value: Any) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def event_digest(
    *,
    id: int,
    project_id: int | None,
    actor: str,
    kind: str,
    subject: str,
    data: Any,
    simulated: bool,
    created_at: datetime,
) -> bytes:
    """32 bytes that stand for everything an event says."""
    time = created_at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [id, project_id, actor, kind, subject, data, simulated, time]
    return hashlib.sha256(canonical(fields)).digest()


def block_hash(*, position: int, previous_hash: str, event_ids: Sequence[int], digests: bytes) -> str:
    """The hash (hex) that the next block refers to."""
    head = f"{position}\n{previous_hash}\n{','.join(map(str, event_ids))}\n"
    return hashlib.sha256(head.encode() + digests).hexdigest()
