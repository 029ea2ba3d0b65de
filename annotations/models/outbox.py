"""Changes that live counters have not taken in yet."""

from __future__ import annotations

from django.db import models


class OutboxRow(models.Model):
    """One item's change of state, written in the transaction that made it; removed by the fold that counts it.

    ``before`` and ``after`` are ``annotations.state.ItemState.as_json()`` of the item, null where it had or has none:
    the fold subtracts the one and adds the other, so counters equal a recount whatever happened in between.

    An import writes one row for all of a batch's new items that are in the same state: ``items`` says how many, and
    ``item_id`` is then null.
    """

    project_id = models.BigIntegerField()
    item_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    items = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["project_id", "id"], name="outbox_project")]

    def __str__(self) -> str:
        return f"change of item {self.item_id}" if self.item_id else f"change of {self.items} items"
