"""The only way to a project and what is in it for code that serves people: strangers get 404, too low a role 403."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from accounts.models import Membership, Role
from accounts.rows import Joined
from annotations.models import (
    Annotator,
    AnnotatorOrigin,
    Assignment,
    Case,
    GroupDemand,
    ImportJob,
    Item,
    Project,
    ProjectStatus,
    QualityRules,
    Run,
    Standing,
)
from ledger.errors import DomainError, forbidden, not_found

T = TypeVar("T", bound=Model)

OWNER = frozenset({Role.OWNER})
READERS = frozenset({Role.OWNER, Role.AUDITOR})  # everything but personal data, nothing changed
EXPERTS = frozenset({Role.OWNER, Role.EXPERT})
STAFF = frozenset({Role.OWNER, Role.EXPERT, Role.AUDITOR})  # those who may see other people's labels, without names
WORKERS = frozenset({Role.WORKER})
MEMBERS = frozenset(Role)

MEMBERSHIP = Joined(
    "membership_of",
    "FROM accounts_membership member JOIN annotations_project project ON project.id = member.project_id"
    " WHERE member.project_id = %(project)s AND member.user_id = %(user)s",
    {"project": "bigint", "user": "bigint"},
    member=Membership,
    project=Project,
)
OWN_ASSIGNMENT = Joined(
    "assignment_own",
    "FROM annotations_assignment lease JOIN annotations_annotator worker ON worker.id = lease.annotator_id"
    " JOIN accounts_membership member ON member.project_id = lease.project_id AND member.user_id = worker.user_id"
    " JOIN annotations_project project ON project.id = lease.project_id"
    " WHERE lease.id = %(assignment)s AND worker.user_id = %(user)s",
    {"assignment": "bigint", "user": "bigint"},
    lease=Assignment,
    worker=Annotator,
    member=Membership,
    project=Project,
)


@dataclass(frozen=True)
class Access:
    """A project as one person may see it."""

    project: Project
    role: Role
    user: Any

    @property
    def can_manage(self) -> bool:
        return self.role == Role.OWNER


def projects_of(user: Any) -> QuerySet[Project]:
    """The projects that a person is a member of, and the open ones that they may join."""
    if not user.is_authenticated:
        return Project.objects.none()
    return Project.objects.filter(Q(memberships__user=user) | Q(is_open=True, status=ProjectStatus.ACTIVE)).distinct()


def project_open_to(user: Any, project_id: int) -> Project:
    """A project that the person may join, or is in; raises ``DomainError`` (404) for any other."""
    project = projects_of(user).filter(pk=project_id).first()
    if project is None:
        raise not_found("The project")
    return project


def project_access(user: Any, project_id: int, allowed: frozenset[Role] = MEMBERS) -> Access:
    """The project, if ``user`` is a member in one of the ``allowed`` roles; raises ``DomainError`` 404 or 403."""
    if not user.is_authenticated:
        raise not_found("The project")
    found = MEMBERSHIP.one(project=project_id, user=user.pk)
    if found is None:
        raise not_found("The project")
    membership, project = found
    if membership.role not in allowed:
        wanted = " or ".join(sorted(str(Role(role).label).lower() for role in allowed))
        raise forbidden(f"This needs the role {wanted} in the project. Ask the project's owner for it.", "role_too_low")
    return Access(project=project, role=Role(membership.role), user=user)


def item_access(user: Any, item_id: int, allowed: frozenset[Role] = STAFF) -> tuple[Access, Item]:
    item = Item.objects.filter(pk=item_id).first()
    return access_through(user, item, "The item", allowed), item  # type: ignore[return-value]


def run_access(user: Any, run_id: int, allowed: frozenset[Role] = READERS) -> tuple[Access, Run]:
    run = Run.objects.select_related("annotator", "schema").filter(pk=run_id).first()
    return access_through(user, run, "The run", allowed), run  # type: ignore[return-value]


def import_access(user: Any, job_id: int, allowed: frozenset[Role] = READERS) -> tuple[Access, ImportJob]:
    job = ImportJob.objects.select_related("dataset").filter(pk=job_id).first()
    return access_through(user, job, "The import", allowed), job  # type: ignore[return-value]


def case_access(user: Any, case_id: int, allowed: frozenset[Role] = STAFF) -> tuple[Access, Case]:
    case = Case.objects.select_related("item").filter(pk=case_id).first()
    return access_through(user, case, "The case", allowed), case  # type: ignore[return-value]


def assignment_access(user: Any, assignment_id: int) -> tuple[Access, Assignment]:
    """A worker's own assignment: another worker cannot tell it from a missing one."""
    found = OWN_ASSIGNMENT.one(assignment=assignment_id, user=user.pk) if user.is_authenticated else None
    if found is None or found[2].role not in WORKERS:
        access_through(user, Assignment.objects.filter(pk=assignment_id).first(), "The assignment", WORKERS)
        raise not_found("The assignment")
    assignment, assignment.annotator, membership, project = found
    assignment.project = assignment.annotator.project = project
    return Access(project=project, role=Role(membership.role), user=user), assignment


def found_in(
    user: Any, project_id: int, rows: QuerySet[T, T], pk: int, what: str, allowed: frozenset[Role]
) -> tuple[Access, T]:
    """One of ``rows`` in a project that its address names too; raises ``DomainError`` (404) where it is not there."""
    access = project_access(user, project_id, allowed)
    found = rows.filter(project=access.project, pk=pk).first()
    if found is None:
        raise not_found(what)
    found.project = access.project  # type: ignore[attr-defined]
    return access, found


def group_demand_access(
    user: Any, project_id: int, demand_id: int, allowed: frozenset[Role]
) -> tuple[Access, GroupDemand]:
    """That a group gets more labels; also where that has ended."""
    return found_in(user, project_id, GroupDemand.objects.all(), demand_id, "The demand", allowed)


def access_through(user: Any, thing: Any, what: str, allowed: frozenset[Role]) -> Access:
    """Access to the project of ``thing``; a stranger cannot tell a missing object from somebody else's."""
    try:
        if thing is None:
            raise not_found(what)
        return project_access(user, thing.project_id, allowed)
    except DomainError as error:
        raise not_found(what) if error.status == 404 else error from None


def annotator_of(access: Access) -> Annotator:
    """The person's annotator in this project, made on first use."""
    origin = AnnotatorOrigin.SIMULATED if access.user.is_simulated else AnnotatorOrigin.PLATFORM
    found = Annotator.objects.filter(project=access.project, user=access.user).first()
    if found is not None:
        return found
    quiz = QualityRules.objects.filter(project=access.project, quiz_questions__gt=0).exists()
    standing = Standing.TRAINING if quiz else Standing.ACTIVE
    annotator, _ = Annotator.objects.get_or_create(
        project=access.project, user=access.user, defaults={"kind": "human", "origin": origin, "standing": standing}
    )
    return annotator
