"""Setting limits, changing and removing them, and deciding about what they found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.models import Project, WebhookEvent
from annotations.services.holding import project_held
from annotations.steering import runs_resume
from annotations.task_types.base import label_keys
from annotations.webhooks.services import announce
from fairness.metrics import MOST_GROUPS
from fairness.models import Decision, Finding, Monitor
from fairness.monitors.measures import labels_in
from fairness.monitors.models import (
    ASK_AGAIN,
    LONGEST_TEXT,
    MEASURES_OF,
    MOST_ASK_AGAIN,
    WITH_GROUPS,
    WITH_LABEL,
    WITH_TRUTH,
    Action,
    Measure,
    Truth,
    Whose,
)
from fairness.monitors.naming import enough_groups, groups_are_moving, groups_by_attribute
from fairness.services.live import live_moved
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record

QUESTION = ("measure", "whose", "attribute", "label", "truth")  # what makes a monitor the one that it is
CHANGEABLE = ("tau", "alpha", "at_checkpoints", "pause_labelling")
FIELDS = (*QUESTION, *CHANGEABLE)
MOST = 30  # monitors of one project


def monitor_draft(*, project: Project, values: Mapping[str, Any]) -> Monitor:
    """A monitor as it would be, unsaved: checked, with what its measure has no use for left out, and its groups named
    where all are there.

    Raises ``DomainError`` (400) with the fields at fault.
    """
    monitor = Monitor(project=project, **{name: values[name] for name in FIELDS if name in values})
    measure = monitor.measure
    _check_choice("measure", measure, Measure.values)
    whose = [str(one) for one in MEASURES_OF[Measure(measure)]]
    if len(whose) == 1:
        monitor.whose = whose[0]
    _check_choice("whose", monitor.whose, whose)
    monitor.label = monitor.label if measure in WITH_LABEL else ""
    monitor.truth = monitor.truth if measure in WITH_TRUTH else Truth.GOLD
    _check_choice("truth", monitor.truth, Truth.values)
    _check_audit(monitor)
    if monitor.attribute or measure in WITH_GROUPS:
        _check_choice("attribute", monitor.attribute, list(project.attributes.values_list("name", flat=True)))
        monitor.groups = [] if groups_are_moving(project.pk) else _groups(monitor)
    if measure in WITH_LABEL:
        _check_choice("label", monitor.label, label_keys(project.schemas.get(is_current=True).config))
    _check_numbers(monitor)
    _check_flags(monitor)
    return monitor


def _groups(monitor: Monitor) -> list[str]:
    """Those that can be watched together; none, to be named later, where there are not enough yet."""
    groups = groups_by_attribute(monitor.project_id).get(monitor.attribute, [])
    if len(groups) > MOST_GROUPS:
        text = _("“%(attribute)s” has %(number)s groups; at most %(most)s can be watched together.")
        text %= {"attribute": monitor.attribute, "number": len(groups), "most": MOST_GROUPS}
        raise invalid(text, fields={"attribute": [text]})
    return groups if enough_groups(monitor.measure, groups) else []


def _check_choice(name: str, value: str, known: list[str]) -> None:
    if value not in known:
        text = _("Choose one of these: %(known)s.") % {"known": ", ".join(map(str, known)) or "–"}
        raise invalid(text, fields={name: [text]})


def _check_numbers(monitor: Monitor) -> None:
    for name, low in (("alpha", False), ("tau", True)):
        value = getattr(monitor, name)
        if not math.isfinite(value) or not (0 < value < 1 or (low and value == 0)):
            text = _("Give a number from 0 to 1, without 1.") if low else _("Give a number between 0 and 1.")
            raise invalid(text, fields={name: [text]})


def _check_flags(monitor: Monitor) -> None:
    if monitor.at_checkpoints and monitor.whose != Whose.MODEL:
        text = _("Only model runs have checkpoints.")
        raise invalid(text, fields={"at_checkpoints": [text]})


def _check_audit(monitor: Monitor) -> None:
    if monitor.truth == Truth.AUDIT and monitor.whose == Whose.CONSENSUS:
        text = _("Where an expert has settled, the consensus is the expert’s own. Watch people’s consensus or models.")
        raise invalid(text, fields={"whose": [text]})


def monitor_add(*, project: Project, actor: User, values: Mapping[str, Any]) -> Monitor:
    """Watch a project by a new limit. Raises ``DomainError``: 400 for what cannot be watched, 409 where it is watched
    already, there are too many, or the project is closed."""
    with transaction.atomic():
        project = project_held(project)
        if Monitor.objects.filter(project=project, removed_at__isnull=True).count() >= MOST:
            text = _("A project has at most %(most)s monitors. Remove one first.")
            raise DomainError("too_many_monitors", text % {"most": MOST})
        monitor = monitor_draft(project=project, values=values)
        monitor.created_by, monitor.renewed = actor, _promises_before(monitor)
        try:
            with transaction.atomic():
                monitor.save()
        except IntegrityError as error:
            if "monitor_once_per_question" not in str(error):
                raise
            text = _("A monitor watches this already. Change its limit instead.")
            raise DomainError("monitor_exists", text) from None
        live_moved(project.pk)
        _record(monitor, "monitor.added", actor, {name: getattr(monitor, name) for name in (*FIELDS, "groups")})
    return monitor


def _promises_before(monitor: Monitor) -> int:
    """How often the same was watched before: each time with an α of its own."""
    asked = {name: getattr(monitor, name) for name in QUESTION}
    earlier = Monitor.objects.filter(project=monitor.project, removed_at__isnull=False, **asked)
    return sum(renewed + 1 for renewed in earlier.values_list("renewed", flat=True))


def monitor_change(*, monitor: Monitor, actor: User, values: Mapping[str, Any], groups_anew: bool = False) -> Monitor:
    """Change the limit or what follows from it; ``groups_anew``: watch the groups that the items have now.

    What is watched stays: that is another monitor. Raises ``DomainError``: 400 for a number out of range, 409 where it
    is removed, the project is closed, or groups are to be named while they are moving.
    """
    with transaction.atomic():
        project = project_held(Project(pk=monitor.project_id))
        monitor = Monitor.objects.select_for_update(of=("self",)).select_related("project").get(pk=monitor.pk)
        if monitor.removed_at is not None:
            raise DomainError("monitor_removed", _("This monitor was removed. Add it again."))
        names = (*CHANGEABLE, "groups")
        before = {name: getattr(monitor, name) for name in names}
        for name in CHANGEABLE:
            setattr(monitor, name, values.get(name, before[name]))
        if groups_anew and monitor.attribute:
            if groups_are_moving(project.pk):
                text = _("Items are still coming in, or their groups are being changed. Name them in a moment.")
                raise DomainError("still_at_work", text)
            monitor.groups = _groups(monitor)
        _check_numbers(monitor)
        _check_flags(monitor)
        changed = {name: getattr(monitor, name) for name in names if getattr(monitor, name) != before[name]}
        if changed:
            named_anew = before["groups"] and "groups" in changed
            if named_anew or monitor.alpha > before["alpha"]:
                monitor.since, monitor.renewed = timezone.now(), monitor.renewed + 1
            monitor.save(update_fields=[*changed, "since", "renewed"])
            live_moved(project.pk)
            _record(monitor, "monitor.changed", actor, {"before": {name: before[name] for name in changed}, **changed})
    return monitor


def monitor_remove(*, monitor: Monitor, actor: User) -> None:
    """Watch by it no more; what it found stays, and what waits for a decision waits no longer. Twice is once."""
    with transaction.atomic():
        locked = Monitor.objects.select_for_update(of=("self",)).get(pk=monitor.pk)
        if locked.removed_at is not None:
            return
        locked.removed_at = timezone.now()
        locked.save(update_fields=["removed_at"])
        dropped = list(locked.findings.filter(is_open=True).values_list("pk", flat=True))
        locked.findings.filter(is_open=True).update(is_open=False)
        live_moved(locked.project_id)
        _record(locked, "monitor.removed", actor, {"findings_dropped": dropped})


def finding_decide(
    *,
    finding: Finding,
    actor: User,
    action: str,
    reason: str = "",
    resume: bool = False,
    ask_again: int = ASK_AGAIN,
) -> Decision:
    """Answer a finding, once: accept it with a reason, or say what is done about it. ``resume``: let the runs that
    were paused for it go on.

    Who accepts accepts what was certain, for good: only something certainly worse is found again. A remedy has it let
    be for ``ask_again`` more labels, and asked about then. Raises ``DomainError``: 400 for an unknown action, a missing
    reason or a number out of range, 409 where it is answered already.
    """
    reason = reason.strip()
    _check_choice("action", action, Action.values)
    if not 1 <= ask_again <= MOST_ASK_AGAIN:
        text = _("Give a number of labels from 1 to %(most)s.") % {"most": MOST_ASK_AGAIN}
        raise invalid(text, fields={"ask_again": [text]})
    _check_reason(reason, needed=action == Action.ACCEPT or resume)
    with transaction.atomic():
        locked = Finding.objects.select_for_update(of=("self",)).select_related("monitor").get(pk=finding.pk)
        if not locked.is_open:
            raise DomainError("finding_answered", _("This finding was answered already. Reload the page to see how."))
        locked.is_open = False
        locked.save(update_fields=["is_open"])
        until = None
        if action != Action.ACCEPT:
            until = labels_in(locked.monitor.measure, locked.certificate["table"]) + ask_again
        decision = Decision.objects.create(
            finding=locked, action=action, reason=reason, until=until, made_by=actor, made_at=timezone.now()
        )
        data = {"monitor": locked.monitor_id, "action": action, "reason": reason, "resume": resume, "until": until}
        live_moved(locked.project_id)
        record(
            kind="finding.decided",
            actor=actor_of(actor),
            subject=f"finding:{locked.pk}",
            project_id=locked.project_id,
            data=data,
            simulated=actor.is_simulated,
        )
        announce(
            project_id=locked.project_id,
            event=WebhookEvent.FINDING_DECIDED,
            key=f"finding.decided:{locked.pk}",
            data={"finding": locked.pk, **data},
        )
    if resume:
        # On its own: a run that cannot go on does not undo the decision.
        decision.resumed = runs_resume(run_ids=locked.runs, by=actor)
        decision.save(update_fields=["resumed"])
    return decision


def _check_reason(reason: str, *, needed: bool) -> None:
    if len(reason) > LONGEST_TEXT:
        text = _("A reason has at most %(most)s characters.") % {"most": LONGEST_TEXT}
        raise invalid(text, fields={"reason": [text]})
    if needed and not reason:
        text = _("Write why: it goes on record.")
        raise invalid(text, fields={"reason": [text]})


def _record(monitor: Monitor, kind: str, actor: User, data: Mapping[str, Any]) -> None:
    record(
        kind=kind,
        actor=actor_of(actor),
        subject=f"monitor:{monitor.pk}",
        project_id=monitor.project_id,
        data={name: str(value) if isinstance(value, str) else value for name, value in data.items()},
        simulated=actor.is_simulated,
    )
