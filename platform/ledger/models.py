"""Events, and the blocks that seal them.

An event is written in the transaction of the change that it records; nothing waits for the chain. The sealer
(``ledger.sealing``) gathers committed events into blocks, each bound by hash to the one before it.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LedgerEvent(models.Model):
    """One thing that happened. Rows are never changed or removed: a database trigger refuses both."""

    project_id = models.BigIntegerField(_("project"), null=True)  # no foreign key: the record outlives its subject
    actor = models.CharField(_("actor"), max_length=80)  # "user:12", "annotator:34", "system"; never a name or e-mail
    kind = models.CharField(_("kind"), max_length=60)  # "annotation.submitted", past tense
    subject = models.CharField(_("subject"), max_length=80)  # "annotation:567"
    data = models.JSONField(_("data"), default=dict)
    simulated = models.BooleanField(_("simulated"), default=False)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        indexes = [
            models.Index(fields=["project_id", "id"], name="ledger_event_project"),
            models.Index(fields=["subject"], name="ledger_event_subject"),
            # Not the events of labels, which are a thousand times as many: those are found by their subject.
            models.Index(
                fields=["actor", "id"], condition=models.Q(actor__startswith="user:"), name="ledger_event_by_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} by {self.actor}"


class PendingEvent(models.Model):
    """A committed event that no block holds yet; filled by a trigger on the event table, emptied by the sealer."""

    event_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"event {self.event_id}"


class LedgerBlock(models.Model):
    """A run of events in a fixed order. ``digests`` holds 32 bytes (SHA-256) per event, in the order of ``event_ids``.

    ``hash`` = SHA-256 over the position, the previous block's hash, the event ids and the digests.
    """

    position = models.BigIntegerField(_("position"), primary_key=True)  # 1, 2, 3 … without gaps
    previous_hash = models.CharField(_("previous hash"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64, unique=True)
    event_ids = models.JSONField(_("event ids"))
    digests = models.BinaryField(_("digests"))
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(position__gte=1), name="ledger_block_position_from_one"),
        ]

    def __str__(self) -> str:
        return f"block {self.position}"
