"""Signs of life of processes that answer no request: beat and relay leave the time in the shared cache."""

from __future__ import annotations

import logging
import time

from celery.beat import PersistentScheduler
from django.core.cache import cache
from redis.exceptions import RedisError

KEY = "evenhand:{}:heartbeat"
KEPT_SECONDS = 3600
EVERY_SECONDS = 5.0

logger = logging.getLogger(__name__)
_last_sent: dict[str, float] = {}


def beat(name: str) -> None:
    """Note that the process ``name`` is alive now. Cheap enough for every turn of a loop; never raises."""
    now = time.time()
    if now - _last_sent.get(name, 0.0) < EVERY_SECONDS:
        return
    try:
        cache.set(KEY.format(name), now, timeout=KEPT_SECONDS)
    except RedisError as error:
        logger.warning("The heartbeat of %s could not be left in the cache: %s", name, error)
    else:
        _last_sent[name] = now


def seconds_since(name: str) -> float | None:
    """How long ago ``name`` last gave a sign of life; None if not lately."""
    last = cache.get(KEY.format(name))
    return None if last is None else max(0.0, time.time() - float(last))


class HeartbeatScheduler(PersistentScheduler):
    """Celery's scheduler, which also says that it is alive: ``celery beat --scheduler`` takes this class."""

    # Wake at least this often, or a long pause between tasks would look like death.
    max_interval = EVERY_SECONDS

    def tick(self, *arguments: object, **named: object) -> float:
        beat("beat")
        return float(min(super().tick(*arguments, **named), EVERY_SECONDS))
