"""The signing key: from the environment, or made once and kept in EVENHAND_HOME."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from evenhand.env import EnvError, env


def secret_key(home: Path) -> str:
    """``SECRET_KEY``, or the key kept in ``home/secret_key`` (made on first use, readable by its owner only)."""
    given = env.text("SECRET_KEY")
    if given:
        return given
    path = home / "secret_key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError as error:
        raise EnvError(
            f"EVENHAND_HOME: {home} cannot be written ({error.strerror}). "
            "Choose another folder with EVENHAND_HOME=/path, or make this one writable."
        ) from None
    key = secrets.token_urlsafe(64)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key
