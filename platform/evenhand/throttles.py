"""How many API requests one signed-in person may make."""

from __future__ import annotations

import threading
import time
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

LIMIT = 30_000
WINDOW = 60  # seconds


class PersonThrottle(BaseThrottle):
    """At most ``LIMIT`` requests of one person in a minute, counted by each web process for itself.

    A guard against a client run wild, not a quota: counting in a shared store would cost each label two more round
    trips. What a worker may do is bounded by the project's serving rules, in the database.
    """

    lock = threading.Lock()
    window = 0
    counts: dict[int, int] = {}  # shared by all instances: DRF makes one for each request

    def allow_request(self, request: Request, view: Any) -> bool:
        person = request.user.pk
        if person is None:
            return True  # anonymous requests have a throttle of their own
        now = int(time.time()) // WINDOW
        cls = type(self)
        with self.lock:
            if now != cls.window:
                cls.window, cls.counts = now, {}
            cls.counts[person] = cls.counts.get(person, 0) + 1
            return cls.counts[person] <= LIMIT

    def wait(self) -> float:
        """Seconds until the next window."""
        return WINDOW - time.time() % WINDOW
