"""What a client does beside answering: renew its list of servers, read their load, and give up on one that hangs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx

from llm_workers.client.gpus import Gpus
from llm_workers.client.load import read_load
from llm_workers.client.router import Replica, Tally
from llm_workers.client.wire import is_local, port_of

if TYPE_CHECKING:
    from llm_workers.client.chat import ChatClient

RENEW_EVERY = 2.0  # seconds between two looks at the registry
LOAD_EVERY = 1.0  # seconds between two looks at /metrics
LOAD_SECONDS = 1.0  # the longest wait for them


class Upkeep:
    """Tasks that live as long as the client. Those that use the registry are ended, not cancelled: its work is short,
    and half of it would be lost."""

    def __init__(self, client: ChatClient) -> None:
        self.client = client
        self._stopping, self._handing_in = asyncio.Event(), asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self._others: list[asyncio.Task[None]] = []
        self._gpus = Gpus() if client.registry is not None else None
        self._joules = self._gpus.joules() if self._gpus else None

    def start(self) -> None:
        self._others = [asyncio.create_task(self._watch()), asyncio.create_task(self._loads())]
        if self.client.registry is not None:
            self._renewing = asyncio.create_task(self._renew())

    async def stop(self) -> None:
        self._stopping.set()
        for task in self._others:
            task.cancel()
        await asyncio.gather(*self._others, return_exceptions=True)
        if self._renewing is not None:
            await self._renewing
            await self.hand_in()

    async def _renew(self) -> None:
        while not await self._stops_within(RENEW_EVERY):
            await self.hand_in()
            if self.client.registry is not None:
                self.client.router.update(await self.client.registry.servers(), time.monotonic())

    async def _stops_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def hand_in(self) -> None:
        """Tell the registry what was taken since the last time."""
        async with self._handing_in:
            now = time.monotonic()
            taken = {replica.url: replica.take_tally(now) for replica in self.client.router.replicas.values()}
            self._share_energy(taken)
            taken = {url: tally for url, tally in taken.items() if tally.requests or tally.seconds}
            if taken and self.client.registry is not None:
                await self.client.registry.took(taken)

    def _share_energy(self, taken: dict[str, Tally]) -> None:
        """Servers on this machine divide what its GPUs used, each by the part of its time that was the client's."""
        before, self._joules = self._joules, self._gpus.joules() if self._gpus else None
        if before is None or self._joules is None:
            return
        here = {url: tally for url, tally in taken.items() if is_local(url) and tally.seconds}
        whole = sum(tally.seconds for tally in here.values())
        for tally in here.values():
            tally.joules = max(self._joules - before, 0.0) * tally.share / whole

    async def gpu_memory(self) -> int | None:
        """Bytes that the servers on this machine hold on its GPUs; None where that cannot be read."""
        here = {port_of(one.url) for one in self.client.router.usable if is_local(one.url)}
        return await asyncio.to_thread(self._gpus.memory, here) if self._gpus and here else None

    async def _watch(self) -> None:
        """End what is under way at a server that hangs; the requests go to other ones."""
        loop, patience = asyncio.get_running_loop(), self.client.patience
        while True:
            await asyncio.sleep(patience.stall / 4)
            for replica in self.client.router.stalled(time.monotonic(), patience.stall, read=patience.read):
                for cut in list(replica.cuts):
                    cut.reschedule(loop.time())

    async def _loads(self) -> None:
        while True:
            asked = [one for one in self.client.router.usable if one.has_metrics and one.server.dialect != "other"]
            await asyncio.gather(*(self._load(replica) for replica in asked))
            await asyncio.sleep(LOAD_EVERY)

    async def _load(self, replica: Replica) -> None:
        server = replica.server
        try:
            answer = await self.client.http(server).get(
                f"{server.url.removesuffix('/v1')}/metrics", headers=self.client.headers(server), timeout=LOAD_SECONDS
            )
        except httpx.TransportError:
            return
        load = read_load(answer.text) if answer.status_code == 200 else None
        if load is None:
            replica.has_metrics = answer.status_code >= 500
            return
        replica.loaded(load, time.monotonic())
