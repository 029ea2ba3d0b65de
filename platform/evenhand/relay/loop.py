"""The relay's loop.

Any number of relays may run: an advisory lock lets one work at a time, the others stand by and take over when it dies.
All state is in the database, so it may be killed anywhere.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from redis import RedisError

from annotations.models import Project
from fairness.monitors.evaluating import due_projects, project_evaluate
from fairness.selectors.progress import pulse_versions
from fairness.services.fold import BATCH, CountersWrong, fold_outbox
from fairness.services.live import live_group
from fairness.services.recount import recount
from ledger.sealing import seal_pending

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.05  # between two looks at an empty outbox
SEAL_EVERY = 0.5
PUSH_EVERY = 0.25  # at most four pushes a second per project
FOLD_EVERY = PUSH_EVERY  # nobody hears of more, and fifty labels in one fold cost the database little more than five
WATCH_EVERY = 0.25  # monitors are asked at most four times a second
SWEEP_EVERY = 2.0  # and so often though nothing was folded here: what a relay that died had folded, a new monitor
HEARTBEAT_EVERY = 5.0
HEARTBEAT_KEY = "evenhand:relay:heartbeat"
MAX_BACKOFF = 5.0


@dataclass
class Relay:
    """One relay process. ``run`` returns when ``stop`` was called or the process was asked to end."""

    clock: Callable[[], float] = time.monotonic
    stopping: bool = False
    _sealed_at: float = 0.0
    _beat_at: float = 0.0
    _folded_at: float = float("-inf")
    _watched_at: float = float("-inf")
    _unwatched: bool = False
    _unpushed: set[int] = field(default_factory=set)
    _pushed_at: dict[int, float] = field(default_factory=dict)

    def stop(self, *_: Any) -> None:
        self.stopping = True

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        backoff = IDLE_SECONDS
        while not self.stopping:
            try:
                busy = self.turn()
                backoff, wait = IDLE_SECONDS, self._rest()
            except (DatabaseError, RedisError, OSError) as error:
                # The database or the broker is away: everything waits in the outbox until it is back.
                logger.warning("Waiting for the database or the broker: %s", error)
                connection.close()
                backoff = wait = min(backoff * 2, MAX_BACKOFF)
                busy = False
            except CountersWrong as error:
                # One project's wrong counters must not hold up all the others for good.
                logger.exception("Counting anew")
                for project in Project.objects.filter(pk__in=error.projects):
                    recount(project=project, mend=True)
                busy = True
            if not busy:
                time.sleep(wait)

    def turn(self) -> bool:
        """Fold what is there, push what is due, ask monitors, seal if it is time; True where more may be waiting."""
        began = self.clock()
        folded = fold_outbox()
        self._unpushed.update(folded)
        if folded:
            self._folded_at, self._unwatched = began, True
        self._push(began)  # first: who looks at the page waits for it
        now = self.clock()
        self._watch(now)
        if now - self._sealed_at >= SEAL_EVERY:
            seal_pending()
            self._sealed_at = now
        if now - self._beat_at >= HEARTBEAT_EVERY:
            cache.set(HEARTBEAT_KEY, time.time(), timeout=60)
            self._beat_at = now
        return sum(folded.values()) >= BATCH

    def _rest(self) -> float:
        """Seconds until the next turn: beats are counted from beginning to beginning, so that each may be pushed."""
        return max(IDLE_SECONDS, self._folded_at + FOLD_EVERY - self.clock())

    def _watch(self, now: float) -> None:
        """Ask the monitors of projects that moved. Which those are is in the database, so none is missed; live pages
        hear of it as of a label, also where it was a decision or a new limit."""
        if now - self._watched_at < (WATCH_EVERY if self._unwatched else SWEEP_EVERY):
            return
        self._watched_at, self._unwatched = now, False
        for project_id in due_projects():
            self._unpushed.add(project_id)
            try:
                project_evaluate(project_id)
            except (DatabaseError, OSError):
                raise
            except Exception:  # one project's monitors must not stop the counters of all
                logger.exception("The monitors of project %s could not be asked.", project_id)

    def _push(self, now: float) -> None:
        due = [pk for pk in self._unpushed if now - self._pushed_at.get(pk, 0.0) >= PUSH_EVERY]
        if not due:
            return
        layer, versions = get_channel_layer(), pulse_versions(due)
        for pk in due:
            message = {"type": "project.changed", "project": pk, "version": versions.get(pk, 0)}
            async_to_sync(layer.group_send)(live_group(pk), message)
            self._unpushed.discard(pk)  # only now: what could not be said is said when the broker is back
            self._pushed_at[pk] = now
