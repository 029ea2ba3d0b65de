"""What the audit pages print: figures as words, the Pareto plot, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.drawing import Scale, Tick, limit
from fairness.audits.leaderboard import Entry, Figure, Limits, figure_of
from fairness.metrics import Reason
from fairness.presenting import texts
from fairness.presenting.links import Counts

MEASURE_NAMES = {
    "odds": gettext_lazy("Equalized odds"),
    "opportunity": gettext_lazy("Equal opportunity"),
    "parity": gettext_lazy("Demographic parity"),
    "flips": gettext_lazy("Flips"),
}
# The template fairness/audits/pareto.html writes these.
LEFT, RIGHT, TOP, BOTTOM = 44, 348, 28, 252
LIMITS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
SMALLEST, LARGEST = 4.0, 10.0  # radius of a marker: the third reading, cost
GIB = 1024**3


@dataclass(frozen=True)
class Shown:
    """A figure as text: ``value`` with its ``interval``, or why there is none."""

    value: str = ""
    interval: str = ""
    missing: str = ""
    note: str = ""
    counts: Counts = ()  # what it rests on, with the answers behind it

    @property
    def text(self) -> str:
        return self.value or "–"


def share(figure: Figure, places: int = 1) -> Shown:
    return _shown(figure, lambda value: texts.percent(value, places))


def difference(figure: Figure) -> Shown:
    """A disparity in percentage points, with the attribute whose groups differ most."""
    return _shown(figure, lambda value: texts.points(value, 1), note=figure.attribute)


def plain(figure: Figure, places: int = 3) -> Shown:
    return _shown(figure, lambda value: texts.number(value, places))


def _shown(figure: Figure, form: Any, note: str = "") -> Shown:
    if figure.value is None:
        return Shown(missing=why(figure))
    return Shown(form(figure.value), texts.interval(figure.low, figure.high, form), note=note)


def why(figure: Figure) -> str:
    """Why a figure is missing."""
    known = {reason.value: reason for reason in Reason}
    return _(known[figure.reason].sentence) if figure.reason in known else _("Not measured.")


def money(figure: Figure, currency: str) -> Shown:
    def form(value: float) -> str:
        return texts.number(value, 2 if value >= 0.1 else 4)

    shown = _shown(figure, form)
    return Shown(f"{shown.value} {currency}", shown.interval) if shown.value else shown


def memory(size: int | None) -> str:
    return "" if size is None else f"{texts.number(size / GIB, 1)}{texts.THIN}GiB"


# --- the leaderboard ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A candidate on the leaderboard, in words."""

    entry: Entry
    accuracy: Shown
    error: Shown
    disparity: Shown
    macro_f1: Shown
    calibration: Shown
    order: Shown
    flips: Shown
    unanswered: Shown
    consistency: Shown
    speed: Shown
    memory: str
    gpu_memory: str
    cost: Shown


def lines(entries: Sequence[Entry], measure: str) -> list[Line]:
    return [
        Line(
            entry=one,
            accuracy=share(one.overall("accuracy")),
            error=share(one.error),
            disparity=share(one.disparity) if measure == "flips" else difference(one.disparity),
            macro_f1=plain(one.overall("macro_f1")),
            calibration=plain(one.overall("calibration_error")),
            order=share(one.overall("order_sensitivity")),
            flips=share(one.flips),
            unanswered=share(one.overall("unanswered")),
            consistency=replace(share(one.consistency), note=_truth_of_neighbours(one)),
            speed=plain(one.speed, 0),
            memory=memory(one.candidate.memory),
            gpu_memory=memory(one.candidate.gpu_memory),
            cost=money(one.cost, one.currency),
        )
        for one in entries
    ]


def _truth_of_neighbours(one: Entry) -> str:
    right = share(one.consistency_of_truth)
    return _("right labels: %(share)s") % {"share": right.value} if right.value else ""


# --- the plot -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dot:
    """A candidate on the plot: a circle whose size tells the cost, with a cross of intervals."""

    tag: str
    name: str
    x: str
    y: str
    radius: str
    low_x: str
    high_x: str
    low_y: str
    high_y: str
    text_x: str
    text_y: str
    anchor: str
    on_front: bool
    within: bool


@dataclass(frozen=True)
class Pareto:
    """Error to the right, disparity upwards: the better, the further down and left. ``front``: points of the line
    through those that nobody beats. ``limit_x``, ``limit_y``: where the limits are drawn."""

    dots: tuple[Dot, ...]
    front: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    limit_x: str
    limit_y: str
    sized: bool


def pareto(entries: Sequence[Entry], limits: Limits) -> Pareto | None:
    """None where no candidate has both figures."""
    drawn = [one for one in entries if one.error.value is not None and one.disparity.value is not None]
    if not drawn:
        return None
    most_x = limit(_most(one.error for one in drawn), LIMITS)
    most_y = limit(_most(one.disparity for one in drawn), LIMITS)
    right, up = Scale(0.0, most_x, LEFT, RIGHT), Scale(0.0, most_y, BOTTOM, TOP)
    costs = [one.cost.value for one in drawn if one.cost.value is not None]
    sized = len(costs) == len(drawn) and len({one.currency for one in drawn}) == 1
    dots = tuple(_dot(one, right, up, max(costs) if sized else 0.0) for one in drawn)
    front = sorted((one for one in drawn if one.on_front), key=lambda one: one.error.value or 0.0)
    return Pareto(
        dots=dots,
        front=" ".join(f"{right.at(one.error.value or 0.0)},{up.at(one.disparity.value or 0.0)}" for one in front),
        x_ticks=tuple(Tick(right.at(most_x * k / 4), texts.percent(most_x * k / 4, _places(most_x))) for k in range(5)),
        y_ticks=tuple(Tick(up.at(most_y * k / 4), texts.points(most_y * k / 4, _places(most_y))) for k in range(5)),
        limit_x="" if limits.error is None or limits.error > most_x else right.at(limits.error),
        limit_y="" if limits.disparity is None or limits.disparity > most_y else up.at(limits.disparity),
        sized=sized,
    )


def _most(figures: Any) -> float:
    """What the scale must hold: every value, and intervals as long as they do not crush the values together."""
    found = list(figures)
    values = max(one.value or 0.0 for one in found)
    ends = max((one.high for one in found if one.high is not None), default=0.0)
    return max(values, min(ends, 2.5 * values) if values else ends)


def _places(most: float) -> int:
    return 1 if most < 0.2 else 0


def _dot(one: Entry, right: Scale, up: Scale, most_cost: float) -> Dot:
    error, disparity = one.error, one.disparity
    x, y = right.at(error.value or 0.0), up.at(disparity.value or 0.0)
    part = (one.cost.value or 0.0) / most_cost if most_cost else 0.0
    radius = SMALLEST + (LARGEST - SMALLEST) * part**0.5 if most_cost else 6.0
    leftwards = float(x) > RIGHT - 50
    return Dot(
        tag=one.tag,
        name=one.candidate.label,
        x=x,
        y=y,
        radius=f"{radius:.1f}",
        low_x=right.at(error.low if error.low is not None else error.value or 0.0),
        high_x=right.at(error.high if error.high is not None else error.value or 0.0),
        low_y=up.at(disparity.low if disparity.low is not None else disparity.value or 0.0),
        high_y=up.at(disparity.high if disparity.high is not None else disparity.value or 0.0),
        text_x=f"{float(x) + (-radius - 4 if leftwards else radius + 4):.1f}",
        text_y=f"{float(y) - radius - 2 if float(y) > TOP + 20 else float(y) + radius + 10:.1f}",
        anchor="end" if leftwards else "start",
        on_front=one.on_front,
        within=one.within,
    )


# --- one candidate --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroupLine:
    group: str
    n: int
    accuracy: Shown
    macro_f1: Shown
    selection: Shown
    true_positive: Shown
    false_positive: Shown
    calibration: Shown
    order: Shown
    answers: Counts = ()


@dataclass(frozen=True)
class Compared:
    """The groups of an attribute or of an intersection, and how far they lie apart."""

    name: str
    groups: Sequence[GroupLine]
    parity: Shown
    ratio: Shown
    opportunity: Shown
    odds: Shown
    odds_ratio: Shown
    flips: Shown | None
    shrunk: Shown | None
    highest: str
    lowest: str
    note: str
    counts: Counts = ()


def compared(stored: Mapping[str, Any]) -> list[Compared]:
    """Attributes or intersections of stored results, in words."""
    return [
        Compared(
            name=name,
            groups=[_group_line(group, figures) for group, figures in sorted(one["groups"].items())],
            parity=difference(figure_of(one["parity"]["difference"])),
            ratio=plain(figure_of(one["parity"]["ratio"]), 2),
            opportunity=difference(figure_of(one["opportunity"]["difference"])),
            odds=difference(figure_of(one["odds"]["difference"])),
            odds_ratio=plain(figure_of(one["odds"]["ratio"]), 2),
            flips=share(figure_of(one["flips"]["share"])) if "flips" in one else None,
            shrunk=difference(figure_of(one["shrunk"]["difference"])) if "shrunk" in one else None,
            highest=one["parity"]["highest"] or "",
            lowest=one["parity"]["lowest"] or "",
            note=_note(one),
        )
        for name, one in sorted(stored.items())  # the database keeps no order of names
    ]


def _note(one: Mapping[str, Any]) -> str:
    """What the groups were compared on; nothing of audits from before that was told."""
    if one.get("left_out"):
        text = _("On sentences that were told of all groups below. In too few of these: %(groups)s.")
        return text % {"groups": ", ".join(one["left_out"])}
    if one.get("within_families"):
        return _("On sentences that were told of all of these groups.")
    return _("The groups’ texts differ: differences may lie in them.") if "within_families" in one else ""


def _group_line(group: str, figures: Mapping[str, Any]) -> GroupLine:
    def of(name: str) -> Figure:
        return figure_of(figures[name])

    return GroupLine(
        group=group,
        n=figures["answered"],
        accuracy=share(of("accuracy")),
        macro_f1=plain(of("macro_f1")),
        selection=share(of("selection_rate")),
        true_positive=share(of("true_positive_rate")),
        false_positive=share(of("false_positive_rate")),
        calibration=plain(of("calibration_error")),
        order=share(of("order_sensitivity")),
    )


CHANGED = {
    "accuracy": gettext_lazy("Accuracy"),
    "macro_f1": gettext_lazy("Macro-F1"),
    "calibration_error": gettext_lazy("Calibration error"),
    "order_sensitivity": gettext_lazy("Order sensitivity"),
    "unanswered": gettext_lazy("Without a usable answer"),
    "consistency": gettext_lazy("Neighbour consistency"),
    **MEASURE_NAMES,
}


def changes(change: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The lines of the table of changes; those whose interval leaves out 0 say so."""
    found, figures = [], (change or {}).get("figures", {})
    for name, one in ((name, figures[name]) for name in CHANGED if name in figures):
        clear = one["low"] is not None and (one["low"] > 0 or one["high"] < 0)
        better = (one["difference"] > 0) == (name in ("accuracy", "macro_f1", "consistency"))
        verdict = (_("better") if better else _("worse")) if clear else _("within chance")
        if not one["difference"]:
            verdict = _("unchanged")
        found.append(
            {
                "name": str(CHANGED[name]),
                "before": _of(texts.percent(one["before"], 1), one.get("attribute_before")),
                "now": _of(texts.percent(one["now"], 1), one.get("attribute")),
                "difference": texts.signed_points(one["difference"]),
                "interval": texts.interval(one["low"], one["high"], texts.signed_points),
                "verdict": verdict,
                "tone": ("good" if better else "bad") if clear and one["difference"] else "neutral",
            }
        )
    return found


def _of(text: str, attribute: str | None) -> str:
    """A figure with the attribute that it is of, where it is of one: the worst one may be another each time."""
    return f"{text} ({attribute})" if attribute else text


@dataclass(frozen=True)
class TaskLine:
    n: int
    accuracy: Shown
    macro_f1: Shown
    calibration: Shown
    order: Shown
    flips: Shown


def task_line(figures: Mapping[str, Any]) -> TaskLine:
    """One task of stored results, in words."""
    return TaskLine(
        n=figures["answered"],
        accuracy=share(figure_of(figures["accuracy"])),
        macro_f1=plain(figure_of(figures["macro_f1"])),
        calibration=plain(figure_of(figures["calibration_error"])),
        order=share(figure_of(figures["order_sensitivity"])),
        flips=share(figure_of(figures["flips"]["share"])),
    )
