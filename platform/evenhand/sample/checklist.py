"""The sample project's answers to the bias checklist."""

from __future__ import annotations

from annotations.launch.services import Answer
from annotations.models import Bias, Verdict

ANSWERS: dict[str, Answer] = {
    Bias.SELF_INTEREST.value: Answer(
        Verdict.HANDLED, "Every label pays the same. One program of the crowd is hasty on purpose: watch its times."
    ),
    Bias.AFFECT.value: Answer(
        Verdict.REMAINS,
        "Messages name people's groups, and some programs of the crowd treat one group differently, as people might. "
        "The same texts with another group, and the live gap, are there to show it.",
    ),
    Bias.GROUPTHINK.value: Answer(Verdict.HANDLED, "Nobody sees anybody else's label."),
    Bias.SALIENCE.value: Answer(
        Verdict.REMAINS, "A group's name stands out in a short message. Messages differ in nothing else, to measure it."
    ),
    Bias.CONFIRMATION.value: Answer(Verdict.HANDLED, "The guidelines say what counts, and are at hand on every item."),
    Bias.AVAILABILITY.value: Answer(Verdict.HANDLED, "Everybody gets the messages in another random order."),
    Bias.ANCHORING.value: Answer(Verdict.HANDLED, "No label is ticked beforehand, and the model's label stays hidden."),
    Bias.HALO.value: Answer(Verdict.NOT_EXPECTED, "Messages come one at a time and have no author."),
    Bias.SUNK_COST.value: Answer(Verdict.HANDLED, "Anybody may stop at any time; labels can be changed for a day."),
    Bias.OVERCONFIDENCE.value: Answer(
        Verdict.HANDLED, "Three people label each message, and an expert settles what they disagree on."
    ),
    Bias.DISASTER_NEGLECT.value: Answer(
        Verdict.NOT_EXPECTED, "The town and its messages are invented: no label reaches a person."
    ),
    Bias.LOSS_AVERSION.value: Answer(
        Verdict.HANDLED, "Pay does not depend on agreeing, and no program rejects a label."
    ),
}
