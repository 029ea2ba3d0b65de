"""Whether a monitor's α is promised: not where how people were given items may by itself bring about what it finds."""

from __future__ import annotations

from annotations.models import Project
from fairness.models import Monitor
from fairness.monitors.models import Measure, Whose
from fairness.selectors.certainty import Withheld, withheld_for
from fairness.selectors.wanted import PEOPLE


def unpromised(monitor: Monitor) -> str:
    """Why α is not promised of what a monitor finds, a value of ``Withheld``; empty where it is.

    Models take items in random order; where one is held beside people, it is what people were given that counts.
    """
    if monitor.whose == Whose.MODEL and monitor.measure not in (Measure.GAP, Measure.KAPPA):
        return ""
    found = withheld_for(monitor.project, monitor.attribute, PEOPLE)
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
