"""What runs and validators have in common: chains of tasks that share the work, and what becomes of it when servers
fail."""

from __future__ import annotations

from django.db import models


class Lane(models.Model):
    """One chain of tasks: each works for a few seconds and queues the next.

    ``generation`` counts every hand-over. A task works only for the generation that its message names and takes the
    next one at once, so a message that is delivered twice works once, and what a slow or dead task still held is
    recognised as stale. ``touched_at`` is renewed every few seconds while somebody works. ``width``: how many requests
    at a time the last task found right, where the next one begins; ``quickest``: seconds of the quickest answers that
    it has known.
    """

    number = models.PositiveSmallIntegerField()
    generation = models.PositiveBigIntegerField(default=0)
    touched_at = models.DateTimeField()
    width = models.PositiveSmallIntegerField(null=True)
    quickest = models.FloatField(null=True)

    class Meta:
        abstract = True
        ordering = ["number"]


class Suspect(models.Model):
    """What a server may die of: ``deaths`` while it was asked about this, and how many of them about this alone. See
    ``llm_workers.services.suspects``."""

    deaths = models.PositiveSmallIntegerField(default=0, db_default=0)
    lone_deaths = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


class Waiting(models.Model):
    """Work that pauses where no server can be used, and goes on by itself once one offers its model.

    ``failing_since``: when servers began to fail, null while they answer; ``faults_in_row``: times that none could be
    used. ``fault_pauses``: how often in a row it paused for that; from ``resume_at`` on it goes on by itself.
    """

    failing_since = models.DateTimeField(null=True)
    faults_in_row = models.PositiveIntegerField(default=0)
    fault_pauses = models.PositiveSmallIntegerField(default=0, db_default=0)
    resume_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
