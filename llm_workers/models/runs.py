"""How a project's question is put to a model, and every item of every run."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from llm_workers.models.lanes import Lane, Suspect, Waiting
from llm_workers.models.prompts import Prompt


class PromptVersion(models.Model):
    """How a project's question is put to a model: never changed, the same content is the same row.

    ``text`` holds the whole prompt with the places of options, examples and item marked; ``hash`` is the SHA-256 over
    text, schema, ``with_reason``, ``orders``, ``recipe`` and ``examples``. ``recipe`` is what the owner chose (empty: a
    run without a prompt of its own); ``examples`` what it led to, as rows of item id and label. A version that was made
    from a ``prompt`` with a name is its version ``number``.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="prompts")
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+")
    text = models.TextField(_("prompt"))
    with_reason = models.BooleanField(_("asks for a reason"), default=False)
    orders = models.PositiveSmallIntegerField(_("orders of the options that are asked and averaged"), default=1)
    recipe = models.JSONField(_("what the owner chose"), default=dict)
    examples = models.JSONField(_("examples, as rows of item id and label"), default=list)
    prompt = models.ForeignKey(Prompt, models.SET_NULL, null=True, related_name="versions")
    number = models.PositiveIntegerField(_("version"), null=True)
    hash = models.CharField(_("SHA-256"), max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "hash"], name="prompt_version_once"),
            models.UniqueConstraint(fields=["prompt", "number"], name="prompt_version_number_once"),
            models.CheckConstraint(condition=Q(orders__gte=1), name="prompt_orders_at_least_one"),
        ]

    def __str__(self) -> str:
        return self.hash[:8]


class ModelAnnotator(models.Model):
    """The annotator that a model is in a project when it is asked in one way."""

    annotator = models.OneToOneField("annotations.Annotator", models.CASCADE, related_name="model_annotator")
    model = models.ForeignKey("llm_workers.ModelVersion", models.PROTECT, related_name="annotators")
    prompt = models.ForeignKey(PromptVersion, models.PROTECT, related_name="annotators")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "prompt"], name="model_annotator_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model} asked by {self.prompt}"


class RunPlan(Waiting):
    """What a run was started with, how long it has worked, and how often in a row something went wrong (reset by the
    next label).

    ``probe``: items after which the run waits for its owner, who sees ``estimate`` (of ``llm_workers.estimates``) and
    lets it go on at ``confirmed_at``. ``working_since`` is null while it stands; ``worked_seconds`` are those before.
    ``filled_at``: when its items were chosen. ``strata``: how many of them have which groups, where there is a probe
    (``llm_workers.services.strata``). ``sums``: what checkpoints go on counting from
    (``llm_workers.services.figures``).
    """

    run = models.OneToOneField("annotations.Run", models.CASCADE, primary_key=True, related_name="plan")
    seed = models.BigIntegerField(_("seed of the order of items"), default=0)
    cached_tokens = models.PositiveBigIntegerField(_("prompt tokens taken from the server's cache"), default=0)
    unanswered_in_row = models.PositiveIntegerField(default=0)  # items without a usable answer
    probe = models.PositiveIntegerField(_("items of the probe"), default=0)
    estimate = models.JSONField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    working_since = models.DateTimeField(null=True)
    worked_seconds = models.FloatField(_("seconds of work, pauses not counted"), default=0)
    filled_at = models.DateTimeField(null=True)
    strata = models.JSONField(default=dict, db_default={})
    sums = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["resume_at"], condition=Q(resume_at__isnull=False), name="run_plan_resumes"),
        ]

    def __str__(self) -> str:
        return f"plan of run {self.run_id}"


class RunLane(Lane):
    """One chain of tasks of a run."""

    run = models.ForeignKey("annotations.Run", models.CASCADE, related_name="lanes")

    class Meta(Lane.Meta):
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="run_lane_once")]

    def __str__(self) -> str:
        return f"lane {self.number} of run {self.run_id}"


class RunItemStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    LEASED = "leased", _("Being asked")  # by the lane and generation in `lane` and `generation`
    DONE = "done", _("Labelled")
    UNANSWERED = "unanswered", _("No usable answer")  # `reason` says why


class RunItem(Suspect):
    """One item of one run, and what asking cost. Counted into the run's totals in the transaction that finishes it."""

    run = models.ForeignKey("annotations.Run", models.CASCADE, related_name="items")
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="+")
    status = models.CharField(max_length=10, choices=RunItemStatus.choices, default=RunItemStatus.PENDING)
    lane = models.PositiveSmallIntegerField(null=True)
    generation = models.PositiveBigIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(_("times it was taken"), default=0)
    reason = models.CharField(_("why there is no label"), max_length=300, blank=True)
    rotations = models.JSONField(_("places by which the options were rotated, per request"), default=list)
    prompt_hash = models.CharField(_("SHA-256 of the first request's messages"), max_length=64, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(_("seconds of model time"), default=0)
    raw_answer = models.CharField(_("answer, shortened"), max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "item"], name="run_item_once"),
            models.CheckConstraint(condition=Q(status__in=RunItemStatus.values), name="run_item_status_known"),
            models.CheckConstraint(
                condition=~Q(status="leased") | Q(lane__isnull=False, generation__isnull=False),
                name="run_item_lease_has_holder",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["done", "unanswered"]) | Q(finished_at__isnull=False),
                name="run_item_end_has_time",
            ),
            models.CheckConstraint(condition=Q(lone_deaths__lte=F("deaths")), name="run_item_lone_deaths_are_deaths"),
        ]
        indexes = [
            models.Index(fields=["run", "id"], condition=Q(status="pending"), name="run_item_pending"),
            models.Index(fields=["run", "lane"], condition=Q(status="leased"), name="run_item_leased"),
            models.Index(fields=["run", "-finished_at"], name="run_item_finished"),
            models.Index(fields=["run", "-id"], condition=Q(status="unanswered"), name="run_item_unanswered"),
            models.Index(
                fields=["run", "-deaths", "id"],
                condition=Q(deaths__gte=2, status__in=["pending", "leased"]),
                name="run_item_suspected",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.item_id} of run {self.run_id}"


# Tables of a package of their own; imported here so that Django finds them.
import llm_workers.validating.models  # noqa: E402, F401
