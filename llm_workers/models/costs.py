"""What asking models costs: the servers' share in runs, trials and ratings, and counts for the cost page."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Taken(models.Model):
    """What something took from one server, written every few seconds by the processes that ask it.

    ``busy_seconds``: the server's time that is its own. While its requests are under way, time counts by their share of
    all requests that are known to be there (by the server's ``/metrics``, else those of the process). ``joules``: the
    same share of what the machine's GPUs used; null where it cannot be read. A process that is killed loses the last
    few seconds. ``price_per_hour``: kept when an operator removes the server.
    """

    url = models.CharField(_("address"), max_length=300)
    requests = models.PositiveBigIntegerField(default=0)
    faults = models.PositiveBigIntegerField(default=0)
    busy_seconds = models.FloatField(default=0)
    joules = models.FloatField(null=True)
    price_per_hour = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        abstract = True


class RunServer(Taken):
    """What a run took from one server."""

    run = models.ForeignKey("annotations.Run", models.CASCADE, related_name="servers")

    class Meta:
        ordering = ["run_id", "url"]
        constraints = [
            models.UniqueConstraint(fields=["run", "url"], name="run_server_once"),
            models.CheckConstraint(condition=Q(busy_seconds__gte=0), name="run_server_time_not_negative"),
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} at {self.url}"


class TrialServer(Taken):
    """What the trial of a prompt took from one server."""

    trial = models.ForeignKey("llm_workers.Trial", models.CASCADE, related_name="servers")

    class Meta:
        ordering = ["trial_id", "url"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "url"], name="trial_server_once"),
            models.CheckConstraint(condition=Q(busy_seconds__gte=0), name="trial_server_time_not_negative"),
        ]

    def __str__(self) -> str:
        return f"trial {self.trial_id} at {self.url}"


class ValidatorServer(Taken):
    """What a validator took from one server."""

    validator = models.ForeignKey("llm_workers.Validator", models.CASCADE, related_name="servers")

    class Meta:
        ordering = ["validator_id", "url"]
        constraints = [
            models.UniqueConstraint(fields=["validator", "url"], name="validator_server_once"),
            models.CheckConstraint(condition=Q(busy_seconds__gte=0), name="validator_server_time_not_negative"),
        ]

    def __str__(self) -> str:
        return f"validator {self.validator_id} at {self.url}"


class CostCount(models.Model):
    """A project's latest count for its cost page. ``head``: the newest ledger event that it is sure to have seen.

    ``seconds``: what counting took.
    """

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="+")
    head = models.BigIntegerField()
    seconds = models.FloatField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"cost of project {self.project_id}"


class CostTally(models.Model):
    """Labels, tokens and model time of one annotator (null: all people) in one group (empty: over all items).

    ``known`` labels are on items whose label is known (gold, or settled by an expert), ``known_right`` of them equal
    it; ``agreed`` and ``agreed_right`` likewise for what people agreed on themselves (models only).
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+")
    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, null=True, related_name="+")
    attribute = models.CharField(max_length=64, blank=True)
    group = models.CharField(max_length=128, blank=True)
    labels = models.PositiveBigIntegerField(default=0)
    known = models.PositiveBigIntegerField(default=0)
    known_right = models.PositiveBigIntegerField(default=0)
    agreed = models.PositiveBigIntegerField(default=0)
    agreed_right = models.PositiveBigIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    model_seconds = models.FloatField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "annotator", "attribute", "group"], name="cost_tally_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(known_right__lte=models.F("known"), agreed_right__lte=models.F("agreed")),
                name="cost_tally_right_within_compared",
            ),
        ]

    def __str__(self) -> str:
        return f"annotator {self.annotator_id}, {self.attribute}={self.group}: {self.labels} labels"
