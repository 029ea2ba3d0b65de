"""What the run page says of limits, checkpoints and the estimate: words, rows, a chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from annotations.agreement.intervals import wilson
from annotations.measuring.over_time import Share, TimePlot, share_plot
from annotations.models import Checkpoint, Run, RunDecision
from llm_workers.models import RunPlan, RunRule
from llm_workers.models.rules import LIMITS, RuleAction, RuleKind
from llm_workers.policy import Progress, number
from llm_workers.services.figures import LEAST

MOST_POINTS = 24
DECISION_TONES = {RunDecision.GO_ON: "good", RunDecision.PAUSE: "warn", RunDecision.STOP: "bad"}
SMALLEST_GROUP = LEAST  # labels of a group before its share says anything


@dataclass(frozen=True)
class LimitLine:
    """How much of a limit is used. ``share`` in percent, at most 100."""

    name: str
    text: str
    share: int
    action: str


@dataclass(frozen=True)
class GroupLine:
    """How far the model's confidence can be taken at its word in one group. ``calibration`` and ``brier`` are empty
    where there is nothing to compare, or too little: ``missing`` says so."""

    name: str
    compared: str
    calibration: str = ""
    brier: str = ""
    missing: str = ""


@dataclass(frozen=True)
class StepLine:
    """A checkpoint in words. Texts are empty where there is nothing to say."""

    number: int
    labelled: int
    agreement: str
    calibration: str
    worst: str
    gap: str
    tokens: int
    money: str
    minutes: str
    decision: str
    tone: str
    reason: str


@dataclass(frozen=True)
class EstimateLine:
    name: str
    expected: str
    interval: str


def limit_lines(rules: Iterable[RunRule], progress: Progress) -> list[LimitLine]:
    """The limits of a run with what is used of them, then what is watched."""
    lines = []
    for rule in rules:
        if rule.kind in LIMITS:
            used = progress.used(rule.kind)
            unit = f" {progress.currency}" if rule.kind == RuleKind.MONEY else ""
            shown = _("unknown") if used is None else _amount(used)
            text = _("%(used)s of %(bound)s") % {"used": shown, "bound": number(rule.bound) + unit}
            share = -1 if used is None else min(int(100 * used / rule.bound), 100)
        else:
            percent = number(round(rule.bound * 100, 2))
            texts = {
                RuleKind.AGREEMENT: _("at least %(percent)s %% of compared labels, from %(least)s on"),
                RuleKind.UNANSWERED: _("at most %(percent)s %% of the items, from %(least)s on"),
            }
            text = texts[RuleKind(rule.kind)] % {"percent": percent, "least": number_format(rule.least)}
            share = -1
        lines.append(LimitLine(rule.get_kind_display(), text, share, str(RuleAction(rule.action).label)))
    return lines


def step_lines(checkpoints: Sequence[Checkpoint]) -> list[StepLine]:
    return [_step(checkpoint) for checkpoint in checkpoints]


def _step(checkpoint: Checkpoint) -> StepLine:
    figures = checkpoint.figures
    compared, agreed = figures.get("compared", 0), figures.get("agreed", 0)
    calibration, money = figures.get("calibration"), figures.get("money")
    return StepLine(
        number=checkpoint.number,
        labelled=checkpoint.labelled,
        agreement=_("%(agreed)s of %(compared)s") % {"agreed": _whole(agreed), "compared": _whole(compared)}
        if compared
        else "",
        calibration=number_format(calibration["ece"], 2) if calibration else "",
        worst=_worst_calibrated(figures.get("groups", {})),
        gap=_widest_gap(figures.get("groups", {})),
        tokens=figures.get("prompt_tokens", 0) + figures.get("completion_tokens", 0),
        money=f"{_amount(Decimal(money))} {figures.get('currency', '')}" if money else "",
        minutes=number_format(figures.get("minutes", 0), 1),
        decision=str(RunDecision(checkpoint.decision).label),
        tone=DECISION_TONES[RunDecision(checkpoint.decision)],
        reason=checkpoint.reason,
    )


def _worst_calibrated(groups: dict[str, dict[str, dict[str, Any]]]) -> str:
    """In which group the calibration error is largest; empty where too few labels can be compared to say."""
    known = [
        (calibration["ece"], f"{attribute}: {group}")
        for attribute, parts in groups.items()
        for group, cell in parts.items()
        if (calibration := cell.get("calibration")) and calibration["ece"] is not None
    ]
    if not known:
        return ""
    ece, name = max(known)
    return _("largest: %(error)s, %(group)s") % {"error": number_format(ece, 2), "group": name}


def group_lines(checkpoint: Checkpoint) -> list[GroupLine]:
    """Calibration of all labels and of each group's; empty for a checkpoint at which groups' was not counted."""
    figures = checkpoint.figures
    lines = [
        _group_line(f"{attribute}: {group}", cell["calibration"])
        for attribute, parts in sorted(figures.get("groups", {}).items())
        for group, cell in sorted(parts.items())
        if "calibration" in cell
    ]
    return [_group_line(_("All items"), figures["calibration"]), *lines] if lines else []


def _group_line(name: str, calibration: dict[str, Any] | None) -> GroupLine:
    if calibration is None:
        return GroupLine(name, "0", missing=_("nothing to compare"))
    compared = _whole(calibration["labels"])
    if calibration["ece"] is None:
        text = _("insufficient data: %(least)s are needed") % {"least": SMALLEST_GROUP}
        return GroupLine(name, compared, missing=text)
    ece, brier = number_format(calibration["ece"], 2), number_format(calibration["brier"], 3)
    return GroupLine(name, compared, calibration=ece, brier=brier)


def _widest_gap(groups: dict[str, dict[str, dict[str, float]]]) -> str:
    """Between which groups of one attribute the favourable label's share differs most; empty where too few labels
    were given to say.
    """
    widest, text = 0.0, ""
    for attribute, parts in groups.items():
        shares = sorted(
            (cell["favourable"] / cell["labelled"], name)
            for name, cell in parts.items()
            if cell["labelled"] >= SMALLEST_GROUP
        )
        if len(shares) > 1 and shares[-1][0] - shares[0][0] >= widest:
            widest = shares[-1][0] - shares[0][0]
            facts = {"gap": number_format(100 * widest, 0), "attribute": attribute}
            text = _("%(gap)s points by %(attribute)s") % facts
    return text


def agreement_plot(checkpoints: Sequence[Checkpoint]) -> TimePlot | None:
    """Agreement with people at each checkpoint, ``checkpoints`` in order; None for fewer than two that have any."""
    known = [checkpoint for checkpoint in checkpoints if checkpoint.figures.get("compared")]
    if len(known) < 2:
        return None
    stride = -(-len(known) // MOST_POINTS)
    known = known[::-1][::stride][::-1]
    shares = []
    for checkpoint in known:
        agreed, compared = checkpoint.figures["agreed"], checkpoint.figures["compared"]
        low, high = wilson(agreed, compared)
        shares.append(Share(agreed / compared, low, high))
    ends = [_("%(count)s labels") % {"count": _whole(one.labelled)} for one in (known[0], known[-1])]
    return share_plot(shares, first=ends[0], last=ends[1], axis=_("Checkpoints in order"))


def estimate_lines(plan: RunPlan) -> list[EstimateLine]:
    """What the rest would take; empty where there is no estimate."""
    known = plan.estimate
    if not known:
        return []
    lines = [_estimated(_("Tokens"), known["tokens"], ""), _estimated(_("Time"), known["minutes"], _("min"))]
    if known["money"]:
        lines.append(_estimated(_("Money"), known["money"], known["currency"]))
    return lines


def _estimated(name: str, values: Sequence[float], unit: str) -> EstimateLine:
    low, expected, high = map(_amount, values)
    return EstimateLine(name, f"{expected} {unit}".strip(), f"{low} – {high}")


def _amount(value: float | Decimal) -> str:
    """With more places the smaller it is."""
    places = 0 if value >= 100 else 2 if value >= 1 else 4
    return number(round(Decimal(value), places))


def run_parts(
    run: Run, rules: Iterable[RunRule], progress: Progress, checkpoints: Sequence[Checkpoint]
) -> dict[str, Any]:
    """The parts of the run page's context that this module makes; ``checkpoints`` in order."""
    plan = run.plan
    waits = bool(plan.estimate) and plan.confirmed_at is None and run.status == "paused"
    return {
        "limits": limit_lines(rules, progress),
        "steps": step_lines(checkpoints)[::-1],
        "calibrated": group_lines(checkpoints[-1]) if checkpoints else [],
        "plot": agreement_plot(checkpoints),
        "estimate": estimate_lines(plan) if waits else [],
        "estimate_items": plan.estimate["items"] if plan.estimate else 0,
        "estimate_probed": plan.estimate["probed"] if plan.estimate else 0,
        "unpriced": bool(waits and plan.estimate and not plan.estimate["money"]),
        "choosing": plan.filled_at is None and not run.total,
    }


def _whole(value: float) -> str:
    return str(number_format(int(value), force_grouping=True))
