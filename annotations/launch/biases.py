"""What each bias of the checklist asks, and what the platform does about it under a project's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotations.models import Bias

QUESTIONS: Mapping[Bias, Any] = {
    Bias.SELF_INTEREST: _("Could people gain by labelling one way rather than another, or by being quick?"),
    Bias.AFFECT: _("Could liking or disliking what an item speaks of decide its label?"),
    Bias.GROUPTHINK: _("Could people follow what they think that the others said?"),
    Bias.SALIENCE: _("Does something stand out that should not matter: a word, a label's place or colour?"),
    Bias.CONFIRMATION: _("Could people look for what fits the view that they came with?"),
    Bias.AVAILABILITY: _("Could recent items, or what is in the news, stand for how common something is?"),
    Bias.ANCHORING: _("Does anything give people a first value to start from: an example, a suggestion, an order?"),
    Bias.HALO: _("Could one trait of an item or its author colour the judgement of another?"),
    Bias.SUNK_COST: _("Could people go on with a way of labelling because they have done so for long?"),
    Bias.OVERCONFIDENCE: _("Could people be surer than they should be, or judge what they cannot know?"),
    Bias.DISASTER_NEGLECT: _("Could people overlook what a wrong label would lead to at worst?"),
    Bias.LOSS_AVERSION: _("Could people avoid a label because they fear for their pay or standing?"),
}


@dataclass(frozen=True)
class Setup:
    """What of a project's settings bears on the checklist."""

    paid: bool
    warned: bool
    random_order: bool
    shuffled_options: bool
    unsure_label: bool
    assisted: bool
    guidelines: bool
    redundancy: int


def measures(bias: Bias, setup: Setup) -> list[Any]:
    """What the platform does about a bias in this project already, in sentences; only what is true of it now."""
    return [text for true, text in _MEASURES[bias](setup) if true]


def _self_interest(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (setup.paid, _("Every label pays the same, whichever it is.")),
        (True, _("Nothing is withheld for disagreeing, and speed is bounded.")),
    ]


def _affect(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (setup.warned, _("People are warned of the content, and it is blurred until they want to see it.")),
        (True, _("An item can be skipped with a reason, and breaks are proposed.")),
        (setup.redundancy > 1, _("Several people label each item, and the gap between groups is watched live.")),
    ]


def _groupthink(setup: Setup) -> list[tuple[bool, Any]]:
    return [(True, _("Nobody sees anybody else's label before or after giving their own."))]


def _salience(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (True, _("All labels are shown in the same size and colour.")),
        (setup.shuffled_options, _("Each worker sees the labels in another order.")),
    ]


def _confirmation(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (setup.guidelines, _("The guidelines are at hand on every item.")),
        (True, _("No group, no source and no earlier label is shown with an item.")),
    ]


def _availability(setup: Setup) -> list[tuple[bool, Any]]:
    return [(setup.random_order, _("Each worker gets the items in another random order."))]


def _anchoring(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (not setup.assisted, _("Nobody sees a model's label before giving their own.")),
        (
            setup.assisted,
            _("A share of items stays without the model's label, and how far it is followed is measured."),
        ),
        (True, _("No label is ticked beforehand.")),
    ]


def _halo(setup: Setup) -> list[tuple[bool, Any]]:
    return [(True, _("Items come one at a time, without their author or source."))]


def _sunk_cost(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (True, _("People may stop at any item and keep what they earned.")),
        (True, _("A label can be changed or taken back for as long as the owner allows.")),
    ]


def _overconfidence(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (setup.unsure_label, _("There is a label for being unsure.")),
        (True, _("An item that cannot be judged can be skipped or flagged.")),
        (setup.redundancy > 1, _("Experts settle what people disagree on.")),
    ]


def _disaster_neglect(setup: Setup) -> list[tuple[bool, Any]]:
    return [(setup.redundancy > 1, _("No single label decides: an item needs several people."))]


def _loss_aversion(setup: Setup) -> list[tuple[bool, Any]]:
    return [
        (setup.paid, _("Pay follows the time asked for, not agreement with others.")),
        (True, _("No label is rejected by a program.")),
    ]


_MEASURES = {
    Bias.SELF_INTEREST: _self_interest,
    Bias.AFFECT: _affect,
    Bias.GROUPTHINK: _groupthink,
    Bias.SALIENCE: _salience,
    Bias.CONFIRMATION: _confirmation,
    Bias.AVAILABILITY: _availability,
    Bias.ANCHORING: _anchoring,
    Bias.HALO: _halo,
    Bias.SUNK_COST: _sunk_cost,
    Bias.OVERCONFIDENCE: _overconfidence,
    Bias.DISASTER_NEGLECT: _disaster_neglect,
    Bias.LOSS_AVERSION: _loss_aversion,
}
