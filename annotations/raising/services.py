"""Asking for more labels of one group's items, and for no more; items follow in the background (docs/adr/0016)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import GroupDemand, Project
from annotations.models.raising import MOST_MORE
from annotations.projects.demand import demand_change
from annotations.raising.selectors import is_group
from annotations.services.holding import project_held
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record

MOST = 20  # groups of a project that get more labels at a time
LONGEST_GROUP = 200


def group_raise(
    *, project: Project, actor: User, attribute: str, group: str, more: int, finding: int | None = None
) -> GroupDemand:
    """Give every item of a group ``more`` labels than the project asks for; the caller sends ``demand_soon``.

    Items that are labelled from now on follow at once, the others in the background. Raises ``DomainError``: 400 with
    the fields at fault, 409 where the group gets more already, there are too many, or the project is closed.
    """
    group = group.strip()
    is_known = is_group(project, attribute, group)  # maybe a look at every item, so before anything is held
    with transaction.atomic():
        held = project_held(project)
        _check(held, attribute, group, more, is_known=is_known)
        if GroupDemand.objects.filter(project=held, ended_at__isnull=True).count() >= MOST:
            text = _("At most %(most)s groups can get more labels at a time. End another one first.")
            raise DomainError("too_many_groups", text % {"most": MOST})
        try:
            with transaction.atomic():
                made = GroupDemand.objects.create(
                    project=held, attribute=attribute, group=group, more=more, finding=finding, made_by=actor
                )
        except IntegrityError as error:
            if "group_demand_once_per_group" not in str(error):
                raise
            text = _("This group gets more labels already. End that first to ask for another number.")
            raise DomainError("already_raised", text) from None
        _changed(held, made, "demand.raised", actor)
    return made


def group_raise_end(*, demand: GroupDemand, actor: User) -> GroupDemand:
    """Ask for no more than of other items; labels that were given stay. A second time does nothing.

    Raises ``DomainError`` (409) where the project is closed.
    """
    with transaction.atomic():
        held = project_held(demand.project)
        demand = GroupDemand.objects.select_for_update(of=("self",)).get(pk=demand.pk)
        if demand.ended_at is None:
            demand.ended_at = timezone.now()
            demand.save(update_fields=["ended_at"])
            _changed(held, demand, "demand.raise_ended", actor)
    return demand


def _check(project: Project, attribute: str, group: str, more: int, *, is_known: bool) -> None:
    fields: dict[str, list[str]] = {}
    known = list(project.attributes.values_list("name", flat=True))
    if attribute not in known:
        text = _("Name one of the project's protected attributes: %(known)s.")
        fields["attribute"] = [text % {"known": ", ".join(known) or "–"}]
    if not 1 <= len(group) <= LONGEST_GROUP or "\x00" in group:
        fields["group"] = [_("Name a group.")]
    elif attribute in known and not is_known:
        fields["group"] = [_("No item of this project has this group. Write it as the list of groups does.")]
    if not 1 <= more <= MOST_MORE:
        fields["more"] = [_("Between 1 and %(most)s labels more.") % {"most": MOST_MORE}]
    if fields:
        raise invalid(" ".join(text for own in fields.values() for text in own), fields=fields)


def _changed(project: Project, demand: GroupDemand, kind: str, actor: User) -> None:
    """Every item is to be looked at again, by a version of the demand that is new; see ``projects.demand``."""
    demand_change(project=project, redundancy=project.redundancy, min_support=project.min_support)
    project.save(update_fields=["demand_version", "demand_changed_at"])
    record(
        kind=kind,
        actor=actor_of(actor),
        subject=f"project:{project.pk}",
        project_id=project.pk,
        data={
            "demand": demand.pk,
            "attribute": demand.attribute,
            "group": demand.group,
            "more": demand.more,
            "finding": demand.finding,
        },
        simulated=actor.is_simulated,
    )
