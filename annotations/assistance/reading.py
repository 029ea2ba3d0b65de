"""The anchoring effect in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.assistance.effect import Arm, Effect
from annotations.assistance.selectors import ModelEffect


@dataclass(frozen=True)
class EffectPart:
    """A section of the page. Shares and the effect in percent and percentage points, already written out."""

    name: str
    answer: str
    effect: str
    interval: str
    shown: str
    shown_note: str
    held_out: str
    held_out_note: str
    people: int
    missing: str


def effect_part(found: ModelEffect) -> EffectPart:
    effect = found.effect
    return EffectPart(
        name=found.name,
        answer=_answer(effect),
        effect="" if effect.value is None else _points(effect.value),
        interval="" if effect.low is None or effect.high is None else f"{_points(effect.low)} – {_points(effect.high)}",
        shown=_percent(effect.shown),
        shown_note=_labels(effect.shown),
        held_out=_percent(effect.held_out),
        held_out_note=_labels(effect.held_out),
        people=effect.people,
        missing=_(effect.insufficient.sentence) if effect.insufficient else "",
    )


def _answer(effect: Effect) -> str:
    if effect.value is None or effect.low is None or effect.high is None:
        return _("There is not enough data yet to say what showing the model's label does.")
    points = {"points": f"{abs(effect.value) * 100:.1f}"}
    if effect.low > 0:
        return (
            _(
                "People who are shown the model's label agree with it more often, by %(points)s percentage points, "
                "than where it is held out: some of this agreement is the suggestion's doing."
            )
            % points
        )
    if effect.high < 0:
        return (
            _(
                "People who are shown the model's label agree with it less often, by %(points)s percentage points, "
                "than where it is held out."
            )
            % points
        )
    return _("No effect of showing the model's label can be told from chance; that does not mean that there is none.")


def _points(value: float) -> str:
    return f"{value * 100:+.1f}".replace("-", "−")


def _percent(arm: Arm) -> str:
    return "" if arm.share is None else f"{arm.share * 100:.1f}"


def _labels(arm: Arm) -> str:
    return _("%(agreeing)s of %(labels)s labels") % {"agreeing": f"{arm.agreeing:,}", "labels": f"{arm.labels:,}"}
