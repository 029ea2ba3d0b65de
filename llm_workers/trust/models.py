"""When a project's models were last calibrated and tested."""

from __future__ import annotations

from django.db import models


class TrustCheck(models.Model):
    """``head``: the project's newest ledger event that the figures are sure to have seen. ``seconds``: what it took."""

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="trust_check")
    head = models.BigIntegerField()
    seconds = models.FloatField()
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"trust in the models of project {self.project_id}"
