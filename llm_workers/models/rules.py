"""What a run's owner lets it do: limits that it must not pass, and figures that it must keep up."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RuleKind(models.TextChoices):
    ITEMS = "items", _("Items")  # asked about, with or without a usable answer
    TOKENS = "tokens", _("Tokens")  # read and written
    MONEY = "money", _("Money")  # by the prices of tokens, or of the servers' time
    MINUTES = "minutes", _("Minutes")  # of work, pauses not counted
    AGREEMENT = "agreement", _("Agreement with people")  # share of compared labels
    UNANSWERED = "unanswered", _("Items without a usable answer")  # share of items


LIMITS = (RuleKind.ITEMS, RuleKind.TOKENS, RuleKind.MONEY, RuleKind.MINUTES)
SHARES = (RuleKind.AGREEMENT, RuleKind.UNANSWERED)


class RuleAction(models.TextChoices):
    PAUSE = "pause", _("Pause and ask me")
    STOP = "stop", _("Stop for good")


class RunRule(models.Model):
    """``action`` follows where a limit reaches ``bound``, agreement falls under it, or the unanswered share rises over
    it; the latter two count only from ``least`` compared labels or items on.
    """

    run = models.ForeignKey("annotations.Run", models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=10, choices=RuleKind.choices)
    bound = models.DecimalField(max_digits=16, decimal_places=4)
    least = models.PositiveIntegerField(default=1)
    action = models.CharField(max_length=5, choices=RuleAction.choices, default=RuleAction.PAUSE)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "kind"], name="run_rule_once"),
            models.CheckConstraint(condition=Q(kind__in=RuleKind.values), name="run_rule_kind_known"),
            models.CheckConstraint(condition=Q(action__in=RuleAction.values), name="run_rule_action_known"),
            models.CheckConstraint(
                condition=Q(kind__in=LIMITS, bound__gt=0) | Q(kind__in=SHARES, bound__gte=0, bound__lte=1),
                name="run_rule_bound_in_range",
            ),
            models.CheckConstraint(condition=Q(least__gte=1), name="run_rule_least_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.bound} of run {self.run_id}"
