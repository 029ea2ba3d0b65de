"""What else has a say at a run's checkpoints, and before it goes on after a pause: checks and gates that other apps
register, so that runs need not know of them.

They are registered once, when their app is ready, as is who wants to know of pauses and changed groups::

    watching.register("disparity", disparity_at_checkpoint)
    watching.register_gate("disparity", unanswered_disparity)
    watching.register_listener("disparity", paused=owners_tell, regrouped=groups_changed)
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.models import Regrouping, Run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """What a check saw: ``figures`` (JSON) are kept with the checkpoint; a non-empty ``objection`` pauses the run.

    An objection says what happened, why, and what to do.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    objection: str = ""


# Called in the transaction that stores the checkpoint, with the run's row locked: it must be quick and change nothing.
Check = Callable[[Run], Finding]
_checks: dict[str, Check] = {}
# Why a paused run may not go on yet, or nothing: called before it is resumed.
Gate = Callable[[Run], str]
_gates: dict[str, Gate] = {}
# What is to be done where a run paused at a checkpoint, and where groups of items changed.
_listeners: dict[str, tuple[Callable[[Run], None], Callable[[Regrouping], None]]] = {}


def register(name: str, check: Check) -> None:
    """Ask ``check`` at every checkpoint of every run. Raises ``ValueError`` where the name is taken by another."""
    if _checks.get(name, check) is not check:
        raise ValueError(f"Another check is registered as {name!r}.")
    _checks[name] = check


def unregister(name: str) -> None:
    """Ask it no more."""
    _checks.pop(name, None)


def register_gate(name: str, gate: Gate) -> None:
    """Ask ``gate`` before a run is resumed. Raises ``ValueError`` where the name is taken by another."""
    if _gates.get(name, gate) is not gate:
        raise ValueError(f"Another gate is registered as {name!r}.")
    _gates[name] = gate


def register_listener(name: str, *, paused: Callable[[Run], None], regrouped: Callable[[Regrouping], None]) -> None:
    """Call ``paused`` where a run pauses at a checkpoint, ``regrouped`` where all items follow a change of groups: in
    the transaction of each. Raises ``ValueError`` where the name is taken by another."""
    if _listeners.get(name, (paused, regrouped)) != (paused, regrouped):
        raise ValueError(f"Another listener is registered as {name!r}.")
    _listeners[name] = (paused, regrouped)


def run_paused(run: Run) -> None:
    """Say that a run paused at its last checkpoint."""
    for paused, _regrouped in _listeners.values():
        paused(run)


def groups_changed(regrouping: Regrouping) -> None:
    """Say that all items follow a change of groups."""
    for _paused, regrouped in _listeners.values():
        regrouped(regrouping)


def held_back(run: Run) -> str:
    """Why the run may not go on yet, in sentences; empty where nothing holds it back."""
    return " ".join(reason for gate in _gates.values() if (reason := gate(run)))


def findings(run: Run) -> dict[str, Finding]:
    """What every check says of the run now. One that fails objects: an owner relies on being watched."""
    found = {}
    for name, check in _checks.items():
        try:
            with transaction.atomic():
                found[name] = check(run)
        except Exception:
            logger.exception("The check %s failed at a checkpoint of run %s.", name, run.pk)
            text = _("The check “%(name)s” failed, so nobody watches it. See the worker's log, then resume the run.")
            found[name] = Finding(objection=text % {"name": name})
    return found
