"""A project's validator, what it said of each label, and what the verifier learnt and scored."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from llm_workers.models.lanes import Lane, Suspect, Waiting


class ValidatorRules(models.Model):
    """Whether a model rates the labels of a project's people, which one, and how much it may use up.

    The limits count everything that validators of this project ever used.
    """

    project = models.OneToOneField(
        "annotations.Project", models.CASCADE, primary_key=True, related_name="validator_rules"
    )
    enabled = models.BooleanField(_("rate people's labels"), default=False)
    model = models.ForeignKey(
        "llm_workers.ModelVersion", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("model")
    )
    max_tokens = models.PositiveBigIntegerField(_("at most this many tokens"), null=True, blank=True)
    max_cost = models.DecimalField(_("at most this much money"), max_digits=12, decimal_places=4, null=True, blank=True)
    max_minutes = models.FloatField(_("at most this many minutes of model time"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(enabled=False) | Q(model__isnull=False), name="validator_enabled_has_model"
            ),
            models.CheckConstraint(
                condition=Q(max_cost__isnull=True) | Q(max_cost__gte=0), name="validator_cost_limit_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(max_minutes__isnull=True) | Q(max_minutes__gte=0),
                name="validator_minutes_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"validator of project {self.project_id}"


class ValidatorStatus(models.TextChoices):
    IDLE = "idle", _("Nothing to rate")
    RATING = "rating", _("Rating")
    PAUSED = "paused", _("Paused")  # by a person, a limit or a fault: `reason` says which


class Validator(Waiting):
    """A model asked in one way under one version of labels and guidelines: the author of ratings. Never a vote.

    Its work is shared by its lanes. ``seen``: the newest annotation that was looked at, see ``ratings_fill``.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="validators")
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+")
    model = models.ForeignKey("llm_workers.ModelVersion", models.PROTECT, related_name="validators")
    prompt = models.TextField(_("prompt"))
    prompt_hash = models.CharField(_("SHA-256 of prompt, model and schema"), max_length=64)
    status = models.CharField(max_length=6, choices=ValidatorStatus.choices, default=ValidatorStatus.IDLE)
    reason = models.CharField(_("why it is in this state"), max_length=500, blank=True)
    seen = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True)
    unanswered_in_row = models.PositiveIntegerField(default=0)
    rated = models.PositiveIntegerField(_("rated"), default=0)
    agreed = models.PositiveIntegerField(_("agreed with"), default=0)
    disagreed = models.PositiveIntegerField(_("disagreed with"), default=0)
    unanswered = models.PositiveIntegerField(_("unanswered"), default=0)
    prompt_tokens = models.PositiveBigIntegerField(_("prompt tokens"), default=0)
    completion_tokens = models.PositiveBigIntegerField(_("completion tokens"), default=0)
    cached_tokens = models.PositiveBigIntegerField(_("prompt tokens taken from the server's cache"), default=0)
    seconds = models.FloatField(_("seconds of model time"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "prompt_hash"], name="validator_version_once"),
            models.CheckConstraint(condition=Q(status__in=ValidatorStatus.values), name="validator_status_known"),
        ]
        indexes = [
            models.Index(fields=["resume_at"], condition=Q(resume_at__isnull=False), name="validator_resumes"),
        ]

    def __str__(self) -> str:
        return f"{self.model} as validator of project {self.project_id}"


class ValidatorLane(Lane):
    """One chain of tasks of a validator."""

    validator = models.ForeignKey(Validator, models.CASCADE, related_name="lanes")

    class Meta(Lane.Meta):
        constraints = [models.UniqueConstraint(fields=["validator", "number"], name="validator_lane_once")]

    def __str__(self) -> str:
        return f"lane {self.number} of validator {self.validator_id}"


class Verdict(models.TextChoices):
    AGREE = "agree", _("Agrees")
    DISAGREE = "disagree", _("Disagrees")
    UNSURE = "unsure", _("Unsure")


class RatingStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    LEASED = "leased", _("Being asked")  # by the lane and generation in `lane` and `generation`
    DONE = "done", _("Rated")
    UNANSWERED = "unanswered", _("No usable answer")  # `problem` says why


class Rating(Suspect):
    """What a validator says of one label of one item, whoever gave it and however many did.

    ``value_md5`` = MD5 (hex) of ``value`` as PostgreSQL writes it: values can be too long for an index.
    ``probabilities``: verdict → probability, renormalised over the three; null without log-probabilities.
    ``confidence``: that of the verdict.
    """

    validator = models.ForeignKey(Validator, models.CASCADE, related_name="ratings")
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="+")
    value = models.JSONField(_("label"))
    value_md5 = models.CharField(max_length=32)
    status = models.CharField(max_length=10, choices=RatingStatus.choices, default=RatingStatus.PENDING)
    lane = models.PositiveSmallIntegerField(null=True)
    generation = models.PositiveBigIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(_("times it was taken"), default=0)
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True)
    confidence = models.FloatField(null=True)
    probabilities = models.JSONField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    problem = models.CharField(_("why there is no rating"), max_length=300, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["validator", "item", "value_md5"], name="rating_once_per_label"),
            models.CheckConstraint(condition=Q(status__in=RatingStatus.values), name="rating_status_known"),
            models.CheckConstraint(
                condition=~Q(status="leased") | Q(lane__isnull=False, generation__isnull=False),
                name="rating_lease_has_holder",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(verdict__in=Verdict.values, finished_at__isnull=False),
                name="rating_done_has_verdict",
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="rating_confidence_is_probability",
            ),
            models.CheckConstraint(condition=Q(lone_deaths__lte=F("deaths")), name="rating_lone_deaths_are_deaths"),
        ]
        indexes = [
            models.Index(fields=["validator", "id"], condition=Q(status="pending"), name="rating_pending"),
            models.Index(fields=["validator", "lane"], condition=Q(status="leased"), name="rating_leased"),
            models.Index(
                fields=["validator", "-deaths", "id"],
                condition=Q(deaths__gte=2, status__in=["pending", "leased"]),
                name="rating_suspected",
            ),
        ]

    def __str__(self) -> str:
        return f"rating of item {self.item_id}"


class ValidatorComparison(models.Model):
    """How a validator's ratings compare with what is known, as counted last: see ``llm_workers.validating.comparing``.

    ``counts``: rows of attribute, group, whether the label is right, verdict and ratings; attribute and group are empty
    for all items.
    """

    validator = models.OneToOneField(Validator, models.CASCADE, primary_key=True, related_name="comparison")
    counts = models.JSONField(default=list)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"comparison of validator {self.validator_id}"


class OpensCases(models.TextChoices):
    NEVER = "never", _("Never")
    LEARNED = "learned", _("Once the score is learnt from settlements, and beats the rule")
    ALWAYS = "always", _("Always, also by the rule")


class VerifierRules(models.Model):
    """How one project's labels are scored, and when a low score has an expert look.

    ``threshold``: a label that is right with a lower probability than this is doubted; null: where a minute spent on it
    is expected to find as many errors as one spent on the disagreements. ``share``: of the project's items, that may
    have an open case for a low score at a time.
    """

    project = models.OneToOneField(
        "annotations.Project", models.CASCADE, primary_key=True, related_name="verifier_rules"
    )
    opens_cases = models.CharField(
        _("low scores open cases"), max_length=7, choices=OpensCases.choices, default=OpensCases.LEARNED
    )
    threshold = models.FloatField(_("doubt a label below this probability to be right"), null=True, blank=True)
    share = models.FloatField(_("share of the items with such a case at a time"), default=0.02)
    models_alone = models.BooleanField(_("also items that only models have labelled"), default=False)
    use_groups = models.BooleanField(_("let the score depend on the item's groups"), default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(opens_cases__in=OpensCases.values), name="verifier_opens_cases_known"),
            models.CheckConstraint(
                condition=Q(threshold__isnull=True) | Q(threshold__gt=0, threshold__lt=1),
                name="verifier_threshold_is_probability",
            ),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="verifier_share_is_share"),
        ]

    def __str__(self) -> str:
        return f"verifier of project {self.project_id}"


class VerifierFit(models.Model):
    """What a project's verifier learnt last. ``method``: rule, logistic or boosting, the one whose scores are in use.

    ``figures``: see ``llm_workers.validating.verifying``. ``head``: the newest ledger event that it is sure to have
    seen; ``ratings``: how many ratings it saw. ``seconds``: what reading, learning and storing took.
    """

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="verifier_fit")
    method = models.CharField(max_length=8)
    figures = models.JSONField()
    labels = models.PositiveIntegerField()  # scored
    learnt = models.PositiveIntegerField()  # labels of items whose label is known
    right = models.PositiveIntegerField()  # of them
    items = models.PositiveIntegerField()  # of known label
    ratings = models.PositiveIntegerField()
    cases = models.PositiveIntegerField(default=0)  # open for a low score
    head = models.BigIntegerField()
    seconds = models.FloatField()
    fitted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(method__in=["rule", "logistic", "boosting"]), name="verifier_fit_method_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} of project {self.project_id}"


class LabelScore(models.Model):
    """How probably a current label is right. ``why``: the signals that speak against it, the weightiest first."""

    annotation = models.OneToOneField(
        "annotations.Annotation", models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="+", db_index=False)
    score = models.FloatField()
    why = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=1), name="label_score_is_probability"),
        ]
        indexes = [models.Index(fields=["project", "score", "annotation"], name="label_score_lowest")]

    def __str__(self) -> str:
        return f"annotation {self.annotation_id}: {self.score:.2f}"
