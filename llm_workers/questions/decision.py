"""How probable each option was at the token where the answer decided between them.

Servers give, for every token of the answer, the log-probabilities of the likeliest tokens *before* the constraint took
effect. At the deciding token, every listed token that begins one of the options counts for it, spaces and closing
punctuation aside ("A", " A", "A."). The sums are renormalised over the options. An option with no listed token is
given the smallest listed probability, which it cannot exceed: the confidence is never overstated for lack of a listing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from llm_workers.client.wire import Token


def token_at(tokens: Sequence[Token], offset: int) -> tuple[Token, str] | None:
    """The token that holds character ``offset`` of the joined tokens, and its text before that character."""
    start = 0
    for token in tokens:
        if start <= offset < start + len(token.text):
            return token, token.text[: offset - start]
        start += len(token.text)
    return None


def find(tokens: Sequence[Token], pattern: str) -> int | None:
    """Where the first group of the last match of ``pattern`` begins in the joined tokens: padding may stand before."""
    found = list(re.finditer(pattern, "".join(token.text for token in tokens)))
    return found[-1].start(1) if found else None


def distribution(token: Token, before: str, options: Sequence[str]) -> dict[str, float]:
    """Option → probability, summing to 1. ``before`` is the text in front of the option inside the chosen token."""
    totals = dict.fromkeys(options, 0.0)
    for text, logprob in token.candidates:
        option = _option(text, before, options)
        if option is not None:
            totals[option] += math.exp(min(logprob, 0.0))
    smallest = math.exp(min(min(logprob for _, logprob in token.candidates), 0.0))
    filled = {option: total or smallest for option, total in totals.items()}
    whole = sum(filled.values())
    if whole <= 0:  # every log-probability is −∞
        return dict.fromkeys(options, 1 / len(options))
    return {option: total / whole for option, total in filled.items()}


def _option(text: str, before: str, options: Sequence[str]) -> str | None:
    """The one option that a token begins or spells out; None where it is another word or could be several."""
    lead = before.strip()
    stripped = text.strip()
    if not stripped.startswith(lead):
        return None
    rest = stripped[len(lead) :].lstrip()
    word = re.match(r"\w*", rest)
    start = word.group() if word else ""
    if not start:
        return None
    fitting = [option for option in options if option.startswith(start)]
    return fitting[0] if len(fitting) == 1 else None
