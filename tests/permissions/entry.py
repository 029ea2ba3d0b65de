"""What a table says about one address, and the objects that stand in the addresses.

A line of expectations is six status codes, in the order of ``ROLES``::

    "project_settings": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),

A verb that is not named must be answered 405 to everybody who is signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import ApiToken, Invitation, Membership
from accounts.services.invitations import invitation_create
from accounts.services.tokens import token_create
from annotations.access import Access, annotator_of
from annotations.labelling.services import submit
from annotations.models import Annotator, Assignment, Case, ImportJob, Item, Run
from llm_workers.models import ModelAnnotator, ModelVersion, PromptVersion, RunPlan
from tests.factories import Cast, add_label, make_annotator, make_items

ROLES = ("nobody", "stranger", "worker", "expert", "auditor", "owner")
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass
class World:
    """One project with something of everything. The assignment is the worker's, the token the owner's."""

    cast: Cast
    item: Item
    assignment: Assignment
    case: Case
    run: Run
    member: Membership
    invitation: Invitation
    link: str
    token: ApiToken

    def person(self, role: str) -> Any:
        names = {"stranger": "stan", "worker": "wanda", "expert": "edgar", "auditor": "audrey", "owner": "olivia"}
        return getattr(self.cast, names[role]) if role in names else None


def make_world(cast: Cast) -> World:
    items = make_items(cast.project, 3)
    for value in ("keep", "remove"):
        add_label(items[0], make_annotator(cast.project), value)
    invitation, link = invitation_create(
        project_id=cast.project.pk,
        actor=cast.olivia,
        role="worker",
        expires_at=timezone.now() + timedelta(days=1),
        max_uses=9,
    )
    token, _secret = token_create(user=cast.olivia, name="nightly", scopes=["read"])
    return World(
        cast=cast,
        item=items[0],
        assignment=_lease(cast, items[1]),
        case=Case.objects.get(item=items[0]),
        run=_run(cast),
        member=Membership.objects.get(user=cast.walt),
        invitation=invitation,
        link=link,
        token=token,
    )


def _run(cast: Cast) -> Run:
    now = timezone.now()
    annotator = make_annotator(cast.project, kind="model")
    model = ModelVersion.objects.create(name="small", first_seen_at=now, last_seen_at=now)
    prompt = PromptVersion.objects.create(project=cast.project, schema=cast.schema, text="Which?", hash="0" * 64)
    ModelAnnotator.objects.create(annotator=annotator, model=model, prompt=prompt)
    run = Run.objects.create(
        project=cast.project, annotator=annotator, schema=cast.schema, started_by=cast.olivia, status="running"
    )
    RunPlan.objects.create(run=run)
    return run


def _lease(cast: Cast, item: Item) -> Assignment:
    annotator: Annotator = annotator_of(
        Access(cast.project, cast.project.memberships.get(user=cast.wanda).role, cast.wanda)
    )
    now = timezone.now()
    return Assignment.objects.create(
        project=cast.project,
        item=item,
        annotator=annotator,
        schema=cast.schema,
        leased_at=now,
        expires_at=now + timedelta(minutes=10),
    )


def none(world: World) -> list[Any]:
    return []


def project(world: World) -> list[Any]:
    return [world.cast.project.pk]


def item(world: World) -> list[Any]:
    return [world.item.pk]


def assignment(world: World) -> list[Any]:
    return [world.assignment.pk]


def own_label(world: World) -> list[Any]:
    """A label that the worker gave."""
    label = world.assignment.annotations.first()
    if label is None:
        annotator = world.assignment.annotator
        label = submit(annotator=annotator, assignment_id=world.assignment.pk, value="keep").annotation
    return [world.cast.project.pk, label.pk]


def case(world: World) -> list[Any]:
    return [world.case.pk]


def run(world: World) -> list[Any]:
    return [world.run.pk]


def job(world: World) -> list[Any]:
    """An upload that waits for its column mapping."""
    name = default_storage.save("imports/matrix.csv", ContentFile(b"text,religion\nGood morning,none\n"))
    made = ImportJob.objects.create(
        project=world.cast.project,
        created_by=world.cast.olivia,
        filename="messages.csv",
        format="csv",
        status="mapping",
        stored_as=name,
    )
    return [made.pk]


def member(world: World) -> list[Any]:
    return [world.cast.project.pk, world.member.pk]


def invitation(world: World) -> list[Any]:
    return [world.cast.project.pk, world.invitation.pk]


def link(world: World) -> list[Any]:
    return [world.link]


def token(world: World) -> list[Any]:
    return [world.token.pk]


@dataclass
class Entry:
    """One address. ``send`` maps a verb to its body. ``foreign``: a library's; its other verbs are its own affair."""

    arguments: Callable[[World], list[Any] | dict[str, Any]] = none
    GET: str = ""
    POST: str = ""
    PUT: str = ""
    PATCH: str = ""
    DELETE: str = ""
    send: dict[str, dict[str, Any]] = field(default_factory=dict)
    foreign: bool = False

    def expected(self, verb: str) -> dict[str, int] | None:
        """Role → status; None where the address does not know the verb."""
        line = getattr(self, verb)
        if not line:
            return None
        codes = [int(code) for code in line.split()]
        if len(codes) != len(ROLES):
            raise ValueError(f"{line!r} does not have one status for each of {', '.join(ROLES)}.")
        return dict(zip(ROLES, codes, strict=True))
