"""Prompts with a name, trials of them, and what an answer says of itself beside its label."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """Of the fixed sentences; each in its own name."""

    EN = "en", "English"
    FR = "fr", "Français"
    DE = "de", "Deutsch"
    ES = "es", "Español"


class Thinking(models.TextChoices):
    OFF = "off", _("The label alone")
    AFTER = "after", _("The label, then a short reason")
    BEFORE = "before", _("Step by step, then the label")


class Way(models.TextChoices):
    NONE = "none", _("None")
    HAND = "hand", _("Picked by hand")
    BALANCED = "balanced", _("Balanced over labels and groups")
    SIMILAR = "similar", _("For each item, those most like it")


class Prompt(models.Model):
    """A way to ask, as its owner edits it. What runs used is kept in its versions, which never change.

    The fields are those of ``llm_workers.recipe.Recipe``.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="named_prompts", db_index=False)
    name = models.CharField(_("name"), max_length=80)
    instructions = models.TextField(_("instructions"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.EN)
    thinking = models.CharField(_("reasoning"), max_length=6, choices=Thinking.choices, default=Thinking.OFF)
    stated = models.BooleanField(_("asks how sure the model is"), default=False)
    orders = models.PositiveSmallIntegerField(_("orders of the options"), default=1)
    samples = models.PositiveSmallIntegerField(_("samples"), default=1)
    temperature = models.FloatField(_("temperature"), default=0.7)
    way = models.CharField(_("examples"), max_length=8, choices=Way.choices, default=Way.NONE)
    count = models.PositiveSmallIntegerField(_("number of examples"), default=4)
    attribute = models.CharField(_("balanced over"), max_length=64, blank=True)
    seed = models.BigIntegerField(_("seed of the examples"), default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="prompt_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="prompt_has_name"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="prompt_language_known"),
            models.CheckConstraint(condition=Q(thinking__in=Thinking.values), name="prompt_thinking_known"),
            models.CheckConstraint(condition=Q(way__in=Way.values), name="prompt_way_known"),
            models.CheckConstraint(condition=Q(orders__gte=1, orders__lte=50), name="prompt_orders_range"),
            models.CheckConstraint(condition=Q(samples__gte=1, samples__lte=20), name="prompt_samples_range"),
            models.CheckConstraint(condition=Q(temperature__gt=0, temperature__lte=2), name="prompt_temperature_range"),
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=20), name="prompt_count_range"),
        ]

    def __str__(self) -> str:
        return self.name


class PromptExample(models.Model):
    """An item that the owner picked as an example, with the label that is to be shown as right."""

    prompt = models.ForeignKey(Prompt, models.CASCADE, related_name="examples", db_index=False)
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="+")
    value = models.JSONField(_("label"))
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["prompt", "item"], name="prompt_example_once")]

    def __str__(self) -> str:
        return f"item {self.item_id} as an example of {self.prompt_id}"


class TrialStatus(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being asked")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")  # `problem` says why


class Trial(models.Model):
    """One prompt tried on a few items before a run. It gives no labels; what it used is counted here.

    ``recipe`` and ``text`` are the prompt as it was tried, saved or not; ``examples`` are rows of item id and label.
    ``to_label`` is how many items the project had when it was tried: what the estimate is for. ``attribute``: what the
    items were drawn evenly over, empty where it was nothing; ``strata``: how many items the project had in each of its
    groups (``llm_workers.services.strata``).
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="trials", db_index=False)
    model = models.ForeignKey("llm_workers.ModelVersion", models.PROTECT, related_name="+")
    schema = models.ForeignKey("annotations.LabelSchema", models.PROTECT, related_name="+")
    prompt = models.ForeignKey(Prompt, models.SET_NULL, null=True, related_name="trials")
    recipe = models.JSONField(default=dict)
    text = models.TextField(_("prompt"))
    examples = models.JSONField(default=list)
    status = models.CharField(max_length=7, choices=TrialStatus.choices, default=TrialStatus.QUEUED)
    problem = models.CharField(_("what went wrong, and what to do"), max_length=500, blank=True)
    to_label = models.PositiveBigIntegerField(null=True)
    attribute = models.CharField(max_length=64, blank=True, db_default="")
    strata = models.JSONField(default=dict, db_default={})
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=TrialStatus.values), name="trial_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running"], finished_at__isnull=True)
                | Q(status__in=["done", "failed"], finished_at__isnull=False),
                name="trial_end_has_time",
            ),
            models.UniqueConstraint(
                fields=["started_by"], condition=Q(status__in=["queued", "running"]), name="trial_one_per_person"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="trial_by_project")]

    def __str__(self) -> str:
        return f"trial {self.pk}"


class TrialAnswer(models.Model):
    """What the model said of one item of a trial. ``messages`` are those of the first request, word for word."""

    trial = models.ForeignKey(Trial, models.CASCADE, related_name="answers", db_index=False)
    item = models.ForeignKey("annotations.Item", models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()
    messages = models.JSONField(default=list)
    value = models.JSONField(_("label"), null=True)  # null: unanswered, `problem` says why, or not asked yet
    confidence = models.FloatField(null=True)
    stated = models.FloatField(null=True)
    entropy = models.FloatField(null=True)
    reason = models.TextField(blank=True)
    problem = models.CharField(max_length=300, blank=True)
    raw_answer = models.CharField(max_length=500, blank=True)
    requests = models.PositiveSmallIntegerField(default=0)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(_("seconds of model time"), default=0)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "item"], name="trial_item_once"),
            models.CheckConstraint(
                condition=(Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1))
                & (Q(stated__isnull=True) | Q(stated__gte=0, stated__lte=1)),
                name="trial_answer_probabilities",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.item_id} of trial {self.trial_id}"


class AnswerSigns(models.Model):
    """What a model's label came with beside its probability, where the prompt asked for it.

    ``stated`` is the certainty that the model claims, in [0, 1]; of ``samples`` drawn, the share ``share`` gave the
    label; ``entropy`` (bits) is that of the samples' labels. In ``order_share`` of the ``orders`` of the options that
    it was asked in, the label was the answer. What was not asked for is null.
    """

    annotation = models.OneToOneField("annotations.Annotation", models.CASCADE, primary_key=True, related_name="signs")
    stated = models.FloatField(_("stated certainty"), null=True)
    samples = models.PositiveSmallIntegerField(default=1)
    share = models.FloatField(_("share of the samples that gave the label"), null=True)
    entropy = models.FloatField(_("entropy of the samples, in bits"), null=True)
    orders = models.PositiveSmallIntegerField(_("orders of the options with an answer"), default=1)
    order_share = models.FloatField(_("share of the orders that gave the label"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stated__isnull=True) | Q(stated__gte=0, stated__lte=1), name="signs_stated_is_probability"
            ),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gt=0, share__lte=1, entropy__gte=0, samples__gt=1),
                name="signs_share_of_samples",
            ),
            models.CheckConstraint(
                condition=Q(order_share__isnull=True) | Q(order_share__gte=0, order_share__lte=1, orders__gt=1),
                name="signs_share_of_orders",
            ),
        ]

    def __str__(self) -> str:
        return f"signs of annotation {self.annotation_id}"
