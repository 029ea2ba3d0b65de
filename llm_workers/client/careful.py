"""Asking what servers may have died of: only a server that has just answered something else is asked, and only once."""

from __future__ import annotations

from typing import Protocol

from llm_workers.client.chat import ChatClient
from llm_workers.client.errors import ClientError
from llm_workers.client.wire import Reply, Request


class Completer(Protocol):
    """Whoever answers requests: ``ChatClient``, or ``Careful`` in front of one."""

    async def complete(self, request: Request) -> Reply:
        """Raises ``ClientError``."""


class Careful:
    """Where a server dies under what is asked through this, it had answered right before: so it died of it, or by
    chance. Where it did not answer, nothing is said of the request. The small requests that find out are counted."""

    def __init__(self, client: ChatClient) -> None:
        self.client = client

    async def complete(self, request: Request) -> Reply:
        used = await self.client.sure(request.model)
        try:
            return (await self.client.complete(request, once=True)).after(used)
        except ClientError as error:
            raise error.after(used) from None
