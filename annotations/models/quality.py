"""Checking people's work against known answers, pausing and reviewing people, and excluding labels."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

LONGEST_TEXT = 2000


def _share(least: float, most: float) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(least), MaxValueValidator(most)]


class QualityRules(models.Model):
    """How one project checks its people. A project without a row does not. ``seed`` fixes when gold is due; it is
    never shown. Shares are in [0, 1]."""

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="quality")
    is_on = models.BooleanField(
        _("check with hidden gold items"),
        default=False,
        help_text=_("Items whose label is known come between the others and look like them."),
    )
    gold_start = models.FloatField(
        _("share of gold items for somebody new"),
        default=0.2,
        validators=_share(0.0, 0.5),
        help_text=_("It falls as checks are answered as known."),
    )
    gold_floor = models.FloatField(
        _("share of gold items that always stays"),
        default=0.03,
        validators=_share(0.0, 0.5),
    )
    limit = models.FloatField(
        _("least trust"),
        default=0.6,
        validators=_share(0.0, 0.99),
        help_text=_("Who falls under it is paused until you have looked. 0: nobody is paused."),
    )
    min_answers = models.PositiveSmallIntegerField(
        _("checks before anybody is paused"),
        default=10,
        validators=[MinValueValidator(5), MaxValueValidator(1000)],
    )
    quiz_questions = models.PositiveSmallIntegerField(
        _("questions in the quiz"),
        default=0,
        validators=[MaxValueValidator(50)],
        help_text=_("0: nobody needs to pass a quiz. Who has labelled here before need not pass it either."),
    )
    quiz_pass = models.FloatField(_("share of right answers that passes"), default=0.8, validators=_share(0.1, 1.0))
    quiz_tries = models.PositiveSmallIntegerField(
        _("tries"), default=3, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    explanation_column = models.CharField(
        _("column with explanations"),
        max_length=100,
        blank=True,
        help_text=_("An imported column whose text is shown with the known label in training."),
    )
    seed = models.BigIntegerField(editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gold_floor__gte=0, gold_start__lte=0.5, gold_floor__lte=F("gold_start")),
                name="quality_gold_decays",
            ),
            models.CheckConstraint(condition=Q(limit__gte=0, limit__lt=1), name="quality_limit_is_share"),
            models.CheckConstraint(condition=Q(min_answers__gte=5), name="quality_enough_answers"),
            models.CheckConstraint(condition=Q(quiz_pass__gt=0, quiz_pass__lte=1), name="quality_quiz_pass_is_share"),
        ]

    def __str__(self) -> str:
        return f"quality of project {self.project_id}"


class GoldAnswer(models.Model):
    """What one person said of an item whose label is known: their latest answer. ``is_reviewed``: a human has looked
    at it when deciding about the person, so it is not held against them again."""

    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="gold_answers", db_index=False)
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="+")
    is_right = models.BooleanField()
    is_reviewed = models.BooleanField(default=False)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["annotator", "item"], name="gold_answer_once")]

    def __str__(self) -> str:
        return f"gold answer {self.pk}"


class Purpose(models.TextChoices):
    TRAINING = "training", _("Training")
    QUIZ = "quiz", _("Quiz")


class TrainingItem(models.Model):
    """An item with a known label that is no work any more: it trains people, with feedback, or asks them in a quiz."""

    item = models.OneToOneField("annotations.Item", models.CASCADE, primary_key=True, related_name="training")
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="training_items", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="training_purpose_known")]
        indexes = [models.Index(fields=["project", "purpose", "item"], name="training_by_project")]

    def __str__(self) -> str:
        return f"{self.purpose} item {self.item_id}"


class QuizTry(models.Model):
    """One try at the quiz. ``item_ids``: the questions in order; ``passed`` is null until all are answered."""

    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="quiz_tries")
    number = models.PositiveSmallIntegerField()
    item_ids = models.JSONField(default=list)
    needed = models.PositiveSmallIntegerField()  # right answers that pass, as the rules were when it began
    right = models.PositiveSmallIntegerField(default=0)
    passed = models.BooleanField(null=True)
    started_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotator", "number"], name="quiz_try_once"),
            models.UniqueConstraint(
                fields=["annotator"], condition=Q(passed__isnull=True), name="quiz_try_one_under_way"
            ),
        ]

    def __str__(self) -> str:
        return f"try {self.number} of {self.annotator_id}"


class TrainingAnswer(models.Model):
    """What a person said of a training item, or of a question of a try at the quiz. It is no label."""

    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="training_answers")
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="+")
    quiz_try = models.ForeignKey(QuizTry, models.CASCADE, null=True, related_name="answers")
    value = models.JSONField()
    is_right = models.BooleanField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["annotator", "item"], condition=Q(quiz_try__isnull=True), name="training_answer_once"
            ),
            models.UniqueConstraint(fields=["quiz_try", "item"], name="quiz_answer_once"),
        ]

    def __str__(self) -> str:
        return f"training answer {self.pk}"


class ReviewCause(models.TextChoices):
    GOLD = "gold", _("Trust fell under the limit")
    OWNER = "owner", _("Paused by the owner")
    APPEAL = "appeal", _("Appeal against a decision")


class ReviewStatus(models.TextChoices):
    OPEN = "open", _("Waits for the owner")
    REINSTATED = "reinstated", _("Reinstated")
    KEPT = "kept", _("Stays paused")


class Review(models.Model):
    """A person is paused and a human decides. ``evidence`` holds the figures at the time; ``appeal`` is what the
    person says. Rows are kept as they were decided: an appeal against a decision is a review of its own."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="reviews", db_index=False)
    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="reviews")
    cause = models.CharField(max_length=6, choices=ReviewCause.choices)
    status = models.CharField(max_length=10, choices=ReviewStatus.choices, default=ReviewStatus.OPEN)
    evidence = models.JSONField(default=dict)
    note = models.TextField(_("why the person was paused"), max_length=LONGEST_TEXT, blank=True)
    opened_at = models.DateTimeField()
    appeal = models.TextField(_("what the person says"), max_length=LONGEST_TEXT, blank=True)
    appealed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(_("why it was decided so"), max_length=LONGEST_TEXT, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ReviewStatus.values), name="review_status_known"),
            models.CheckConstraint(condition=Q(cause__in=ReviewCause.values), name="review_cause_known"),
            models.CheckConstraint(
                condition=Q(status="open", decided_by__isnull=True) | (~Q(status="open") & ~Q(reason="")),
                name="review_decided_with_reason",
            ),
            models.UniqueConstraint(fields=["annotator"], condition=Q(status="open"), name="review_one_open"),
        ]
        indexes = [models.Index(fields=["project", "status", "-id"], name="review_by_project")]

    def __str__(self) -> str:
        return f"review {self.pk}"


class Exclusion(models.Model):
    """The owner takes one person's labels, up to ``last_annotation``, out of the count, or puts them back
    (``lifted_at``). The labels stay; they only do not count. ``done_at``: all of them follow."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="exclusions")
    annotator = models.ForeignKey("annotations.Annotator", models.CASCADE, related_name="exclusions", db_index=False)
    last_annotation = models.BigIntegerField()
    reason = models.TextField(_("why"), max_length=LONGEST_TEXT)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.TextField(_("why they count again"), max_length=LONGEST_TEXT, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["annotator"], condition=Q(lifted_at__isnull=True), name="exclusion_one_in_force"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="exclusion_has_reason"),
        ]
        indexes = [
            models.Index(fields=["annotator", "-id"], name="exclusion_by_annotator"),
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="exclusion_unfinished"),
        ]

    def __str__(self) -> str:
        return f"exclusion {self.pk}"
