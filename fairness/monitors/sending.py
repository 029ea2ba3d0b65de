"""Sending items that show a finding to experts: cases for a sample of the groups that it names, once."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.services.holding import project_held
from annotations.settling.asking import cases_ask, labelled_sample
from fairness.models import Finding
from ledger.errors import DomainError
from ledger.services import actor_of, record

SAMPLE = 50  # items of each group


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
