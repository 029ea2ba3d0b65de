"""Who may do what where: memberships, invitations by link, API tokens.

A project is referred to by name: ``annotations`` imports ``accounts``, never the other way round.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member is in one project."""

    OWNER = "owner", _("Owner")  # sets up, imports, runs models, sees everything but demographics
    EXPERT = "expert", _("Expert")  # settles cases
    WORKER = "worker", _("Worker")  # labels, blind
    AUDITOR = "auditor", _("Auditor")  # reads everything that an owner sees, changes nothing


class Membership(models.Model):
    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once_per_person"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of project {self.project_id}"


class Invitation(models.Model):
    """A link that gives a role. Only the digest of its secret is kept."""

    project = models.ForeignKey("annotations.Project", models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(_("only for this address"), blank=True)
    max_uses = models.PositiveIntegerField(_("times it can be used"), default=1)
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(uses__lte=models.F("max_uses")), name="invitation_not_overused"),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk} to project {self.project_id} as {self.role}"


class Scope(models.TextChoices):
    """What a token may do, within what its owner may do."""

    READ = "read", _("Read")
    LABEL = "label", _("Claim, label and skip")
    SETTLE = "settle", _("Settle cases")
    IMPORT = "import", _("Upload data")
    RUN = "run", _("Start and steer model runs")
    EXPORT = "export", _("Export labels")
    MANAGE = "manage", _("Create and change projects, people and models")


class ApiToken(models.Model):
    """A bearer token. Shown once; only its SHA-256 digest is kept, and the first characters to tell tokens apart."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("what it is for"), max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope.choices), verbose_name=_("scopes"))
    expires_at = models.DateTimeField(_("expires"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
