"""What monitors say at a run's checkpoint, and before a paused run goes on (``annotations.watching``)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from annotations.models import Run
from annotations.watching import Finding as Said
from fairness.models import Finding
from fairness.monitors.evaluating import annotator_name, in_force, label_names
from fairness.monitors.models import Whose
from fairness.monitors.promising import unpromised
from fairness.monitors.reading import MOST_PENDING, Judged, judge, state_of
from fairness.monitors.words import found_text, title_of, to_answer


def at_checkpoint(run: Run) -> Said:
    """Figures of the monitors that watch the run's model; an objection where one is certain, or asks to be looked at.

    Labels that the counters have not taken in yet are counted, so that the answer is about this very moment. The
    finding itself is written after the next fold.
    """
    monitors = [monitor for monitor in in_force(run.project_id) if monitor.whose == Whose.MODEL]
    if not monitors:
        return Said()
    names, who = label_names(run.project_id), annotator_name(run.annotator_id)
    figures: dict[str, Any] = {}
    objections = []
    for judged in judge(state_of(run.project_id, monitors, pending=MOST_PENDING), monitors, only=run.annotator_id):
        monitor, verdict = judged.monitor, judged.verdict
        figures[str(monitor.pk)] = {
            "measure": monitor.measure,
            "certain": verdict.certain,
            "plain": verdict.plain,
            "groups": list(verdict.groups),
            "tau": monitor.tau,
            "alpha": monitor.alpha,
            "beyond": verdict.beyond,
            "failed": judged.failed,
        }
        objections += _objection(judged, names, who)
    return Said(figures=figures, objection=" ".join(objections))


def _objection(judged: Judged, names: dict[str, str], who: str) -> list[str]:
    monitor, verdict = judged.monitor, judged.verdict
    if judged.past.open is not None:
        return [to_answer(judged.past.open)]
    if verdict.beyond:
        said = found_text(monitor, verdict.as_json() | {"ordered": unpromised(monitor)}, names, who)
        return [f"{said} {_('See Fairness → Monitors, and decide there.')}"]
    if judged.failed:
        text = _("A monitor could not be asked: %(what)s. Look at it under Fairness → Monitors, change or remove it, "
                 "then resume the run.")  # fmt: skip
        return [text % {"what": title_of(monitor, names, who)}]
    if monitor.at_checkpoints:
        text = _("A checkpoint that you asked to look at: %(what)s. Nothing is certain to be beyond the limit. Look at "
                 "Fairness → Monitors, then resume the run.")  # fmt: skip
        return [text % {"what": title_of(monitor, names, who)}]
    return []


def unanswered(run: Run) -> str:
    """Why a run may not be resumed: findings about its model that wait for the owner's decision."""
    waiting = Finding.objects.filter(project_id=run.project_id, annotator_id=run.annotator_id, is_open=True)
    finding = waiting.order_by("pk").first()
    if finding is None:
        return ""
    text = _("A monitor has found something about this model that nobody has answered yet, so the run would only be "
             "paused again.")  # fmt: skip
    return f"{text} {to_answer(finding)}"
