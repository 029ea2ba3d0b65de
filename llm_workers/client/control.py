"""What tells a request that servers cannot answer from servers that are ill: whether anything else is answered."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from llm_workers.client.errors import BadRequest, Refused, Transient, Unavailable
from llm_workers.client.router import Replica
from llm_workers.client.transport import LONG_AGO
from llm_workers.client.wire import Constraint, Request, Usage

if TYPE_CHECKING:
    from llm_workers.client.chat import ChatClient

WORDS = "Answer with the letter A."
SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["A"]}},
    "required": ["label"],
    "additionalProperties": False,
}
CONSTRAINT = Constraint(codes=("A",), schema=SCHEMA, max_tokens=16)
PATIENCE_SHARE = 1 / 3  # of the time that a real answer may take


@dataclass
class _Asked:
    """When one server was asked last whether it lives; of requests that break together, one asks for all."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at: float = LONG_AGO
    refused: bool = False


class Control:
    """Where other requests were answered, that is known. Where there are none, a small one is sent; of requests that
    fail together, one does so for all."""

    def __init__(self, client: ChatClient) -> None:
        self.client = client
        self._lock = asyncio.Lock()
        self._asked_at, self._answered = LONG_AGO, False
        self._failure: Refused | Unavailable | None = None
        self._lives: dict[str, _Asked] = {}  # by the server's address

    async def answered(self, *, since: float, model: str) -> tuple[bool, Usage]:
        """Whether any server has answered anything after ``since`` (of ``time.monotonic``), and what asking used."""
        if any(replica.replied_at > since for replica in self.client.router.usable):
            return True, Usage()
        async with self._lock:
            usage = Usage()
            if self._asked_at <= since:
                asked_at = time.monotonic()
                self._answered, usage = await self._ask(_request(model))
                self._asked_at = asked_at
            return self._answered, usage

    async def sure(self, *, model: str) -> Usage:
        """Make sure that a server answers something now, and say what that used. Raises ``Refused`` or ``Unavailable``
        where none does."""
        answered, usage = await self.answered(since=time.monotonic(), model=model)
        if not answered:
            raise (self._failure or Unavailable(_("No server answers anything."))).after(usage)
        return usage

    async def lives(self, replica: Replica, *, since: float, model: str) -> tuple[bool, Usage]:
        """Whether this server has answered anything that it was asked after ``since``, whatever it said, and what
        asking used: whoever broke and does not answer has died."""
        known = self._lives.setdefault(replica.url, _Asked())
        async with known.lock:
            usage = Usage()
            if max(replica.alive_at, known.at) <= since:
                known.at = time.monotonic()
                found = await self._try(replica, _request(model))
                known.refused = isinstance(found, Refused)  # that, too, is an answer
                usage = found if isinstance(found, Usage) else usage
            return replica.alive_at > since or known.refused, usage

    async def _ask(self, request: Request) -> tuple[bool, Usage]:
        asked: set[str] = set()
        self._failure = None
        while (replica := await self.client.choose(asked)) is not None:
            asked.add(replica.url)
            found = await self._try(replica, request)
            if isinstance(found, Usage):
                return True, found
            self._failure = found
        return False, Usage()

    async def _try(self, replica: Replica, request: Request) -> Usage | Refused | Unavailable:
        """What asking it used, or why it does not answer. Not to take the request is an answer, too."""
        try:
            async with asyncio.timeout(self.client.seconds(replica.server) * PATIENCE_SHARE):
                return (await self.client.ask(replica, request)).usage
        except BadRequest as error:
            return error.usage
        except Refused as error:
            return error
        except Transient as error:
            return Unavailable(f"{replica.url}: {error}")
        except TimeoutError:
            return Unavailable(_("%(url)s answers nothing. See its log.") % {"url": replica.url})


def _request(model: str) -> Request:
    return Request(model, [{"role": "user", "content": WORDS}], CONSTRAINT)
