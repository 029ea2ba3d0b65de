"""What can go wrong between here and a model. Each message says what happened, why, and what to do."""

from __future__ import annotations

from typing import Self

from llm_workers.client.wire import Usage


class ClientError(Exception):
    """A request that brought no answer. ``usage``: what was used up all the same, and is paid for."""

    def __init__(self, message: str, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.message, self.usage = message, usage or Usage()

    def after(self, usage: Usage) -> Self:
        """The same error with what was used before it."""
        return type(self)(self.message, self.usage + usage)


class Unavailable(ClientError):
    """No server could answer now: down, overloaded, hanging or talking nonsense. Later may be different.

    ``died``: a server stopped while it was asked this, which is perhaps why.
    """

    def __init__(self, message: str, usage: Usage | None = None, *, died: bool = False) -> None:
        super().__init__(message, usage)
        self.died = died

    def after(self, usage: Usage) -> Unavailable:
        return Unavailable(self.message, self.usage + usage, died=self.died)


class Refused(ClientError):
    """Every server says that it never will: no such model, or no permission. Somebody must change something first."""


class BadRequest(ClientError):
    """The servers do not take this one request, for instance because the item is too long for the model, or never
    answer it although they answer others."""


class Transient(Exception):
    """One server could not answer one request now; another one may. Stays within the client.

    ``wait``: the seconds for which the server wishes to be left alone. ``stalls``: it answers nobody, so one failure is
    enough. ``overloaded``: it works, but has too much to do. ``lost``: the connection broke while it was asked,
    ``broke``: it says itself that it broke.
    """

    def __init__(
        self,
        message: str,
        wait: float = 0.0,
        *,
        stalls: bool = False,
        overloaded: bool = False,
        lost: bool = False,
        broke: bool = False,
    ) -> None:
        super().__init__(message)
        self.wait, self.stalls, self.overloaded, self.lost, self.broke = wait, stalls, overloaded, lost, broke
