"""The sample's simulated expert: settles a case with a label, a cause and a reason in a sentence.

The expert's label is always the latent truth. The cause follows from what made the item hard and from who
erred; the wording is drawn by the seed among several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from evenhand.sample.chance import Chance
from evenhand.sample.grammar import KEEP, SEVERITY, Label
from evenhand.sample.messages import SEED, SampleItem

Cause = Literal["human_error", "model_error", "ambiguous_item", "unclear_guideline", "bad_item"]
Source = Literal["human", "model"]

EXPERT_STATEMENT = (
    "Simulated expert: always settles with the label that the guidelines call for, names what made the item "
    "hard or who erred, and calls a mistake recurrent where several readers made it or models often do."
)


class Vote(NamedTuple):
    """One label on the item, and whether a person (here: a simulated worker) or a model gave it."""

    source: Source
    label: Label


class Settlement(NamedTuple):
    """How a case ends: the right label, why it arose, whether the mistake recurs, and the reason in words."""

    label: Label
    cause: Cause
    recurrent: bool
    reason: str


_BY_TROUBLE: Mapping[str, tuple[Cause, bool]] = {
    "fragment": ("bad_item", False),
    "guideline": ("unclear_guideline", True),
    "ambiguous": ("ambiguous_item", False),
}

_NO_ERROR = (
    "All labels agree with the guidelines. The second look changes nothing.",
    "Nobody erred here: the label stands as given.",
)

_BAD_ITEM = (
    "It points to something that was not imported with it, so nobody can judge it fully. {Label} stands in.",
    "Half of this conversation is missing. {Label} until the item can be replaced.",
    "Without the earlier post or the picture this cannot be decided on its merits, hence {label}.",
)

_UNCLEAR: Mapping[Label, tuple[str, ...]] = {
    "keep": (
        "The guidelines are silent on events for one group. Nobody is put down here, so it stays.",
        "People who share something may meet without shutting others out. The guidelines should say so.",
        "“Only” looks like exclusion at first sight. The guidelines need a sentence on groups that meet.",
    ),
    "review": (
        "The guidelines are silent here: friendly words, but a whole group is judged or preferred.",
        "Singling out a group kindly is still singling out. The guidelines should name the case.",
        "The guidelines do not cover preferences and praise by group. Review until they do.",
    ),
}

_AMBIGUOUS: Mapping[Label, tuple[str, ...]] = {
    "review": (
        "The tone cannot be heard in writing. It may be irony at somebody's expense: worth a look.",
        "Read plainly it is innocent, read after the last weeks it is a dig. That is what review is for.",
        "It hints and does not say. Reasonable people can differ; between two labels it is review.",
    ),
    "remove": (
        "Soft words, but what is asked for is that people stay out. Politeness does not change what it does.",
        "It is easy to miss because it sounds considerate. It calls for shutting people out all the same.",
    ),
}

_TOO_SEVERE: Mapping[Label, tuple[str, ...]] = {
    "keep": (
        "The group is mentioned, not judged. A mention is no reason to act.",
        "This is about what happened, not about who did it. Swap the group and nobody would object.",
        "An ordinary post of the kind that the board is for. It speaks against no group.",
    ),
    "review": (
        "It is a hint, not an insult or a call. A moderator should look first.",
        "Unpleasant, but it neither insults nor threatens. Removing it at once goes too far.",
        "It puts people down or under suspicion, without an insult or a threat: that is review.",
    ),
}

_TOO_MILD: Mapping[Label, tuple[str, ...]] = {
    "review": (
        "It hints at something about people and supports it with nothing. It should not stay without a look.",
        "Suspicion or mockery of people, and no evidence for it: the guidelines say review.",
        "Put another group or another person in its place and the edge shows. A moderator should look.",
    ),
    "remove": (
        "It insults, threatens or shuts people out because of who they are. A later look would be too late.",
        "Whatever the tone, no neighbour would feel safe or welcome on the board after this.",
        "The guidelines name this case. It has to go at once.",
    ),
}

_OPENINGS: Mapping[Cause, tuple[str, ...]] = {
    "human_error": ("One reader slipped. ", "A label was given too quickly. ", ""),
    "model_error": ("The model misread this. ", "The model's reading does not hold. ", ""),
}


def expert_settlement(item: SampleItem, votes: Sequence[Vote], *, seed: int = SEED) -> Settlement:
    """The expert's decision on an item given the labels that it got.

    An item whose trouble is known has that as the cause, whoever erred. Otherwise it is the model's error
    where the model erred and the majority of the people did not, and a human error in every other case. A
    model's error is recurrent when it is the mistake that models repeat, judging an innocent mention too
    severely; a human error when at least two people made the same one. Raises ``ValueError`` without votes.
    """
    if not votes:
        raise ValueError("a case without labels cannot be settled: pass the votes that it was opened on")
    chance = Chance(seed, "expert", item.external_id)
    truth = item.latent.truth
    wrong = [vote for vote in votes if vote.label != truth]
    if item.latent.trouble:
        cause, recurrent = _BY_TROUBLE[item.latent.trouble]
        return Settlement(truth, cause, recurrent, _trouble_reason(cause, truth, chance))
    if not wrong:
        return Settlement(truth, "ambiguous_item", False, chance.pick(_NO_ERROR))
    cause = _who_erred(wrong, votes)
    source: Source = "model" if cause == "model_error" else "human"
    mistakes = [vote.label for vote in wrong if vote.source == source]
    label = max(SEVERITY, key=mistakes.count)
    reasons = _TOO_SEVERE if SEVERITY.index(label) > SEVERITY.index(truth) else _TOO_MILD
    opening = "" if mistakes.count(label) > 1 else chance.pick(_OPENINGS[cause])
    return Settlement(truth, cause, _recurs(cause, truth, mistakes.count(label)), opening + chance.pick(reasons[truth]))


def _who_erred(wrong: Sequence[Vote], votes: Sequence[Vote]) -> Cause:
    people = sum(vote.source == "human" for vote in votes)
    people_wrong = sum(vote.source == "human" for vote in wrong)
    model_wrong = len(wrong) > people_wrong
    return "model_error" if model_wrong and 2 * people_wrong <= people else "human_error"


def _recurs(cause: Cause, truth: Label, same_mistake: int) -> bool:
    if cause == "model_error":
        return truth == KEEP
    return same_mistake >= 2


def _trouble_reason(cause: Cause, truth: Label, chance: Chance) -> str:
    if cause == "bad_item":
        return chance.pick(_BAD_ITEM).format(label=truth, Label=truth.capitalize())
    return chance.pick((_UNCLEAR if cause == "unclear_guideline" else _AMBIGUOUS)[truth])
