"""The one error that services raise when a person or a client asked for something that cannot be done."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class DomainError(Exception):
    """A refusal with a stable ``code``, a sentence for people, and an HTTP status.

    The message says what happened, why, and what to do next. ``fields`` maps a field name to its messages where the
    refusal is about input; ``data`` carries machine-readable detail. It is rendered in one place for pages, API and
    sockets: ``evenhand.errors``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = HTTPStatus.CONFLICT,
        *,
        fields: dict[str, list[str]] | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.status = int(status)
        self.fields = fields or {}
        self.data = data or {}


def invalid(message: str, *, fields: dict[str, list[str]] | None = None, code: str = "invalid") -> DomainError:
    """Input that cannot be accepted (400)."""
    return DomainError(code, message, HTTPStatus.BAD_REQUEST, fields=fields)


def not_found(what: str) -> DomainError:
    """A stranger's answer: the object does not exist, or is not theirs to know of (404)."""
    return DomainError("not_found", f"{what} was not found. Check the address, or ask its owner for access.", 404)


def forbidden(message: str, code: str = "forbidden") -> DomainError:
    """The person is a member, but the role is too low for this (403)."""
    return DomainError(code, message, HTTPStatus.FORBIDDEN)
