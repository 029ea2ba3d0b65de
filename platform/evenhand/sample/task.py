"""What the sample project asks, in the plain values that a project is created from."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.sample.grammar import KEEP, Label
from evenhand.sample.guidelines import CONTENT_WARNING, GUIDELINES
from evenhand.sample.identities import ATTRIBUTES


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """One label: its stored value, the name and description that people read, and its shortcut key."""

    value: Label
    name: str
    description: str
    shortcut: str


@dataclass(frozen=True, slots=True)
class SampleTask:
    """The project's settings: ``wage_cents`` per hour in ``currency``, ``attributes`` as column names."""

    name: str
    slug: str
    question: str
    description: str
    guidelines: str
    content_warning: str
    labels: tuple[LabelChoice, ...]
    favourable: Label
    attributes: tuple[str, ...]
    redundancy: int
    expected_seconds: int
    wage_cents: int
    currency: str


TASK = SampleTask(
    name="Millbrook Neighbours: keep, review or remove?",
    slug="millbrook-neighbours",
    question="What should happen to this message?",
    description=(
        "Moderation of a town's message board. 780 short messages, written for this sample, in families "
        "that differ only in whom they mention: in truth every group deserves the same labels. The crowd is "
        "simulated; the language model's labels are real."
    ),
    guidelines=GUIDELINES,
    content_warning=CONTENT_WARNING,
    labels=(
        LabelChoice("keep", "Keep", "Stays as it is: help, news, a complaint about what somebody did.", "k"),
        LabelChoice("review", "Review", "A moderator should look: a hint, hearsay, a put-down, context missing.", "r"),
        LabelChoice("remove", "Remove", "Goes at once: an insult, a threat, a call to shut people out.", "x"),
    ),
    favourable=KEEP,
    attributes=ATTRIBUTES,
    redundancy=3,
    expected_seconds=10,
    wage_cents=1_500,
    currency="EUR",
)
