"""What a person told about themselves, sealed and apart from the account."""

from __future__ import annotations

from django.db import models


class DemographicBox(models.Model):
    """All that one person told, in one sealed text. No account, no project, no time stands beside it.

    ``name`` is a keyed digest of the account's number (see ``accounts.demographics.vault``). Answers, consents, and in
    which projects the person was counted are inside: a copy of the table shows how many boxes there are, and nothing
    else.
    """

    name = models.CharField(max_length=64, primary_key=True)
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(name__regex=r"^[0-9a-f]{64}$"), name="demographic_box_named_by_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"box {self.name[:8]}…"
