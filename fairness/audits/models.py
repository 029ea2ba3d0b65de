"""Probe sets, audits of models over them, and every answer. Nothing here is an item or a label of the project."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ProbeFile(models.Model):
    """Templates that an owner added to the shipped ones, as the YAML that was uploaded."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="probe_files", db_index=False)
    name = models.CharField(_("name"), max_length=120)
    text = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="probe_file_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="probe_file_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ProbeKind(models.TextChoices):
    TEMPLATES = "templates", _("Templates")
    GOLD = "gold", _("The project's gold")
    UPLOADED = "uploaded", _("An uploaded set")


class ProbeSet(models.Model):
    """What models are asked about, frozen when it is made. ``spec``: the choices that it was made by.

    ``tasks``: key → name, task type, config, guidelines, favourable label (templates), or the one key "project", whose
    question is that of the project when it is asked. ``content_hash``: SHA-256 over tasks and probes, so that equal
    sets are known as such.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="probe_sets", db_index=False)
    kind = models.CharField(max_length=9, choices=ProbeKind.choices)
    name = models.CharField(_("name"), max_length=120)
    spec = models.JSONField(default=dict)
    tasks = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("probes"))
    families = models.PositiveIntegerField(_("families"), default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "content_hash"], name="probe_set_content_once"),
            models.CheckConstraint(condition=Q(kind__in=ProbeKind.values), name="probe_set_kind_known"),
            models.CheckConstraint(condition=Q(size__gte=1), name="probe_set_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name


class Probe(models.Model):
    """One thing to ask about, with its true label. ``family``: empty, or shared by probes that differ in who they are
    about alone. ``item_id``: of the gold item that it was copied from; not a link, because the item may go."""

    probe_set = models.ForeignKey(ProbeSet, models.CASCADE, related_name="probes", db_index=False)
    number = models.PositiveIntegerField()
    task = models.CharField(max_length=64)
    family = models.CharField(max_length=200, blank=True)
    modality = models.CharField(max_length=16, default="text")
    payload = models.JSONField()
    truth = models.JSONField(_("true label"))
    groups = models.JSONField(_("groups"), default=dict)
    item_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["probe_set", "number"], name="probe_number_once")]

    def __str__(self) -> str:
        return f"probe {self.number} of set {self.probe_set_id}"


class AuditStatus(models.TextChoices):
    RUNNING = "running", _("Asking")
    DONE = "done", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class Audit(models.Model):
    """Candidates asked about a probe set, one after the other, so that none slows another down.

    ``tasks``: as in the set, with what was asked and what counts as favourable at the time; ``left_out``: items that a
    prompt shows the label of. ``generation`` counts hand-overs of its chain of tasks: a task works only for the
    generation that its message names. ``created_by`` null: it was started by itself for a new model or prompt.
    """

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="audits", db_index=False)
    probe_set = models.ForeignKey(ProbeSet, models.RESTRICT, related_name="audits")
    orders = models.PositiveSmallIntegerField(_("orders of the options"), default=2)
    tasks = models.JSONField(default=dict)
    left_out = models.JSONField(default=list)
    status = models.CharField(max_length=9, choices=AuditStatus.choices, default=AuditStatus.RUNNING)
    reason = models.CharField(_("why it waits"), max_length=500, blank=True)
    generation = models.PositiveBigIntegerField(default=0)
    touched_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(status="running"), name="audit_one_at_a_time"),
            models.CheckConstraint(condition=Q(status__in=AuditStatus.values), name="audit_status_known"),
            models.CheckConstraint(condition=Q(orders__gte=1, orders__lte=10), name="audit_orders_range"),
            models.CheckConstraint(
                condition=Q(status="running") | Q(finished_at__isnull=False), name="audit_end_has_time"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="audit_latest")]

    def __str__(self) -> str:
        return f"audit {self.pk}"


class CandidateStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Measured")
    FAILED = "failed", _("Could not be asked")  # `reason` says why


class AuditCandidate(models.Model):
    """A model asked in one way. ``how``: everything that decides how it is asked (``annotations.candidates``), frozen;
    ``signature``: of model and way, so that what was never audited is known.

    What asking used up is counted in the transaction that stores an answer, so once; what brought no answer is counted
    too, since it is paid for. ``sittings``: [seconds, tokens] of
    each stretch of work, which the speed is computed from. ``results``: see ``fairness.audits.measuring``; null before
    all is asked.
    """

    audit = models.ForeignKey(Audit, models.CASCADE, related_name="candidates", db_index=False)
    position = models.PositiveSmallIntegerField()
    model = models.BigIntegerField()
    prompt = models.BigIntegerField(null=True)
    name = models.CharField(max_length=300)
    prompt_name = models.CharField(max_length=80, blank=True)
    signature = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)
    how = models.JSONField(default=dict)
    status = models.CharField(max_length=7, choices=CandidateStatus.choices, default=CandidateStatus.WAITING)
    reason = models.CharField(_("why it could not be asked"), max_length=500, blank=True)
    failing_since = models.DateTimeField(null=True)
    faults_in_row = models.PositiveSmallIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    unanswered = models.PositiveIntegerField(default=0)
    unanswered_in_row = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(_("seconds of model time"), default=0)
    server_seconds = models.FloatField(default=0)
    sittings = models.JSONField(default=list)
    memory = models.BigIntegerField(_("bytes that the server's process holds"), null=True)
    gpu_memory = models.BigIntegerField(_("bytes that the server holds on GPUs"), null=True)
    results = models.JSONField(null=True)
    measured_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["audit", "model", "prompt"], name="audit_candidate_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(status__in=CandidateStatus.values), name="audit_candidate_status_known"),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(results__isnull=False, measured_at__isnull=False),
                name="audit_candidate_done_has_results",
            ),
        ]
        indexes = [models.Index(fields=["signature"], name="audit_candidate_signature")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The model and, where it has one, its prompt."""
        return f"{self.name} · {self.prompt_name}" if self.prompt_name else self.name

    @property
    def figures(self) -> dict[str, Any]:
        """The results; empty before they are there."""
        return self.results or {}

    @property
    def asked(self) -> int:
        return self.answered + self.unanswered


class AuditAnswer(models.Model):
    """What a candidate said of a probe. ``value``: the label that a run would have given; null: ``problem`` says why.

    ``votes``: the label under each order of the options, the first order first.
    """

    candidate = models.ForeignKey(AuditCandidate, models.CASCADE, related_name="answers", db_index=False)
    probe = models.ForeignKey(Probe, models.CASCADE, related_name="+", db_index=False)
    value = models.JSONField(null=True)
    confidence = models.FloatField(null=True)
    probabilities = models.JSONField(null=True)
    votes = models.JSONField(default=list)
    problem = models.CharField(max_length=300, blank=True)
    tokens = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["candidate", "probe"], name="audit_answer_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(problem=""), name="audit_answer_has_value_or_problem"
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="audit_answer_confidence_is_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"candidate {self.candidate_id} on probe {self.probe_id}"


class AuditRules(models.Model):
    """The probe set that a project's models are held to, and whether new ones are audited by themselves.

    The first audit that an owner has finished makes them; from then on they are the owner's. ``monthly_requests`` and
    ``monthly_cost`` (in the project's currency; null: no limit) bound what audits may take that start by themselves, in
    any thirty days. ``by_owner``: a person has set them; until then a model whose use costs money is audited by itself
    only under a limit of money. ``held_back``: signatures of new candidates that these kept from being audited, as last
    told.
    """

    project = models.OneToOneField("annotations.Project", models.CASCADE, primary_key=True, related_name="audit_rules")
    probe_set = models.ForeignKey(ProbeSet, models.RESTRICT, null=True, blank=True, related_name="+")
    orders = models.PositiveSmallIntegerField(_("orders of the options"), default=2)
    automatic = models.BooleanField(_("audit new models and prompts by itself"), default=False)
    monthly_requests = models.PositiveIntegerField(
        _("requests of audits by themselves in 30 days, at most"), default=50_000, db_default=50_000
    )
    monthly_cost = models.DecimalField(
        _("money of audits by themselves in 30 days, at most"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    by_owner = models.BooleanField(default=True, db_default=True, editable=False)
    held_back = models.JSONField(default=list, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(automatic=False) | Q(probe_set__isnull=False), name="audit_rules_automatic_has_set"
            ),
            models.CheckConstraint(condition=Q(orders__gte=1, orders__lte=10), name="audit_rules_orders_range"),
            models.CheckConstraint(
                condition=Q(monthly_cost__isnull=True) | Q(monthly_cost__gte=0), name="audit_rules_cost_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"audits of project {self.project_id}"
