"""What can go wrong between here and a model. Each message says what happened, why, and what to do."""

from __future__ import annotations


class ClientError(Exception):
    """A request that brought no answer."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unavailable(ClientError):
    """No server could answer now: down, overloaded, hanging or talking nonsense. Later may be different."""


class Refused(ClientError):
    """Every server says that it never will: no such model, or no permission. Somebody must change something first."""


class BadRequest(ClientError):
    """The server does not take this one request, for instance because the item is too long for the model."""


class Transient(Exception):
    """One server could not answer one request now; another one may. Stays within the client.

    ``wait``: the seconds for which the server wishes to be left alone. ``stalls``: it answers nobody, so one failure is
    enough. ``overloaded``: it works, but has too much to do.
    """

    def __init__(self, message: str, wait: float = 0.0, *, stalls: bool = False, overloaded: bool = False) -> None:
        super().__init__(message)
        self.wait, self.stalls, self.overloaded = wait, stalls, overloaded
