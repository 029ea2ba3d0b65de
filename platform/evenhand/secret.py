"""Keys that are made once and kept in EVENHAND_HOME, where the environment gives none."""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

from evenhand.env import KEY_BYTES, EnvError, Environment, env

DEMOGRAPHICS = "EVENHAND_DEMOGRAPHICS_KEY"
DEMOGRAPHICS_FILE = "demographics_key"
KEY_FILES = ("secret_key", DEMOGRAPHICS_FILE)


def secret_key(home: Path) -> str:
    """``SECRET_KEY``, or the key kept in ``home/secret_key`` (made on first use, readable by its owner only)."""
    return env.text("SECRET_KEY") or _kept(home, "secret_key", lambda: secrets.token_urlsafe(64))


def demographics_keys(home: Path) -> tuple[bytes, ...]:
    """The keys of ``EVENHAND_DEMOGRAPHICS_KEY``, else the one that `evenhand up` keeps in this home; empty: none.

    Never made here: an installation whose operator gave no key must not get one that nobody knows of.
    """
    given = env.text(DEMOGRAPHICS)
    path = home / DEMOGRAPHICS_FILE
    if not given and path.exists():
        given = path.read_text()
    return Environment({DEMOGRAPHICS: given}).keys(DEMOGRAPHICS)


def demographics_key_made(home: Path) -> str:
    """The variable's text for `evenhand up`: as given, else the key kept in this home, made on first use."""
    return env.text(DEMOGRAPHICS) or _kept(home, DEMOGRAPHICS_FILE, _random_key)


def _random_key() -> str:
    return urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def _kept(home: Path, name: str, made: Callable[[], str]) -> str:
    """The text of ``home/name``, which is made where it is missing, for its owner alone."""
    path = home / name
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
    key = made()
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key
