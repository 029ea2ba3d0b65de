"""Whether a monitor's α is promised: not where how people were given items may by itself bring about what it finds."""

from __future__ import annotations

from collections.abc import Iterable

from annotations.models import Project
from fairness.models import Monitor
from fairness.monitors.models import Measure, Whose
from fairness.selectors.certainty import Withheld, withheld_for
from fairness.selectors.wanted import PEOPLE


def unpromised(monitor: Monitor) -> str:
    """Why α is not promised of what a monitor finds, a value of ``Withheld``; empty where it is.

    Models take items in random order; where one is held beside people, it is what people were given that counts.
    """
    return _reason(monitor, withheld_for(monitor.project, monitor.attribute, PEOPLE)) if _of_people(monitor) else ""


def unpromised_of(project: Project, monitors: Iterable[Monitor]) -> dict[int, str]:
    """The same of many monitors of a project: each attribute is looked at once."""
    monitors = [monitor for monitor in monitors if _of_people(monitor)]
    found = {name: withheld_for(project, name, PEOPLE) for name in {monitor.attribute for monitor in monitors}}
    return {monitor.pk: _reason(monitor, found[monitor.attribute]) for monitor in monitors}


def _of_people(monitor: Monitor) -> bool:
    return monitor.whose != Whose.MODEL or monitor.measure in (Measure.GAP, Measure.KAPPA)


def _reason(monitor: Monitor, found: Withheld | None) -> str:
    if found is None or (found is Withheld.DEPTH and monitor.measure == Measure.GAP):
        return ""  # a gap takes the first label of each item, however many there are
    return found.value


def unpromised_in(project: Project) -> str:
    """Why α is promised of nothing that people say, whatever is watched; empty where it may be."""
    found = withheld_for(project, "", PEOPLE)
    return found.value if found in (Withheld.ORDER, Withheld.DEPTH) else ""


def no_promise(reason: str | bool) -> str:
    """The reason in a sentence; findings of before there were several say ``True`` of an order by priority."""
    why = Withheld.ORDER if reason is True else Withheld(str(reason))
    return why.no_promise
