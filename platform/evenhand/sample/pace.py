"""The simulated crowd at work, live: each worker takes the time that their behaviour states."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection

from annotations.models import Annotator, Assignment, Project
from evenhand.sample import labour
from evenhand.sample.crowd import Worker, answer
from evenhand.sample.messages import SampleItem, by_external_id
from evenhand.sample.model_run import model_run_start
from evenhand.sample.people import annotators
from evenhand.sample.seed import sample_project
from ledger.errors import DomainError

logger = logging.getLogger(__name__)

NOTHING_TO_DO = 15.0  # seconds until a worker who found nothing looks again
EXPERT_EVERY = 25.0
RUN_EVERY = 5.0
LEAVE_OPEN = 12  # cases that the simulated expert leaves to whoever visits
MAX_SLEEP = 0.5


@dataclass
class Simulation:
    """Events in order of time: a worker takes an item, works, hands it in, takes the next."""

    clock: Callable[[], float] = time.monotonic
    stopping: bool = False
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _items: dict[str, SampleItem] = field(default_factory=by_external_id)

    def stop(self, *_: Any) -> None:
        self.stopping = True

    def run(self) -> None:
        project = sample_project()
        if project is None:
            logger.info("There is no sample project: nothing to simulate.")
            return
        self.begin(project)
        while not self.stopping and self._events:
            wait = self._events[0][0] - self.clock()
            if wait > 0:
                time.sleep(min(wait, MAX_SLEEP))
                continue
            _, _, event = heapq.heappop(self._events)
            self._happen(event)

    def begin(self, project: Project) -> None:
        """Everybody sits down, a moment apart; the expert and the model run start a little later."""
        for number, (worker, annotator) in enumerate(annotators(project).items()):
            self._after(0.2 * number, self._taking(worker, annotator))
        self._after(EXPERT_EVERY, self._settling(project))
        self._after(1.0, self._starting_the_run(project))

    def _after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.clock() + seconds, next(self._order), event))

    def _happen(self, event: Callable[[], None]) -> None:
        try:
            event()
        except DomainError as refusal:
            logger.info("Refused: %s", refusal.message)
        except DatabaseError as error:
            logger.warning("Waiting for the database: %s", error)
            connection.close()
            self._after(2.0, event)

    def _taking(self, worker: Worker, annotator: Annotator) -> Callable[[], None]:
        def take() -> None:
            try:
                lease = labour.take(worker, annotator)
            except DomainError as refusal:  # paused, closed: look again later
                logger.info("%s: %s", worker.key, refusal.message)
                lease = None
            if lease is None:
                self._after(NOTHING_TO_DO, take)
                return
            item = self._items[lease.item.external_id]
            self._after(answer(worker, item).active_ms / 1000, self._finishing(worker, annotator, lease, item))

        return take

    def _finishing(
        self, worker: Worker, annotator: Annotator, lease: Assignment, item: SampleItem
    ) -> Callable[[], None]:
        def finish() -> None:
            try:
                labour.finish(worker, annotator, lease, item)
            except DomainError as refusal:
                logger.info("%s: %s", worker.key, refusal.message)
            self._after(1.0, self._taking(worker, annotator))

        return finish

    def _settling(self, project: Project) -> Callable[[], None]:
        def settle() -> None:
            self._after(EXPERT_EVERY, settle)
            labour.settle_next(project, self._items, leave_open=LEAVE_OPEN)

        return settle

    def _starting_the_run(self, project: Project) -> Callable[[], None]:
        def start() -> None:
            if not model_run_start(project):
                self._after(RUN_EVERY, start)

        return start
