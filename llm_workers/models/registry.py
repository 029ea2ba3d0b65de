"""The servers, the models that they serve, and how fast each was seen to be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Dialect(models.TextChoices):
    """How a server is told which answers are allowed; found out by asking it, because servers ignore what they do not
    know without a word."""

    VLLM = "vllm", _("vLLM")
    LLAMACPP = "llamacpp", _("llama.cpp")
    OTHER = "other", _("OpenAI-compatible")


class Breaker(models.TextChoices):
    """The circuit breaker of a server, shared by all processes that ask it. See ``llm_workers.client.breaker``."""

    CLOSED = "closed", _("In use")
    OPEN = "open", _("Resting after faults")  # not asked before `retry_at`
    HALF_OPEN = "half_open", _("On trial")  # one process tries it; `retry_at`: until when nobody else does


class Endpoint(models.Model):
    """A server of ``LLM_BASE_URL``, or one that an operator added (``added``), as it was found when last asked.

    ``sealed_key`` holds the server's own API key, readable only for this address: see ``services.keys``. ``opens``
    counts how often in a row the breaker opened, which its back-off grows with. ``answer_seconds``: how long it may
    take for one answer; null: as long as ``LLM_ANSWER_SECONDS`` says.
    """

    url = models.CharField(_("address"), max_length=300, unique=True)
    added = models.BooleanField(_("added by an operator"), default=False, db_default=False)
    enabled = models.BooleanField(_("may be used"), default=True, db_default=True)
    notes = models.CharField(_("notes"), max_length=500, blank=True, db_default="")
    sealed_key = models.BinaryField(null=True, editable=False)
    price_per_hour = models.DecimalField(_("price per hour of the server"), max_digits=10, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR", db_default="EUR")
    answer_seconds = models.PositiveSmallIntegerField(_("seconds for one answer"), null=True)
    dialect = models.CharField(_("dialect"), max_length=8, choices=Dialect.choices, default=Dialect.OTHER)
    healthy = models.BooleanField(_("answers"), default=False)
    problem = models.CharField(_("what is wrong, and what to do"), max_length=500, blank=True)
    answer_ms = models.PositiveIntegerField(_("milliseconds to answer"), null=True)
    checked_at = models.DateTimeField(_("last asked"), null=True)
    breaker = models.CharField(max_length=9, choices=Breaker.choices, default=Breaker.CLOSED, db_default="closed")
    opens = models.PositiveSmallIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(_("not asked before"), null=True)
    fault = models.CharField(_("why it rests"), max_length=300, blank=True, db_default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(dialect__in=Dialect.values), name="endpoint_dialect_known"),
            models.CheckConstraint(condition=Q(breaker__in=Breaker.values), name="endpoint_breaker_known"),
            models.CheckConstraint(
                condition=Q(breaker="closed", retry_at__isnull=True) | Q(~Q(breaker="closed"), retry_at__isnull=False),
                name="endpoint_rest_has_end",
            ),
            models.CheckConstraint(
                condition=Q(price_per_hour__isnull=True) | Q(price_per_hour__gte=0), name="endpoint_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(answer_seconds__isnull=True) | Q(answer_seconds__gte=1, answer_seconds__lte=3600),
                name="endpoint_patience_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def has_key(self) -> bool:
        return self.sealed_key is not None


class ModelVersion(models.Model):
    """A model exactly as a server offers it. Another adapter or quantization of the same name is another row.

    ``name``, ``base``, ``adapter``, ``quantization``, ``parameters`` and ``context_tokens`` are what servers say;
    the fields that begin with ``stated``, licence, source, hash and prices are what an operator wrote. ``revision``
    counts what was served under the same names: other weights, which no server tells of, but an operator.
    """

    name = models.CharField(_("name as served"), max_length=200)
    base = models.CharField(_("base model"), max_length=300, blank=True)
    adapter = models.CharField(_("adapter"), max_length=300, blank=True)
    quantization = models.CharField(_("quantization"), max_length=40, blank=True)
    parameters = models.PositiveBigIntegerField(_("parameters"), null=True)
    context_tokens = models.PositiveIntegerField(_("context, tokens"), null=True)
    revision = models.PositiveSmallIntegerField(_("revision"), default=1, db_default=1)
    stated_base = models.CharField(_("base model"), max_length=300, blank=True, db_default="")
    stated_adapter = models.CharField(_("adapter"), max_length=300, blank=True, db_default="")
    stated_quantization = models.CharField(_("quantization"), max_length=40, blank=True, db_default="")
    stated_context_tokens = models.PositiveIntegerField(_("context, tokens"), null=True)
    license = models.CharField(_("licence"), max_length=80, blank=True)
    source = models.CharField(_("where it comes from"), max_length=300, blank=True)
    file_hash = models.CharField(_("SHA-256 of its file"), max_length=64, blank=True, db_default="")
    endpoints = models.ManyToManyField(Endpoint, related_name="model_versions", verbose_name=_("servers"))
    price_per_million_prompt = models.DecimalField(
        _("price per million prompt tokens"), max_digits=10, decimal_places=4, null=True
    )
    price_per_million_completion = models.DecimalField(
        _("price per million completion tokens"), max_digits=10, decimal_places=4, null=True
    )
    price_per_hour = models.DecimalField(
        _("price per hour of a server that serves it"), max_digits=10, decimal_places=4, null=True
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        ordering = ["name", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "base", "adapter", "quantization", "revision"], name="model_version_once"
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="model_revision_counts"),
            models.CheckConstraint(
                condition=Q(file_hash="") | Q(file_hash__regex=r"^[0-9a-f]{64}$"), name="model_hash_is_sha256"
            ),
            models.CheckConstraint(
                condition=(Q(price_per_million_prompt__isnull=True) | Q(price_per_million_prompt__gte=0))
                & (Q(price_per_million_completion__isnull=True) | Q(price_per_million_completion__gte=0))
                & (Q(price_per_hour__isnull=True) | Q(price_per_hour__gte=0)),
                name="model_prices_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name if self.revision == 1 else f"{self.name} · {self.revision}"

    @property
    def token_prices(self) -> tuple[Decimal, Decimal] | None:
        """Prices per million prompt and completion tokens; None where one of them is not known."""
        if self.price_per_million_prompt is None or self.price_per_million_completion is None:
            return None
        return self.price_per_million_prompt, self.price_per_million_completion

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the model, an operator's word before the server's, which may say it wrongly."""
        names = ("base", "adapter", "quantization", "context_tokens")
        return {name: getattr(self, f"stated_{name}") or getattr(self, name) for name in names}


class Throughput(models.Model):
    """How fast a server was when a model was last asked there: over a few seconds of work, per second.

    ``whole``: the server's own counters (``/metrics``), everybody's requests included; else those of one process.
    ``labels_per_second`` counts the answers that the process had, divided by the requests per item.
    """

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="throughputs")
    model = models.ForeignKey(ModelVersion, models.CASCADE, related_name="throughputs")
    prompt_tokens_per_second = models.FloatField()
    completion_tokens_per_second = models.FloatField()
    labels_per_second = models.FloatField()
    whole = models.BooleanField(default=False)
    seconds = models.FloatField(_("seconds that it was measured over"))
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["endpoint_id", "model_id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "model"], name="throughput_once"),
            models.CheckConstraint(condition=Q(seconds__gt=0), name="throughput_over_time"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} at {self.endpoint_id}: {self.labels_per_second:.1f} labels/s"
