"""A person with an account. The e-mail address is the login name."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ERASED_DOMAIN = "@erased.invalid"  # no such domain can exist (RFC 2606)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """``is_staff`` runs the installation (registers models, sees the doctor page); project roles are memberships."""

    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("name shown to team members"), max_length=80, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)  # a program plays this person
    is_staff = models.BooleanField(_("operator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    # Of an account whose person was erased: when, and when what was under way at that moment had been cleared too.
    erased_at = models.DateTimeField(null=True, editable=False)
    swept_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    email__endswith=ERASED_DOMAIN,
                    display_name="",
                    password__startswith=UNUSABLE_PASSWORD_PREFIX,
                    last_login__isnull=True,
                    is_active=False,
                    is_staff=False,
                    is_superuser=False,
                ),
                name="user_erased_is_nobody",
            ),
            models.CheckConstraint(
                condition=Q(swept_at__isnull=True) | Q(erased_at__isnull=False), name="user_swept_was_erased"
            ),
        ]
        indexes = [
            models.Index(
                fields=["erased_at"], condition=Q(erased_at__isnull=False, swept_at__isnull=True), name="user_to_sweep"
            ),
        ]

    def __str__(self) -> str:
        return str(_("Erased person")) if self.erased_at else self.display_name or self.email
