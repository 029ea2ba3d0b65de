"""What the project sockets share: who may listen, for how long, and at most how often they are told something.

A socket holds no queue: it remembers that something changed, and sends the newest state when it may. However slow the
client or fast the labels, it gets the latest numbers and never a backlog.
"""

from __future__ import annotations

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error as DatabaseError

from accounts.models import Role
from annotations.access import project_access
from fairness.services.live import live_group
from ledger.errors import DomainError

logger = logging.getLogger(__name__)

SEND_EVERY = 0.25  # seconds between two messages at least
RECHECK_EVERY = 20.0  # seconds between two looks at whether the person still may listen
REFRESH_EVERY = 15.0  # seconds after which the state is looked at without being told
ALIVE = json.dumps({"alive": True})
CLOSE_BASE = 4000  # close code = this + the HTTP status of the refusal: 4403, 4404, 4400
GOING_AWAY, SERVER_ERROR = 1001, 1011


class ProjectSocket(AsyncWebsocketConsumer, ABC):
    """A socket of one project. Subclasses say who may listen (``allowed``) and what they hear (``message``)."""

    allowed: frozenset[Role] = frozenset()
    beats = False  # whether it says that it is there while there is nothing to say: a lost network is silent, too
    role: Role  # the listener's, as of the last look

    @abstractmethod
    def message(self) -> str:
        """The newest state as JSON, read in a worker thread; raises ``DomainError`` where there is none to give."""

    @property
    def project_id(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["project_id"])

    async def connect(self) -> None:
        self.newest = 0  # version of the newest fold that this socket was told of
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        # Accepted first: a browser is told the close code only of a socket that was open.
        await self.accept()
        try:
            await self._check()
        except DomainError as error:
            await self._refuse(error)
            return
        # Listening before the first look, so that no change falls between the two.
        await self.channel_layer.group_add(live_group(self.project_id), self.channel_name)
        self._changed.set()
        self._task = asyncio.create_task(self._tell())
        self._task.add_done_callback(_log_failure)

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(live_group(self.project_id), self.channel_name)
        if self._task is not None:
            self._task.cancel()

    async def project_changed(self, event: dict[str, Any]) -> None:
        """From the relay: counters of this project moved."""
        self.newest = max(self.newest, event.get("version", 0))
        self._changed.set()

    async def _tell(self) -> None:
        clock = asyncio.get_running_loop().time
        checked, last = clock(), ""
        try:
            while True:
                told = await self._wait(min(REFRESH_EVERY, RECHECK_EVERY))
                began = clock()
                try:
                    if clock() - checked >= RECHECK_EVERY:
                        await self._check()
                        checked = clock()
                    text = await database_sync_to_async(self.message)()
                except DatabaseError as error:
                    logger.warning("A live page waits for the database: %s", error)
                    self._changed.set()
                    await asyncio.sleep(1)
                    continue
                if text != last:
                    await self.send(text_data=text)
                    last = text
                elif self.beats and not told:
                    await self.send(text_data=ALIVE)
                # From beginning to beginning: whoever falls behind the relay's beat waits for the one after the next.
                await asyncio.sleep(max(0.0, began + SEND_EVERY - clock()))
        except DomainError as error:
            await self._refuse(error)
        except asyncio.CancelledError:
            raise
        except BaseException:
            await self.close(SERVER_ERROR)  # the page connects anew
            raise

    async def _wait(self, seconds: float) -> bool:
        """Whether something was said meanwhile."""
        try:
            await asyncio.wait_for(self._changed.wait(), timeout=seconds)
            return True
        except TimeoutError:
            self.newest = 0  # nothing was said, or it was lost: whatever is the newest now
            return False
        finally:
            self._changed.clear()

    async def _check(self) -> None:
        """Raises ``DomainError`` where the session ended, the account was closed, or the role no longer allows this."""
        await database_sync_to_async(self._check_now)()

    def _check_now(self) -> None:
        # The session is read anew: a person who signed out, or was signed out, stops hearing.
        store = import_module(settings.SESSION_ENGINE).SessionStore(self.scope["session"].session_key)
        user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
        self.role = project_access(user, self.project_id, self.allowed).role

    async def _refuse(self, error: DomainError) -> None:
        await self.close(CLOSE_BASE + error.status, error.code)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("A live page's socket failed", exc_info=error)
