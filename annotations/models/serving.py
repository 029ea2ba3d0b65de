"""The owner's rules for giving out items."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Strategy(models.TextChoices):
    SHUFFLE = "shuffle", _("Random order, another for each worker")
    BREADTH = "breadth", _("Breadth first: every item once, then again")
    DEPTH = "depth", _("Depth first: finish the items that are begun")
    PRIORITY = "priority", _("By priority: the highest number in a column first")
    STRATIFIED = "stratified", _("Balanced over the groups of an attribute")


MOST_UNIFORM = 0.5


class ServingRules(models.Model):
    """How one project serves.

    ``uniform_share``: of the items that a strategy chooses among, so many are drawn regardless of what they are, and
    come as often as that; where nothing is chosen it does nothing. ``max_labels`` is set where redundancy is adaptive:
    an item then gets from ``Project.redundancy`` up to so many labels, until ``tau`` is reached. Empty limits do not
    bound."""

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="serving")
    strategy = models.CharField(_("order of items"), max_length=10, choices=Strategy.choices, default=Strategy.SHUFFLE)
    column = models.CharField(
        _("column or attribute"),
        max_length=100,
        blank=True,
        help_text=_("By priority: the imported column that holds the number. Balanced: the protected attribute."),
    )
    uniform_share = models.FloatField(
        _("share drawn uniformly beside them"),
        default=0.0,
        db_default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(MOST_UNIFORM)],
        help_text=_(
            "By priority and balanced, from 0 to 0.5: so many of the items come at random, whatever they are. Rates of "
            "these are those of all items that were left when it was set; 0.1 is a good start."
        ),
    )
    max_labels = models.PositiveSmallIntegerField(
        _("labels per item at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("Empty: every item gets the project's labels per item. A number: more while in doubt, up to it."),
    )
    tau = models.FloatField(
        _("certainty that is enough"),
        default=0.95,
        validators=[MinValueValidator(0.5), MaxValueValidator(0.9999)],
        help_text=_("An item in doubt gets another label until its most probable label is this probable."),
    )
    shuffle_options = models.BooleanField(
        _("show the labels in another order to each worker"),
        default=False,
        help_text=_("Each worker keeps one order, so hands can learn it. Not for labels that form a scale."),
    )
    labels_per_worker = models.PositiveIntegerField(
        _("labels of one worker at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    labels_per_minute = models.PositiveSmallIntegerField(
        _("labels of one worker in a minute at most"),
        null=True,
        blank=True,
        default=120,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
    )
    skips_per_hour = models.PositiveSmallIntegerField(
        _("skips of one worker in an hour at most"),
        null=True,
        blank=True,
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
    )
    open_leases = models.PositiveSmallIntegerField(
        _("items that one worker may hold at once"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("2: the item on the screen and the one after it."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(strategy__in=Strategy.values), name="serving_strategy_known"),
            models.CheckConstraint(condition=models.Q(tau__gte=0.5, tau__lt=1), name="serving_tau_is_probability"),
            models.CheckConstraint(
                condition=models.Q(uniform_share__gte=0, uniform_share__lte=MOST_UNIFORM),
                name="serving_uniform_share_in_reach",
            ),
            models.CheckConstraint(condition=models.Q(open_leases__gte=1), name="serving_open_leases_positive"),
        ]

    def __str__(self) -> str:
        return f"serving of project {self.project_id}"

    @property
    def is_adaptive(self) -> bool:
        return self.max_labels is not None
