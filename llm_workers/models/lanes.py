"""Chains of tasks, of which several share the work of a run or of a validator."""

from __future__ import annotations

from django.db import models


class Lane(models.Model):
    """One chain of tasks: each works for a few seconds and queues the next.

    ``generation`` counts every hand-over. A task works only for the generation that its message names and takes the
    next one at once, so a message that is delivered twice works once, and what a slow or dead task still held is
    recognised as stale. ``touched_at`` is renewed every few seconds while somebody works. ``width``: how many requests
    at a time the last task found right, where the next one begins.
    """

    number = models.PositiveSmallIntegerField()
    generation = models.PositiveBigIntegerField(default=0)
    touched_at = models.DateTimeField()
    width = models.PositiveSmallIntegerField(null=True)

    class Meta:
        abstract = True
        ordering = ["number"]
