"""Making sure that a server still serves the model that its labels will be counted for.

A server that is started anew with another model under the same address is the same to a client that only looks at
addresses. But it can only be reached over a new connection: so the list of models is asked for again once a connection
was opened, and before anything that came over it is used.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
from django.utils.translation import gettext as _

from llm_workers.client.errors import Refused, Transient
from llm_workers.client.probe import SECONDS, read_list
from llm_workers.client.replies import broken, not_served
from llm_workers.client.router import Replica

if TYPE_CHECKING:
    from llm_workers.client.chat import ChatClient


async def verify(client: ChatClient, replica: Replica, *, since: float) -> None:
    """Ask for the list of models, unless that was done after ``since``. Raises ``Transient`` where it cannot be had,
    ``Refused`` where the model is not in it: then the server gets no more requests, and the registry hears what it
    serves now."""
    server = replica.server
    if server.identity is None:
        return
    async with replica.verifying:
        if replica.verified_at >= since:
            return
        if replica.unverified_at < since:  # else it failed for others that waited with this request
            asked_at = time.monotonic()
            replica.unverified_because = await _fault(client, replica)
            if replica.unverified_because is None:
                replica.verified_at = asked_at
                return
            replica.unverified_at = time.monotonic()
        if replica.unverified_because is not None:
            raise replica.unverified_because


async def _fault(client: ChatClient, replica: Replica) -> Transient | Refused | None:
    """Why the server cannot be used for its model; None where it can."""
    server, asked_at = replica.server, time.monotonic()
    try:
        answer = await client.http(server).get(
            f"{server.url}/models", headers=client.headers(server), timeout=min(SECONDS, client.patience.read)
        )
    except httpx.TransportError as error:
        return Transient(str(broken(error, seconds=time.monotonic() - asked_at)))  # nothing was asked that it died of
    found = read_list(server.url, answer, took=round((time.monotonic() - asked_at) * 1000))
    if not found.listed:
        return Transient(found.problem)
    if any(offer.identity == server.identity for offer in found.offers):
        return None
    replica.gone = True
    if client.registry is not None:
        await client.registry.found(found)
    return not_served(url=server.url, model=server.identity[0] if server.identity else "", status=_("by its own list"))
