"""Every environment variable that Evenhand reads, in one place.

Nothing else in the project touches ``os.environ``. A variable that is wrong stops the start with a sentence that
names it, says what was expected and shows an example. ``docs/reference/environment.md`` lists the same variables; a
test holds this table, that page and ``docker-compose.yml`` together.
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

T = TypeVar("T")
KEY_BYTES = 32


class EnvError(Exception):
    """An environment variable has a value that cannot be used; the text says which, and what would do."""


@dataclass(frozen=True)
class Variable:
    """One variable: its name, what it does in a sentence, and its default as a person would read it."""

    name: str
    help: str
    default: str
    secret: bool = False


VARIABLES: tuple[Variable, ...] = (
    Variable("DATABASE_URL", "PostgreSQL to use, postgresql://user:password@host:5432/name.", "embedded server"),
    Variable(
        "REDIS_URL", "Redis or Valkey for queue, channel layer and cache, redis://host:6379/0.", "embedded server"
    ),
    Variable("LLM_BASE_URL", "OpenAI-compatible servers, comma-separated, http://host:8000/v1.", "embedded llama.cpp"),
    Variable("LLM_API_KEY", "Bearer token that the LLM servers expect.", "", secret=True),
    Variable(
        "LLM_ANSWER_SECONDS", "Seconds that an LLM server may take for one answer, unless it has its own time.", "45"
    ),
    Variable("EVENHAND_HOME", "Folder for data, media, logs and downloaded models.", "var/ in the working folder"),
    Variable(
        "SECRET_KEY", "Signs sessions and links; at least 50 random characters.", "made once in EVENHAND_HOME", True
    ),
    Variable(
        "EVENHAND_DEMOGRAPHICS_KEY",
        "Seals what people tell about themselves; base64 of 32 random bytes, several for a rotation, the newest first.",
        "none: nothing is asked (`evenhand up` makes one)",
        True,
    ),
    Variable("EVENHAND_DEBUG", "Show error details in the browser; never on a public address.", "false"),
    Variable("EVENHAND_HOSTS", "Host names that the site answers to, comma-separated.", "localhost,127.0.0.1,[::1]"),
    Variable("EVENHAND_PUBLIC_URL", "Address that people use, for links in mail.", "http://localhost:8000"),
    Variable("EVENHAND_PORT", "Port of the web server that `evenhand up` starts.", "8000"),
    Variable("EVENHAND_BIND", "Address that the web server listens on.", "127.0.0.1"),
    Variable("EVENHAND_HTTPS", "The site is behind TLS: secure cookies, HSTS, redirects.", "false"),
    Variable("EVENHAND_WEB_PROCESSES", "Web processes that `evenhand up` starts.", "1"),
    Variable("EVENHAND_WORKER_CONCURRENCY", "Celery processes per worker.", "2"),
    Variable("EVENHAND_LLM_THREADS", "Threads of the embedded llama.cpp server.", "1"),
    Variable(
        "EVENHAND_VLLM_HOME",
        "Folder for the vLLM that tests and benchmarks start (make vllm).",
        "evenhand/vllm in the cache folder",
    ),
    Variable(
        "EVENHAND_VLLM_DEMANDED",
        "Tests on a real vLLM fail where it is not installed; otherwise they are skipped, and say so (make test-vllm).",
        "false",
    ),
    Variable("EVENHAND_TRUSTED_PROXIES", "Reverse proxies in front of the web server.", "0"),
    Variable("EVENHAND_SIGNUP_OPEN", "Anyone may create an account; otherwise by invitation only.", "true"),
    Variable(
        "EMAIL_URL", "Mail server, smtp://user:password@host:587?tls=true; empty prints mail to the log.", "", True
    ),
    Variable(
        "EVENHAND_WEBHOOKS_TO_PRIVATE_ADDRESSES",
        "Webhooks may lead into private networks, which every project's owner could then reach.",
        "false",
    ),
    Variable("DEFAULT_FROM_EMAIL", "Sender of the platform's mail.", "Evenhand <noreply@localhost>"),
)
_KNOWN = {variable.name for variable in VARIABLES}


@dataclass(frozen=True)
class DatabaseUrl:
    """The parts of ``DATABASE_URL`` that Django's PostgreSQL backend takes."""

    name: str
    user: str
    password: str
    host: str
    port: str


@dataclass(frozen=True)
class MailUrl:
    """The parts of ``EMAIL_URL``."""

    host: str
    port: int
    user: str
    password: str
    tls: bool


class Environment:
    """Typed reader over a mapping of variables, ``os.environ`` unless a test gives another."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values

    def _get(self, name: str, default: T, parse: Callable[[str], T], expected: str) -> T:
        if name not in _KNOWN:
            raise EnvError(f"{name} is not declared in evenhand/env.py.")
        raw = self._values.get(name, "").strip()
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError as error:
            shown = "its value" if _secret(name) else repr(raw)
            raise EnvError(f"{name}: {shown} cannot be used. Expected {expected}. {error}".strip()) from None

    def text(self, name: str, default: str = "") -> str:
        return self._get(name, default, str, "text")

    def flag(self, name: str, default: bool) -> bool:
        return self._get(name, default, _flag, "true or false")

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        return self._get(name, default, lambda raw: _number(raw, low, high), f"a whole number from {low} to {high}")

    def listing(self, name: str, default: list[str]) -> list[str]:
        return self._get(name, default, lambda raw: [p.strip() for p in raw.split(",") if p.strip()], "a,b,c")

    def database(self, name: str = "DATABASE_URL") -> DatabaseUrl | None:
        return self._get(name, None, _database, "postgresql://user:password@host:5432/name")

    def redis(self, name: str = "REDIS_URL") -> str | None:
        return self._get(name, None, _redis, "redis://host:6379/0, rediss://… or unix:///path")

    def web_urls(self, name: str) -> list[str]:
        return self._get(name, [], _web_urls, "http://host:8000/v1, several separated by commas")

    def keys(self, name: str) -> tuple[bytes, ...]:
        return self._get(name, (), _keys, "32 random bytes in base64 (44 characters), several separated by commas")

    def mail(self, name: str = "EMAIL_URL") -> MailUrl | None:
        return self._get(name, None, _mail, "smtp://user:password@host:587?tls=true")

    def home(self) -> Path:
        return Path(self.text("EVENHAND_HOME") or "var").expanduser().resolve()

    def overridden(self, **values: str) -> dict[str, str]:
        """A copy of the whole environment with ``values`` set, for child processes."""
        return {**self._values, **values}

    def taken_over(self, values: Mapping[str, str]) -> None:
        """From now on this process, and those that it starts, are another installation's: before Django is set up."""
        os.environ.update(values)


def _secret(name: str) -> bool:
    return any(variable.secret for variable in VARIABLES if variable.name == name) or name.endswith("_URL")


def _flag(raw: str) -> bool:
    lowered = raw.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError("")


def _number(raw: str, low: int, high: int) -> int:
    value = int(raw) if raw.lstrip("-").isdigit() else None
    if value is None or not low <= value <= high:
        raise ValueError("")
    return value


def _database(raw: str) -> DatabaseUrl:
    parts = urlsplit(raw)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("Evenhand runs on PostgreSQL only.")
    query = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ValueError("The database name is missing after the last slash.")
    return DatabaseUrl(
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=unquote(parts.hostname or query.get("host", "")),
        port=str(parts.port or query.get("port", "")),
    )


def _redis(raw: str) -> str:
    if urlsplit(raw).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("")
    return raw


def _web_urls(raw: str) -> list[str]:
    urls = [part.strip().rstrip("/") for part in raw.split(",") if part.strip()]
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is not a web address.")
        if parts.username is not None or parts.password is not None:  # addresses are shown to everybody
            raise ValueError("Leave name and password out of an address; LLM_API_KEY holds the key.")
    return urls


def _keys(raw: str) -> tuple[bytes, ...]:
    keys = tuple(b64decode(part.strip(), altchars=b"-_", validate=True) for part in raw.split(",") if part.strip())
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ValueError("")
    return keys


def _mail(raw: str) -> MailUrl:
    parts = urlsplit(raw)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("")
    query = dict(parse_qsl(parts.query))
    return MailUrl(
        host=parts.hostname,
        port=parts.port or 587,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=_flag(query.get("tls", "true")),
    )


env = Environment()
