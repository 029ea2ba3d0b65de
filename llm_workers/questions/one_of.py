"""One option out of several: the model answers with the option's code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from llm_workers.client.wire import Constraint, Reply
from llm_workers.questions import decision
from llm_workers.questions.base import (
    CUT,
    BadAnswer,
    Choices,
    Reading,
    clean_reason,
    parse_object,
    stated_in,
)


class OneOf(Choices):
    """Bare codes where nothing else is asked for: the answer is one token, and its distribution is the label's."""

    @property
    def constraint(self) -> Constraint:
        schema = self.shape.schema({"label": {"type": "string", "enum": list(self.codes)}})
        codes = self.codes if self.shape.is_bare else ()
        return Constraint(codes=codes, schema=schema, max_tokens=24 + self.shape.extra_tokens)

    def instruction(self) -> str:
        words = self.shape.wording
        return words.letter if self.shape.is_bare else self.shape.instruction({"label": words.the_letter})

    def example(self, value: Any, rotation: int) -> str:
        return self.codes[self.keys(rotation).index(value)]

    def read(self, reply: Reply, rotation: int) -> Reading:
        code, reason, stated = self._answer(reply)
        keys = self.keys(rotation)
        value = self.checked(keys[self.codes.index(code)], reason)
        offset = decision.find(reply.tokens, r'(?:^\s*|"label"\s*:\s*)"?(' + code + r")\b")
        place = None if offset is None else decision.token_at(reply.tokens, offset)
        if place is None:
            return Reading(value=value, reason=reason, stated=stated)
        shares = decision.distribution(*place, self.codes)
        probabilities = {keys[self.codes.index(option)]: share for option, share in shares.items()}
        return Reading(value, probabilities, probabilities[value], reason, stated)

    def _answer(self, reply: Reply) -> tuple[str, str, float | None]:
        """Code, reason, stated certainty. A server that cannot be held to bare codes answers with the object."""
        bare = reply.text.strip()
        if self.shape.is_bare:
            if bare in self.codes:
                return bare, "", None
            quoted = _json_string(bare)
            if quoted in self.codes:
                return quoted, "", None
            if bare and not bare.startswith("{"):
                raise BadAnswer(CUT) if reply.cut else self._not_an_option(bare)
        data = parse_object(reply)
        code = data.get("label")
        if code not in self.codes:
            raise self._not_an_option(code)
        return str(code), clean_reason(data, self.shape), stated_in(data, self.shape)

    def _not_an_option(self, said: Any) -> BadAnswer:
        return BadAnswer(f"“{str(said)[:40]}” is not one of {', '.join(self.codes)}.")

    def combine(self, readings: Sequence[Reading]) -> Reading:
        """The label with the highest mean probability; without probabilities, the most frequent answer."""
        if len(readings) == 1:
            return readings[0]
        shares = [reading.probabilities for reading in readings if reading.probabilities]
        votes = [reading.value for reading in readings]
        if len(shares) < len(readings):
            value = max(votes, key=votes.count)
            return Reading(value=value, reason=_reason_for(readings, value))
        mean = {key: sum(share[key] for share in shares) / len(shares) for key in shares[0]}
        value = max(mean, key=lambda key: mean[key])
        return Reading(value, mean, mean[value], _reason_for(readings, value))

    def sampled(self, values: Sequence[Any]) -> dict[str, float] | None:
        """Shares of the labels with half a draw added for each (Jeffreys' prior of a multinomial); they sum to 1."""
        whole = len(values) + len(self.labels) / 2
        return {label["key"]: (values.count(label["key"]) + 0.5) / whole for label in self.labels}


def _json_string(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _reason_for(readings: Sequence[Reading], value: Any) -> str:
    return next((reading.reason for reading in readings if reading.value == value and reading.reason), "")
