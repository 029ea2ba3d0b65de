"""A project's life: draft, active, paused, closed, archived; and joining one that is open to all."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, Role, User
from accounts.services.members import member_add, member_remove
from annotations.launch.selectors import unanswered
from annotations.models import FINISHED, Assignment, AssignmentStatus, Project, ProjectStatus
from annotations.models.runs import ACTIVE_RUN
from annotations.services.holding import project_locked
from ledger.errors import DomainError, invalid, not_found
from ledger.services import SYSTEM, actor_of, record

# What may follow what. A closed project is reopened as paused: nothing is served before its owner has looked. An
# archived one is closed and out of the lists; it comes back as closed.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    ProjectStatus.DRAFT: (ProjectStatus.ACTIVE, ProjectStatus.CLOSED),
    ProjectStatus.ACTIVE: (ProjectStatus.PAUSED, ProjectStatus.CLOSED),
    ProjectStatus.PAUSED: (ProjectStatus.ACTIVE, ProjectStatus.CLOSED),
    ProjectStatus.CLOSED: (ProjectStatus.PAUSED, ProjectStatus.ARCHIVED),
    ProjectStatus.ARCHIVED: (ProjectStatus.CLOSED,),
}


def project_set_status(*, project: Project, actor: User, status: str) -> Project:
    """Take the project to another status; to the one it has is no change and no event.

    Closing waits for work that is under way: open leases and unfinished model runs. Raises ``DomainError`` 400 for an
    unknown status, 409 where it cannot follow.
    """
    if status not in ProjectStatus.values:
        message = _("Choose one of these: %(known)s.") % {"known": ", ".join(ProjectStatus.values)}
        raise invalid(message, fields={"status": [message]})
    with transaction.atomic():
        project = project_locked(project)
        before = project.status
        if before == status:
            return project
        if status not in TRANSITIONS[before]:
            text = _("A project that is %(before)s cannot become %(after)s. Next can be: %(next)s.")
            names = {"before": before, "after": status, "next": ", ".join(TRANSITIONS[before])}
            raise DomainError("status_cannot_follow", text % names)
        if status == ProjectStatus.CLOSED:
            refuse_while_working(project)
        project.status = status
        project.save(update_fields=["status"])
        record(
            kind="project.status_changed",
            actor=actor_of(actor),
            subject=f"project:{project.pk}",
            project_id=project.pk,
            data={"before": before, "after": status},
            simulated=actor.is_simulated,
        )
    return project


def project_pause(*, project_id: int, why: str) -> bool:
    """The platform pauses an active project, in the caller's transaction; whether it was active. ``why`` goes to the
    ledger."""
    project = project_locked(Project(pk=project_id))
    if project.status != ProjectStatus.ACTIVE:
        return False
    project.status = ProjectStatus.PAUSED
    project.save(update_fields=["status"])
    data = {"before": str(ProjectStatus.ACTIVE), "after": str(ProjectStatus.PAUSED), "why": why}
    record(
        kind="project.status_changed",
        actor=SYSTEM,
        subject=f"project:{project.pk}",
        project_id=project.pk,
        data=data,
    )
    return True


def refuse_while_working(project: Project) -> None:
    """Raises ``DomainError`` (409) while somebody holds an item or a model run is unfinished."""
    leases = Assignment.objects.filter(project=project, status=AssignmentStatus.LEASED).count()
    if leases:
        text = ngettext(
            "%(count)d item is being labelled right now. Pause the project, wait until that label is in or its time "
            "has run out, then try again.",
            "%(count)d items are being labelled right now. Pause the project, wait until those labels are in or their "
            "time has run out, then try again.",
            leases,
        )
        raise DomainError("leases_open", text % {"count": leases}, data={"leases": leases})
    run = project.runs.filter(status__in=ACTIVE_RUN).first()
    if run is not None:
        text = _("Model run %(run)d is not finished. Let it finish or cancel it, then try again.")
        raise DomainError("run_unfinished", text % {"run": run.pk}, data={"run": run.pk})


def status_warnings(project: Project) -> list[str]:
    """What an owner should know: why an active project cannot work yet, what is still to be answered before launch."""
    if project.status in FINISHED:
        return []
    warnings = _obstacles(project) if project.status == ProjectStatus.ACTIVE else []
    if missing := unanswered(project):
        text = ngettext(
            "%(count)d question of the bias checklist has no answer yet: see Settings → Bias checklist.",
            "%(count)d questions of the bias checklist have no answer yet: see Settings → Bias checklist.",
            missing,
        )
        warnings.append(text % {"count": missing})
    return warnings


def _obstacles(project: Project) -> list[str]:
    obstacles = []
    if not project.items.exists():
        obstacles.append(_("There are no items yet, so there is nothing to label. Import some."))
    if not project.memberships.filter(role=Role.WORKER).exists() and not project.is_open:
        obstacles.append(_("Nobody can label yet. Invite workers, or let anyone signed in join."))
    return obstacles


def project_join(*, project: Project, user: User) -> tuple[Membership, bool]:
    """(membership, whether it is new): become a worker of an open, active project. A member keeps the role.

    Raises ``DomainError`` (409) where the project has closed its door meanwhile.
    """
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        known = project.memberships.filter(user=user).first()
        if known is not None:
            return known, False
        if not project.is_open or project.status != ProjectStatus.ACTIVE:
            raise DomainError(
                "not_open", _("This project takes no new people now. Look for another, or ask its owner.")
            )
        return member_add(project_id=project.pk, user=user, role=Role.WORKER, actor=user, how="open")


def project_leave(*, project: Project, user: User) -> None:
    """Give up one's own membership; labels stay. Raises ``DomainError`` 404, or 409 for the last owner."""
    with transaction.atomic():
        membership = project.memberships.filter(user=user).first()
        if membership is None:
            raise not_found("The project")
        member_remove(project_id=project.pk, member_id=membership.pk, actor=user)
