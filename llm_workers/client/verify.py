"""Making sure that a server still serves the model that its labels will be counted for.

A server that is started anew with another model under the same address is the same to a client that only looks at
addresses. But it can only be reached over a new connection: so the list of models is asked for again once a connection
was opened, and before anything that came over it is used.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
from django.utils.translation import gettext as _

from llm_workers.client.errors import Transient
from llm_workers.client.probe import SECONDS, read_list
from llm_workers.client.replies import broken
from llm_workers.client.router import LONG_AGO, Replica

if TYPE_CHECKING:
    from llm_workers.client.chat import ChatClient


class Connections:
    """Notes when a request had to open a connection; ``opened_at`` of ``time.monotonic``."""

    def __init__(self) -> None:
        self.opened_at = LONG_AGO

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.opened_at = time.monotonic()


async def verify(client: ChatClient, replica: Replica, *, since: float) -> None:
    """Ask for the list of models, unless that was done after ``since``. Raises ``Transient`` where it cannot be had, or
    the model is not in it: then the server gets no more requests, and the registry hears what it serves now."""
    server = replica.server
    if server.identity is None:
        return
    async with replica.verifying:
        if replica.verified_at >= since:
            return
        if replica.unverified_at < since:  # else it failed for others that waited with this request
            asked_at = time.monotonic()
            replica.unverified_because = await _fault(client, replica)
            if not replica.unverified_because:
                replica.verified_at = asked_at
                return
            replica.unverified_at = time.monotonic()
        raise Transient(replica.unverified_because)


async def _fault(client: ChatClient, replica: Replica) -> str:
    """Why the server cannot be used for its model; empty where it can."""
    server, asked_at = replica.server, time.monotonic()
    try:
        answer = await client.http(server).get(
            f"{server.url}/models", headers=client.headers(server), timeout=min(SECONDS, client.patience.read)
        )
    except httpx.TransportError as error:
        return str(broken(error, seconds=time.monotonic() - asked_at))
    found = read_list(server.url, answer, took=round((time.monotonic() - asked_at) * 1000))
    if not found.listed:
        return found.problem
    if any(offer.identity == server.identity for offer in found.offers):
        return ""
    replica.gone = True
    if client.registry is not None:
        await client.registry.found(found)
    return _("it serves another model now.")
