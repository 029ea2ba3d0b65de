"""Handing a person's data over, and erasing the person.

Erasing leaves an empty account under the same number, so that what others rely on (who settled, who decided, who made a
project) still names one and the same nobody: see docs/adr/0013. Locks are taken as owners' memberships, the account,
then as each app's part says.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from importlib import import_module
from secrets import token_hex
from smtplib import SMTPException

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Role, User
from accounts.models.people import ERASED_DOMAIN
from accounts.rights.archive import archive
from accounts.rights.parts import Fate, linked, links, parts
from accounts.rights.selectors import hindrances
from ledger.errors import DomainError
from ledger.services import SYSTEM, Event, actor_of, record, record_many

logger = logging.getLogger(__name__)

SETTLE_TIME = timedelta(minutes=5)  # after which no request that began before the erasure is still at work


def data_download(*, user: User, by_operator: bool = False) -> Iterator[bytes]:
    """Record that the person's data is handed over; the archive, which is read while it is sent."""
    with transaction.atomic():
        record(
            kind="person.data_downloaded",
            actor=SYSTEM if by_operator else actor_of(user),
            subject=actor_of(user),
            data={"by": _by(by_operator)},
            simulated=user.is_simulated,
        )
    return archive(user)


def person_erase(*, user: User, by_operator: bool = False) -> bool:
    """Erase a person for good; whether this call did it. Again, it does nothing.

    Raises ``DomainError`` (409 ``erasure_hindered``) naming the projects that would be left without an owner.
    """
    with transaction.atomic():
        _lock_owners(user)
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if user.erased_at is not None:
            return False
        if found := hindrances(user):
            projects = [{"id": one.project_id, "name": one.project_name} for one in found]
            raise DomainError("erasure_hindered", " ".join(one.text for one in found), data={"projects": projects})
        address = "" if user.is_simulated else user.email
        actor = SYSTEM if by_operator else actor_of(user)
        left = [_left(membership, actor, user) for membership in user.memberships.order_by("pk")]
        for part in parts():
            if part.erase is not None:
                part.erase(user)
        _follow_links([user.pk])
        _empty(user)
        data = {"by": _by(by_operator)}
        record_many([*left, Event("person.erased", actor, actor_of(user), data=data, simulated=user.is_simulated)])
        if address:
            transaction.on_commit(partial(_tell, address), robust=True)
    return True


def sweep_erased() -> int:
    """Clear what requests that were under way stored about people who had just been erased; how many are done.

    Their sessions have been worthless since; here the rows go, which hold the address that was signed in with.
    """
    due = User.objects.filter(erased_at__lte=timezone.now() - SETTLE_TIME, swept_at=None)
    people = list(due.values_list("pk", flat=True)[:1000])
    if not people:
        return 0
    with transaction.atomic():
        _follow_links(people)
        _end_sessions(people)
        return User.objects.filter(pk__in=people, swept_at=None).update(swept_at=timezone.now())


def _by(by_operator: bool) -> str:
    return "operator" if by_operator else "self"


def _lock_owners(user: User) -> None:
    """Every owner of the person's own projects, in one order: two owners cannot both go at once."""
    owned = list(user.memberships.filter(role=Role.OWNER).values_list("project_id", flat=True))
    owners = Membership.objects.filter(project_id__in=owned, role=Role.OWNER)
    list(owners.select_for_update().order_by("pk").values_list("pk"))


def _left(membership: Membership, actor: str, user: User) -> Event:
    data = {"role": membership.role}
    return Event("member.removed", actor, actor_of(user), membership.project_id, data, user.is_simulated)


def _follow_links(people: list[int]) -> None:
    """Deal with every foreign key to these people as its app has decided."""
    for name, fate in links().items():
        column = linked(name)
        rows = column.model._default_manager.filter(**{f"{column.name}__in": people})
        if fate is Fate.GONE:
            rows.delete()
        elif fate is Fate.CUT:
            rows.update(**{column.name: None})


def _empty(user: User) -> None:
    """The account without the person. Last of all: changing the address waits for everybody who refers to the row."""
    user.erased_at = user.date_joined = timezone.now()
    user.email = f"erased-{token_hex(8)}{ERASED_DOMAIN}"
    user.display_name, user.last_login = "", None
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


def _end_sessions(people: Iterable[int]) -> None:
    """Sessions do not say whose they are without being read, so all are; a few microseconds each."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    gone = {str(pk) for pk in people}
    for session in Session.objects.iterator(chunk_size=1000):
        if session.get_decoded().get("_auth_user_id") in gone:
            store(session.session_key).delete()


def _tell(address: str) -> None:
    text = _(
        "Your account and everything in it that says who you are has been erased, as was asked for. The labels that "
        "you gave stay with their projects under a pseudonym that leads to nobody.\n\n"
        "If it was not you who asked for it, tell whoever runs %(site)s. This is the last message to this address.\n"
    )
    try:
        send_mail(_("Your account was erased"), text % {"site": settings.PUBLIC_URL}, None, [address])
    except (OSError, SMTPException):  # the text of the failure may hold the address, so it is not logged
        logger.warning("The mail that confirms an erasure could not be sent.")
