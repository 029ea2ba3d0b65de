"""Why a number could not be given: stable codes, each with one sentence in plain words."""

from enum import StrEnum
from typing import Self


def gettext_noop(message: str) -> str:
    """Mark a sentence for the message catalogue and return it unchanged.

    The pure modules know no Django; ``makemessages`` collects the arguments of a function of this name,
    and the page translates ``reason.sentence`` when it shows it.
    """
    return message


class ReasonCode(StrEnum):
    """Base of the reason enumerations: the value is the stable code, ``sentence`` says it in plain words."""

    sentence: str

    def __new__(cls, code: str, sentence: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member


class Reason(ReasonCode):
    """Why an agreement coefficient is undefined."""

    NO_PAIRS = (
        "no_pairs",
        gettext_noop("No item has two labels to compare yet."),
    )
    ONE_LABEL_USED = (
        "one_label_used",
        gettext_noop(
            "Everyone always used the same one label, so agreement by chance alone would be complete "
            "and there is nothing left to measure."
        ),
    )
    ONE_LABEL_OFFERED = (
        "one_label_offered",
        gettext_noop("The label schema offers fewer than two labels, so no other answer was possible."),
    )
