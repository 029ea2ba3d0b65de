"""Why a file, or one of its rows, cannot be taken."""

from __future__ import annotations

from ledger.errors import DomainError


class BrokenFile(DomainError):
    """The file as a whole cannot be read: nothing of it is kept."""

    def __init__(self, message: str, code: str = "broken_file") -> None:
        super().__init__(code, message, 400)


class BadRow(Exception):
    """One row cannot be taken; the message is the reason that is reported."""


class Cancelled(Exception):
    """Somebody asked for the import to stop."""


class SettingsChanged(Exception):
    """The project's labels, or the import itself, changed while a file was read: go on from what is committed."""
