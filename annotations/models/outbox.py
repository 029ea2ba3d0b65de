"""Changes that live counters have not taken in yet."""

from __future__ import annotations

from django.db import models


class OutboxRow(models.Model):
    """One item's change of state, written in the transaction that made it; removed by the fold that counts it.

    ``before`` and ``after`` are ``annotations.state.ItemState.as_json()`` of the item, null where it had or has none:
    the fold subtracts the one and adds the other, so counters equal a recount whatever happened in between.
    """

    project_id = models.BigIntegerField()
    item_id = models.BigIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["project_id", "id"], name="outbox_project")]

    def __str__(self) -> str:
        return f"change of item {self.item_id}"
