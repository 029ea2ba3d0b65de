"""What tells a request that servers cannot answer from servers that are ill: whether anything else is answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from llm_workers.client.errors import BadRequest, Refused, Transient
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


class Control:
    """Where other requests were answered, that is known. Where there are none, a small one is sent; of requests that
    fail together, one does so for all."""

    def __init__(self, client: ChatClient) -> None:
        self.client = client
        self._lock = asyncio.Lock()
        self._asked_at, self._answered = LONG_AGO, False

    async def answered(self, *, since: float, model: str) -> tuple[bool, Usage]:
        """Whether any server has answered anything after ``since`` (of ``time.monotonic``), and what asking used."""
        if any(replica.replied_at > since for replica in self.client.router.usable):
            return True, Usage()
        async with self._lock:
            usage = Usage()
            if self._asked_at <= since:
                asked_at = time.monotonic()
                self._answered, usage = await self._ask(
                    Request(model, [{"role": "user", "content": WORDS}], CONSTRAINT)
                )
                self._asked_at = asked_at
            return self._answered, usage

    async def _ask(self, request: Request) -> tuple[bool, Usage]:
        asked: set[str] = set()
        while (replica := await self.client.choose(asked)) is not None:
            asked.add(replica.url)
            try:
                async with asyncio.timeout(self.client.patience.read * PATIENCE_SHARE):
                    reply = await self.client.ask(replica, request)
            except (BadRequest, Refused, Transient, TimeoutError):
                continue
            return True, reply.usage
        return False, Usage()
