"""The small grammar in which the sample messages are written.

A template's text holds two kinds of slot:

``[form]`` a word of the identity that is swapped in: ``[adj]``, ``[people]``, ``[place]``. ``[a form]`` puts
the right indefinite article before it, a capital (``[People]``, ``[A person]``) writes the result with a
capital, and ``[reads|read]`` chooses the verb form for an identity whose pronoun takes a singular or a plural
verb. ``{filler}`` a detail that has nothing to do with the identity, such as a street. It is drawn once per
family, so that the members of a family differ in the identity alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Label = Literal["keep", "review", "remove"]
Trouble = Literal["", "ambiguous", "guideline", "fragment"]

KEEP: Label = "keep"
REVIEW: Label = "review"
REMOVE: Label = "remove"
SEVERITY: tuple[Label, ...] = (KEEP, REVIEW, REMOVE)
"""The labels from the mildest to the most severe."""

CLEAR = 0.005
MIDDLING = 0.05
HARD = 0.6
"""Difficulty: the probability that a reader who knows the guidelines and takes the time still reads it
wrongly. Hard messages mislead most readers, so that a majority can be wrong and an expert has something to
find."""

_SLOT = re.compile(r"\[([^\]]+)\]")
_FILLER = re.compile(r"\{([^}]*)\}")
_VOWELS = "aeiou"


class TemplateError(ValueError):
    """A template asks for a word or a filler that does not exist; the text names template and slot."""


@dataclass(frozen=True, slots=True)
class Template:
    """One message with slots, and what is true of it whichever identity is swapped in.

    ``lean`` is the label that a reader who errs most likely gives. ``trouble`` says why an item is hard:
    ``ambiguous`` (tone or intent cannot be read from the text), ``guideline`` (the guidelines do not cover
    it), ``fragment`` (it refers to something that is not there), or nothing.
    """

    key: str
    truth: Label
    text: str
    difficulty: float
    lean: Label
    trouble: Trouble = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """A group of one or more attributes and the words that name it.

    ``groups`` maps attribute to group, for example ``{"religion": "Hindu"}``; ``forms`` maps form to word.
    ``plural_verb`` is true where the pronoun takes a plural verb (they keep).
    """

    groups: Mapping[str, str]
    forms: Mapping[str, str]
    plural_verb: bool = False


def keep(key: str, text: str, difficulty: float = CLEAR, trouble: Trouble = "") -> Template:
    """A message that stays; who errs sends it to review."""
    return Template(key, KEEP, text, difficulty, REVIEW, trouble)


def review(key: str, text: str, difficulty: float, lean: Label, trouble: Trouble = "") -> Template:
    """A message that a moderator should look at; ``lean``: is it rather kept or removed by mistake?"""
    return Template(key, REVIEW, text, difficulty, lean, trouble)


def remove(key: str, text: str, difficulty: float = CLEAR, trouble: Trouble = "") -> Template:
    """A message that goes; who errs sends it to review."""
    return Template(key, REMOVE, text, difficulty, REVIEW, trouble)


def render(template: Template, identity: Identity, fillers: Mapping[str, str]) -> str:
    """The template's text for one identity; raises :class:`TemplateError` for a slot that nothing fills."""

    def word(match: re.Match[str]) -> str:
        slot = match.group(1)
        if "|" in slot:
            singular, plural = slot.split("|")
            return plural if identity.plural_verb else singular
        try:
            return _word(slot, identity)
        except KeyError:
            raise TemplateError(f"{template.key}: no form [{slot}] for {dict(identity.groups)}") from None

    def filler(match: re.Match[str]) -> str:
        try:
            return fillers[match.group(1)]
        except KeyError:
            raise TemplateError(f"{template.key}: no filler {match.group()}") from None

    return _FILLER.sub(filler, _SLOT.sub(word, template.text))


def with_article(words: str) -> str:
    """``words`` after "a" or "an"; enough for the sample, no word of which begins with a silent letter."""
    return f"{'an' if words[0].lower() in _VOWELS else 'a'} {words}"


def _word(slot: str, identity: Identity) -> str:
    lowered = slot[0].lower() + slot[1:]
    form = lowered.removeprefix("a ")
    word = identity.forms[form] if form == lowered else with_article(identity.forms[form])
    return word[0].upper() + word[1:] if slot[0].isupper() else word
