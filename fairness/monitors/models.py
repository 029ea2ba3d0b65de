"""Monitors, what they found, and what owners decided about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotations.models.outgoing import Outgoing

LONGEST_TEXT = 2000


class Measure(models.TextChoices):
    PARITY = "parity", _("Difference of selection rates between groups")
    ODDS = "odds", _("Equalized odds difference between groups")
    GAP = "gap", _("Gap between a model and people, within a group")
    KAPPA = "kappa", _("Agreement of a model with people (κ)")
    COMPLETENESS = "completeness", _("Difference of completeness between groups")
    ERROR = "error", _("Share of errors on the audit stream")


class Whose(models.TextChoices):
    """Whose labels are watched."""

    MODEL = "model", _("Each model’s labels")
    PEOPLE = "people", _("People’s own consensus")
    CONSENSUS = "consensus", _("Consensus, experts’ settlements included")


class Truth(models.TextChoices):
    """What labels are held against where a measure needs the truth."""

    GOLD = "gold", _("Gold labels")
    SETTLED = "settled", _("Gold labels and experts’ settlements")
    AUDIT = "audit", _("Experts’ verdicts on items drawn uniformly")


MEASURES_OF = {  # whose labels a measure can be of
    Measure.PARITY: tuple(Whose),
    Measure.ODDS: tuple(Whose),
    Measure.GAP: (Whose.MODEL,),
    Measure.KAPPA: (Whose.MODEL,),
    Measure.COMPLETENESS: (Whose.PEOPLE,),
    Measure.ERROR: tuple(Whose),
}
WITH_LABEL = frozenset({Measure.PARITY, Measure.ODDS, Measure.GAP})  # measures of one label
WITH_GROUPS = frozenset({Measure.PARITY, Measure.ODDS, Measure.GAP, Measure.COMPLETENESS})  # that need an attribute
COMPARING = WITH_GROUPS - {Measure.GAP}  # that compare groups with each other
WITH_TRUTH = frozenset({Measure.ODDS, Measure.ERROR})


class Monitor(models.Model):
    """One limit of a project's owner.

    ``attribute`` is empty where the measure is of all items, ``label`` (a key) where it is of all labels. ``groups``:
    those that are watched, named before the first label, as ``alpha`` is shared among them. ``removed_at``: it
    watches no more; its findings stay. ``since``: when the promise of α was made; ``renewed``: how often it was made
    before (groups named anew, a larger α, removed and set again), each time with an α of its own.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="monitors", db_index=False)
    measure = models.CharField(_("what is watched"), max_length=12, choices=Measure.choices)
    whose = models.CharField(_("whose labels"), max_length=9, choices=Whose.choices)
    attribute = models.CharField(_("across"), max_length=64, blank=True)
    label = models.CharField(_("label"), max_length=64, blank=True)
    truth = models.CharField(_("held against"), max_length=7, choices=Truth.choices, default=Truth.GOLD)
    groups = models.JSONField(default=list)
    alpha = models.FloatField(_("probability of a false pause (α)"), default=0.05)
    tau = models.FloatField(_("limit (τ)"), default=0.1)
    at_checkpoints = models.BooleanField(_("pause at every checkpoint"), default=False)
    pause_labelling = models.BooleanField(_("pause the project’s labelling as well"), default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)
    since = models.DateTimeField(default=timezone.now)
    renewed = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(measure__in=Measure.values), name="monitor_measure_known"),
            models.CheckConstraint(condition=Q(whose__in=Whose.values), name="monitor_whose_known"),
            models.CheckConstraint(condition=Q(truth__in=Truth.values), name="monitor_truth_known"),
            models.CheckConstraint(condition=Q(alpha__gt=0, alpha__lt=1), name="monitor_alpha_is_probability"),
            models.CheckConstraint(condition=Q(tau__gte=0, tau__lt=1), name="monitor_tau_in_reach"),
            models.UniqueConstraint(
                fields=["project", "measure", "whose", "attribute", "label", "truth"],
                condition=Q(removed_at__isnull=True),
                name="monitor_once_per_question",
            ),
        ]
        indexes = [models.Index(fields=["project"], condition=Q(removed_at__isnull=True), name="monitor_in_force")]

    def __str__(self) -> str:
        return f"monitor {self.pk}"


class Watch(models.Model):
    """The fold (``Pulse.version``) up to which a project's monitors were asked. Missing: never."""

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"project {self.project_id} watched to {self.version}"


class Finding(models.Model):
    """What a monitor is certain of, as it was when it was found.

    ``certificate``: ``fairness.monitors.measures.Verdict.as_json()`` with ``alpha`` and ``tau``. ``lower``: how far it
    is beyond doubt. ``version``: the fold. ``runs``: ids of the runs that were paused for it.
    ``sent``: ids of the items that were sent to experts for it.
    """

    monitor = models.ForeignKey(Monitor, models.CASCADE, related_name="findings", db_index=False)
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    annotator = models.ForeignKey("annotations.Annotator", models.PROTECT, null=True, related_name="+")
    certificate = models.JSONField()
    version = models.BigIntegerField()
    runs = models.JSONField(default=list)
    labelling_paused = models.BooleanField(default=False)
    sent = models.JSONField(default=list, db_default=[])
    is_open = models.BooleanField(default=True)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor", "annotator"],
                condition=Q(is_open=True),
                nulls_distinct=False,
                name="finding_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="finding_by_project"),
            models.Index(fields=["project"], condition=Q(is_open=True), name="finding_open"),
            models.Index(fields=["monitor", "annotator"], name="finding_by_monitor"),
        ]

    def __str__(self) -> str:
        return f"finding {self.pk}"


class Action(models.TextChoices):
    """What an owner does about a finding."""

    ACCEPT = "accept", _("Accept it, with a reason")
    PROMPT = "prompt", _("Changed the prompt")
    MODEL = "model", _("Switched the model")
    PEOPLE = "people", _("Collect more people’s labels in that group")
    EXPERTS = "experts", _("Sent to experts")
    TUNE = "tune", _("Fine-tune the model")


ASK_AGAIN = 200  # labels after which a remedy is judged anew, unless the owner says otherwise
MOST_ASK_AGAIN = 1_000_000
LONGEST_TRIAL = timedelta(days=7)  # for so few labels to come that their number is never reached


class Decision(models.Model):
    """How a finding was answered, once. ``resumed``: ids of the runs that went on with it. ``until``: what was found is
    let be until the monitor counts so many labels, and is then asked about again; None: for good. ``over_at``: since
    when it is asked about again though there are fewer labels: ``LONGEST_TRIAL`` had passed, or the run had ended."""

    finding = models.OneToOneField(Finding, models.CASCADE, related_name="decision")
    action = models.CharField(_("what you do"), max_length=7, choices=Action.choices)
    reason = models.TextField(_("reason"), max_length=LONGEST_TEXT, blank=True)
    resumed = models.JSONField(default=list)
    until = models.PositiveBigIntegerField(null=True)
    over_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(action__in=Action.values), name="finding_action_known"),
            models.CheckConstraint(condition=~Q(action="accept") | ~Q(reason=""), name="finding_accepted_with_reason"),
            models.CheckConstraint(
                condition=~Q(action="accept") | Q(until__isnull=True), name="finding_accepted_for_good"
            ),
            models.CheckConstraint(
                condition=Q(over_at__isnull=True) | Q(until__isnull=False), name="finding_trial_over_of_a_trial"
            ),
        ]
        indexes = [
            models.Index(
                fields=["made_at"], condition=Q(until__isnull=False, over_at__isnull=True), name="decision_on_trial"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} of finding {self.finding_id}"

    @property
    def latest(self) -> datetime | None:
        """When it is asked about again at the latest; None where it was accepted for good."""
        return None if self.until is None else self.made_at + LONGEST_TRIAL


class About(models.TextChoices):
    """What an owner is told of besides findings."""

    CHECKPOINT = "checkpoint", _("A run paused at a checkpoint")
    GROUPS = "groups", _("Groups changed that a monitor watches")


class OwnerNotice(Outgoing):
    """A mail to one owner; ``number``: of the checkpoint or of the change of groups."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    about = models.CharField(max_length=10, choices=About.choices)
    number = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["about", "number", "user"], name="owner_told_once"),
            models.CheckConstraint(condition=Q(about__in=About.values), name="owner_told_of_known"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="owner_notice_unsent")]

    def __str__(self) -> str:
        return f"notice of {self.about} {self.number}"


class FindingNotice(Outgoing):
    """A mail about a finding to one owner."""

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="notices", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["finding", "user"], name="finding_told_once")]
        indexes = [models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="finding_notice_unsent")]

    def __str__(self) -> str:
        return f"notice of finding {self.finding_id}"
