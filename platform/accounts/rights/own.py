"""What the account itself holds: who the person is, where they belong, how they sign in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Invitation, Membership, User
from accounts.rights.parts import Fate, Part, Row, linked
from accounts.services.demographics import demographics_as_data, demographics_erase
from ledger.models import LedgerEvent
from ledger.selectors import events_by_person
from ledger.services import actor_of

BATCH = 2000  # rows that lie in memory at once


def rows_of(queryset: QuerySet[Any, Any], *names: str, **renamed: str) -> Iterator[dict[str, Any]]:
    """The rows with these columns (``name="path"`` renames), oldest first, read through a cursor as they are taken."""
    columns = {name: F(path) for name, path in renamed.items()}
    return queryset.order_by("pk").values(*names, **columns).iterator(chunk_size=BATCH)


def made_by(name: str, title: Any, afterwards: Any, link: str, *columns: str, fate: Fate = Fate.KEPT) -> Part:
    """A part that is the rows of one table whose foreign key ``link`` ("app.Model.field") names the person."""
    field = link.rpartition(".")[2]

    def rows(user: User) -> QuerySet[Any, Any]:
        return linked(link).model._default_manager.filter(**{field: user})

    return Part(
        name,
        title,
        lambda user: rows_of(rows(user), *columns),
        afterwards,
        goes=fate is Fate.GONE,
        count=lambda user: rows(user).count(),
        links={link: fate},
    )


# --- the account ------------------------------------------------------------------------------------------------------


def _profile(user: User) -> Row:
    return {
        "id": user.pk,
        "email": user.email,
        "display_name": user.display_name,
        "joined": user.date_joined,
        "last_login": user.last_login,
        "is_operator": user.is_staff,
        "is_simulated": user.is_simulated,
        "has_password": user.has_usable_password(),
    }


def _demographics(user: User) -> list[Row]:
    """A row for each question: what was answered, which projects may count it, which have."""
    told = demographics_as_data(user)
    questions = {*told["answers"], *(name for asked in told["consents"].values() for name in asked)}
    return [
        {
            "question": question,
            "answers": told["answers"].get(question, []),
            "projects_that_may_count_it": [pk for pk, asked in told["consents"].items() if question in asked],
            "projects_that_counted_it": [pk for pk, asked in told["counted_in"].items() if question in asked],
        }
        for question in sorted(questions)
    ]


def _addresses(user: User) -> Iterable[Row]:
    return rows_of(EmailAddress.objects.filter(user=user), "email", "verified", "primary")


def _memberships(user: User) -> Iterable[Row]:
    return rows_of(
        Membership.objects.filter(user=user), "role", "project_id", "created_at", project_name="project__name"
    )


def _tokens(user: User) -> Iterable[Row]:
    names = ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    return rows_of(ApiToken.objects.filter(user=user), *names)


# --- invitations ------------------------------------------------------------------------------------------------------


def _invitations(user: User) -> Iterable[Row]:
    """Whom a link was bound to is about somebody else."""
    names = ("id", "project_id", "role", "max_uses", "uses", "created_at", "expires_at", "revoked_at")
    return rows_of(Invitation.objects.filter(created_by=user), *names, project_name="project__name")


def _invited(user: User) -> Iterable[Row]:
    names = ("id", "project_id", "role", "email", "uses", "created_at", "expires_at", "revoked_at")
    return rows_of(_bound(user), *names, project_name="project__name")


def _bound(user: User) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email__in=addresses_of(user))


def _forget_bound(user: User) -> None:
    _bound(user).delete()


# --- signing in -------------------------------------------------------------------------------------------------------


def addresses_of(user: User) -> list[str]:
    """Every e-mail address of the account, in the spelling that everything about it is kept in."""
    found = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return sorted({user.email.lower(), *(email.lower() for email in found)})


def _sign_ins(user: User) -> Iterator[Row]:
    """Attempts that failed may be a stranger's, so they carry no network address."""
    names = ("ip_address", "user_agent")
    mine = AccessLog.objects.filter(username__in=addresses_of(user))
    yield from rows_of(mine, *names, signed_in="attempt_time", signed_out="logout_time")
    failed = AccessAttempt.objects.filter(username__in=addresses_of(user))
    yield from rows_of(failed, failed_last="attempt_time", failures="failures_since_start")


def _count_sign_ins(user: User) -> int:
    return AccessLog.objects.filter(username__in=addresses_of(user)).count()


def _forget_sign_ins(user: User) -> None:
    mine = Q(username__in=addresses_of(user))
    for model in (AccessLog, AccessAttempt, AccessFailureLog):
        model.objects.filter(mine).delete()


# --- the record -------------------------------------------------------------------------------------------------------


def event_rows(events: QuerySet[LedgerEvent]) -> Iterator[dict[str, Any]]:
    return rows_of(events, "id", "kind", "actor", "subject", "project_id", "data", "created_at")


def _events(user: User) -> Iterator[Row]:
    return event_rows(events_by_person(actor_of(user)))


PARTS = (
    Part(
        "profile",
        _("Profile: name, e-mail address, when you joined and last signed in"),
        _profile,
        _("Deleted. An empty account, which is nobody's, stays where projects refer to it."),
        links={"accounts.User_groups.user": Fate.GONE, "accounts.User_user_permissions.user": Fate.GONE},
    ),
    Part(
        "demographics",
        _("What you told about yourself, and which projects may count it"),
        _demographics,
        _("Deleted. Figures that were shown before stay as they are; no one person can be found in them."),
        count=lambda user: len(_demographics(user)),
        erase=lambda user: demographics_erase(user=user),
    ),
    Part(
        "email_addresses",
        _("E-mail addresses"),
        _addresses,
        _("Deleted. You may sign up with the same address again, as somebody new."),
        count=lambda user: EmailAddress.objects.filter(user=user).count(),
        links={"account.EmailAddress.user": Fate.GONE},
    ),
    Part(
        "memberships",
        _("Memberships of projects"),
        _memberships,
        _("Deleted: you leave every project."),
        count=lambda user: user.memberships.count(),
        links={"accounts.Membership.user": Fate.GONE},
    ),
    Part(
        "tokens",
        _("API tokens: names and dates, never the secret"),
        _tokens,
        _("Deleted: programs that use them stop working at once."),
        count=lambda user: user.api_tokens.count(),
        links={"accounts.ApiToken.user": Fate.GONE},
    ),
    Part(
        "invitations_to_you",
        _("Invitations bound to your address"),
        _invited,
        _("Deleted."),
        count=lambda user: _bound(user).count(),
        erase=_forget_bound,
    ),
    Part(
        "sign_ins",
        _("Sign-ins: when, from which network address, with which browser"),
        _sign_ins,
        _("Deleted, and you are signed out everywhere at once."),
        count=_count_sign_ins,
        erase=_forget_sign_ins,
    ),
    Part(
        "invitations_made",
        _("Invitation links that you made"),
        _invitations,
        _("Stay with their projects, without you: people came in by them."),
        goes=False,
        count=lambda user: Invitation.objects.filter(created_by=user).count(),
        links={"accounts.Invitation.created_by": Fate.KEPT},
    ),
    Part(
        "events",
        _("Entries of the record that were caused by your account"),
        _events,
        _("Stay: the record is never rewritten. They carry a number, never your name or address."),
        goes=False,
        count=lambda user: events_by_person(actor_of(user)).count(),
    ),
)
