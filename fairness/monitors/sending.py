"""What an owner has done in the groups that a finding names: a sample of the items sent to experts, once, and more
labels of people collected."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import GroupDemand
from annotations.raising.services import group_raise
from annotations.services.holding import project_held
from annotations.settling.asking import cases_ask, labelled_sample
from fairness.models import Finding
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record

SAMPLE = 50  # items of each group


def finding_raise(*, finding: Finding, actor: User, group: str, more: int) -> GroupDemand:
    """Collect ``more`` labels of people for each item of one of the groups that the finding names; the caller sends
    ``demand_soon``.

    Raises ``DomainError``: 400 for another group or a number out of reach, 409 where the group gets more already, there
    are too many, or the project is closed.
    """
    if group not in finding.certificate["groups"]:
        text = _("The finding does not name this group.")
        raise invalid(text, fields={"group": [text]})
    return group_raise(
        project=finding.project,
        actor=actor,
        attribute=finding.monitor.attribute,
        group=group,
        more=more,
        finding=finding.pk,
    )


def finding_send(*, finding: Finding, actor: User) -> Finding:
    """Open cases for a sample of the items that show it: of each group that it names up to ``SAMPLE`` that have a label
    of whose labels it is about. Twice is once.

    Raises ``DomainError``: 409 where the project is closed, or none of the items has a label or is unsettled.
    """
    with transaction.atomic():
        project = project_held(finding.project)
        finding = Finding.objects.select_related("monitor").get(pk=finding.pk)
        if finding.sent:
            return finding
        attribute = finding.monitor.attribute
        parts = [{attribute: group} for group in finding.certificate["groups"]] or [{}]
        items: set[int] = set()
        for groups in parts:
            seed = f"finding:{finding.pk}:{sorted(groups.items())}"
            items.update(
                labelled_sample(project, groups=groups, most=SAMPLE, seed=seed, annotator_id=finding.annotator_id)
            )
        if not items:
            text = _("No item that could be sent was met: they are settled, have no label, or are very rare.")
            raise DomainError("nothing_to_send", text)
        cases_ask(project=project, item_ids=sorted(items))
        finding.sent = sorted(items)
        finding.save(update_fields=["sent"])
        record(
            kind="finding.sent",
            actor=actor_of(actor),
            subject=f"finding:{finding.pk}",
            project_id=project.pk,
            data={"monitor": finding.monitor_id, "items": finding.sent},
            simulated=actor.is_simulated,
        )
    return finding
