"""What the verifier goes by and found, in words that need no statistics."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from llm_workers.validating.models import VerifierFit
from llm_workers.validating.verifier.learning import LEAST_EACH, LEAST_LABELS

# Signal → what it is, what it says. docs/explanation/validation.md has the formulas.
SIGNALS: dict[str, tuple[Any, Any]] = {
    "others": (gettext_lazy("The other labels"), gettext_lazy("How probable the item's other labels make this one.")),
    "people_agree": (gettext_lazy("Other people"), gettext_lazy("The share of the others on the item who said so.")),
    "people_others": (gettext_lazy("How many others"), gettext_lazy("How many other people labelled the item.")),
    "models_agree": (gettext_lazy("Models"), gettext_lazy("The share of the models on the item that say so.")),
    "asked_again": (gettext_lazy("Asked again"), gettext_lazy("Whether the model says the same to other prompts.")),
    "orders_agree": (
        gettext_lazy("Order of the options"),
        gettext_lazy("In how many of the orders that it was asked in the model said so."),
    ),
    "skill": (gettext_lazy("Skill"), gettext_lazy("How often labels from the same hand are right, by the fit.")),
    "precision": (gettext_lazy("Confusion"), gettext_lazy("How often this label from this hand is right, by the fit.")),
    "logprob": (gettext_lazy("Confidence"), gettext_lazy("How probable the model finds its label.")),
    "margin": (gettext_lazy("Margin"), gettext_lazy("By how much it prefers it to the next.")),
    "entropy": (gettext_lazy("Wavering"), gettext_lazy("How evenly the model's probability is spread.")),
    "samples_entropy": (
        gettext_lazy("Several answers"),
        gettext_lazy("How much the model's answers to the same question differ."),
    ),
    "stated": (gettext_lazy("Stated certainty"), gettext_lazy("How sure the model says it is.")),
    "pace": (gettext_lazy("Pace"), gettext_lazy("Time for each word, against the same person's habit.")),
    "validator": (gettext_lazy("Validator"), gettext_lazy("Whether the validating model agrees.")),
    "validator_sure": (gettext_lazy("Validator's certainty"), gettext_lazy("How sure it was of that.")),
    "explained": (gettext_lazy("Explanation"), gettext_lazy("How long the label's explanation is.")),
    "length": (gettext_lazy("Length"), gettext_lazy("How long the item is.")),
    "neighbours": (gettext_lazy("Similar items"), gettext_lazy("Whether items in similar words have this label.")),
    "kind": (gettext_lazy("Kind"), gettext_lazy("Whether a model or a person gave it.")),
}
METHODS = {
    "rule": gettext_lazy("The stated rule"),
    "logistic": gettext_lazy("Logistic regression"),
    "boosting": gettext_lazy("Boosted trees"),
}
RULE = gettext_lazy(
    "The rule: a label's probability by the fit of all labels; on items that no person has labelled, the model's own "
    "confidence; without one, the label's share of the item's labels."
)


def percent(share: float | None, digits: int = 0) -> str:
    return "" if share is None else f"{number_format(100 * share, digits)} %"


def answer(fit: VerifierFit) -> str:
    """What scores the labels, why, and how well, in a few sentences."""
    if fit.method == "rule":
        return f"{_why_rule(fit)} {RULE}"
    text = _(
        "The score is learnt from %(labels)s labels of items whose label is known, because an expert settled it or it"
        " is gold."
    ) % {"labels": number_format(fit.learnt, force_grouping=True)}
    return " ".join(part for part in (text, _how_well(fit)) if part)


def _why_rule(fit: VerifierFit) -> str:
    if len(fit.figures["loss"]) > 1:
        return _("Learning was tried, and on items held out it told right from wrong no better than a stated rule.")
    return _(
        "A stated rule gives the score until there is enough to learn from: %(labels)s labels of items whose label is"
        " known, with %(each)s right and %(each)s wrong ones among them. So far there are %(learnt)s, %(right)s of them"
        " right."
    ) % {"labels": LEAST_LABELS, "each": LEAST_EACH, "learnt": fit.learnt, "right": fit.right}


def _how_well(fit: VerifierFit) -> str:
    overall, rule = fit.figures["overall"], fit.figures["rule"]
    if overall["auroc"] is None:
        return ""
    text = _(
        "Of a right and a wrong label picked at random, on items that it has not learnt from, it gives the right one"
        " the higher score in %(score)s of 100 cases; the stated rule in %(rule)s."
    )
    return text % {"score": round(100 * overall["auroc"]), "rule": round(100 * (rule["auroc"] or 0.5))}


def figures(fit: VerifierFit) -> list[dict[str, Any]]:
    """The tiles of the page."""
    overall = fit.figures["overall"]
    missing = "" if overall["auroc"] is not None else _("Insufficient data: too few settled or gold items.")
    interval = "" if overall["low"] is None else f"{overall['low']:.2f} – {overall['high']:.2f}"
    return [
        {
            "name": _("Right before wrong (AUROC)"),
            "meaning": _(
                "How often a right label scores higher than a wrong one: 1 always, .5 as good as a coin. Measured on "
                "items that were held out of learning; the interval draws items, not labels."
            ),
            "value": "" if missing else f"{overall['auroc']:.2f}",
            "interval": interval,
            "missing": missing,
        },
        {
            "name": _("Calibration error (ECE)"),
            "meaning": _("By how much the score is off on average: of labels that score 80 %, 80 % should be right."),
            "value": "" if missing else percent(overall["ece"], 1),
            "interval": "",
            "missing": missing,
        },
        {
            "name": _("Brier score"),
            "meaning": _("The mean squared distance of score and truth: 0 is best, .25 a score of one half for all."),
            "value": "" if missing else f"{overall['brier']:.3f}",
            "interval": "",
            "missing": missing,
        },
        {
            "name": _("Labels scored"),
            "meaning": _(
                "Current labels of people and models. Those of settled and gold items are what is learnt from."
            ),
            "value": number_format(fit.labels, force_grouping=True),
            "interval": "",
            "missing": "",
            "note": _("learnt from %(learnt)s labels of %(items)s items")
            % {"learnt": number_format(fit.learnt, force_grouping=True), "items": fit.items},
        },
    ]


def part_rows(fit: VerifierFit) -> list[dict[str, Any]]:
    """All labels, people's, models', and each group's: the rows of the table of figures."""
    parts = [
        (_("All labels"), fit.figures["overall"]),
        (_("People's labels"), fit.figures["people"]),
        (_("Models' labels"), fit.figures["models"]),
        *((f"{one['attribute']}: {one['group']}", one) for one in fit.figures["groups"]),
    ]
    return [{"title": title} | _part(part) for title, part in parts]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    right = part["right"] / part["labels"] if part["labels"] else None
    enough = part["auroc"] is not None
    return {
        "labels": number_format(part["labels"], force_grouping=True),
        "right": percent(right) or "–",
        "auroc": f"{part['auroc']:.2f}" if enough else _("insufficient data"),
        "interval": f"{part['low']:.2f} – {part['high']:.2f}" if part["low"] is not None else "–",
        "ece": percent(part["ece"], 1) if enough else "–",
        "brier": f"{part['brier']:.3f}" if enough else "–",
    }


def signal_rows(fit: VerifierFit) -> list[dict[str, Any]]:
    """The signals, those that matter most first; empty for the rule."""
    worth, weights, known = fit.figures["worth"], fit.figures["coefficients"], fit.figures.get("known", {})
    ranked = sorted(worth, key=lambda name: -worth[name])
    return [
        {
            "title": SIGNALS[name][0],
            "meaning": SIGNALS[name][1],
            "worth": f"{max(worth[name], 0):.3f}",
            "direction": _direction(weights.get(name)) if known.get(name, fit.labels) else "–",
            "known": _known(known.get(name), fit.labels),
        }
        for name in ranked
    ]


def _known(count: int | None, labels: int) -> str:
    """Of how many labels a signal is known: what is not known is said to be so, it is not counted as nought."""
    if count is None:
        return "–"
    if not count:
        return _("absent")
    share = count / labels
    return f"< {percent(0.01)}" if share < 0.01 else percent(share)


def _direction(weight: float | None) -> str:
    if weight is None:
        return _("both ways")
    if abs(weight) < 0.05:
        return "–"
    return _("more speaks for a label") if weight > 0 else _("more speaks against it")
