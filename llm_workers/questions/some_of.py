"""Any number of options: the model says of each whether it applies.

One yes or no per option, and not a list of codes: in a list, the probability of a code depends on what else could have
been written at that place, so two labels that both surely apply would each look half certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llm_workers.client.wire import Constraint, Reply
from llm_workers.questions import decision
from llm_workers.questions.base import (
    BEFORE,
    BadAnswer,
    Choices,
    Reading,
    clean_reason,
    parse_object,
    stated_in,
)

TOKENS_PER_OPTION = 12
HALF = 0.5


class SomeOf(Choices):
    """``{"A": true, "B": false, …}``: each label's probability is that of ``true`` at its own place."""

    @property
    def constraint(self) -> Constraint:
        schema = self.shape.schema({code: {"type": "boolean"} for code in self.codes})
        tokens = 16 + TOKENS_PER_OPTION * len(self.codes) + self.shape.extra_tokens
        return Constraint(codes=(), schema=schema, max_tokens=tokens)

    def instruction(self) -> str:
        low, high = self._bounds()
        words, fields = self.shape.wording, self.shape.fields({})
        how_many = (words.exactly if low == high else words.between).format(low=low, high=high)
        example = ", ".join(f'"{code}": {words.yes_or_no}' for code in self.codes[:2])
        steps = fields.pop("reason") if self.shape.thinking == BEFORE else ""
        extra = "".join(words.also.format(name=name, what=what) for name, what in fields.items())
        form = words.reason_first if steps else words.each_letter
        return words.each_option.format(how_many=how_many) + form.format(example=example, extra=extra, steps=steps)

    def example(self, value: Any, rotation: int) -> str:
        keys = self.keys(rotation)
        codes = [code for code, key in zip(self.codes, keys, strict=True) if key in value]
        return ", ".join(codes) or self.shape.wording.none

    def _bounds(self) -> tuple[int, int]:
        schema = self.task.output_schema(self.config)
        return int(schema.get("minItems", 0)), int(schema.get("maxItems", len(self.codes)))

    def read(self, reply: Reply, rotation: int) -> Reading:
        data, keys = parse_object(reply), self.keys(rotation)
        wrong = [code for code in self.codes if not isinstance(data.get(code), bool)]
        if wrong:
            raise BadAnswer(f"The answer does not say true or false for {', '.join(wrong)}.")
        reason, stated = clean_reason(data, self.shape), stated_in(data, self.shape)
        value = self.checked([key for code, key in zip(self.codes, keys, strict=True) if data[code]], reason)
        probabilities = {}
        for code, key in zip(self.codes, keys, strict=True):
            offset = decision.find(reply.tokens, rf'"{code}"\s*:\s*(true|false)')
            place = None if offset is None else decision.token_at(reply.tokens, offset)
            if place is None:
                return Reading(value=value, reason=reason, stated=stated)
            probabilities[key] = decision.distribution(*place, ("true", "false"))["true"]
        return Reading(value, probabilities, confidence(value, probabilities), reason, stated)

    def combine(self, readings: Sequence[Reading]) -> Reading:
        """The labels whose mean probability is at least one half, held to the schema's bounds by their rank. Without
        probabilities, those that at least half of the answers gave."""
        if len(readings) == 1:
            return readings[0]
        shares = [reading.probabilities for reading in readings if reading.probabilities]
        known = len(shares) == len(readings)
        if not known:
            keys = [label["key"] for label in self.labels]
            shares = [{key: float(key in reading.value) for key in keys} for reading in readings]
        mean = {key: sum(share[key] for share in shares) / len(shares) for key in shares[0]}
        low, high = self._bounds()
        ranked = sorted(mean, key=lambda key: -mean[key])
        count = min(max(sum(share >= HALF for share in mean.values()), low), high)
        reason = next((reading.reason for reading in readings if reading.reason), "")
        value = self.checked(ranked[:count], reason)
        return Reading(value, mean, confidence(value, mean), reason) if known else Reading(value=value, reason=reason)

    def sampled(self, values: Sequence[Any]) -> dict[str, float] | None:
        """For each label the share of the draws that gave it, with half a draw added for yes and for no."""
        keys = [label["key"] for label in self.labels]
        return {key: (sum(key in value for value in values) + 0.5) / (len(values) + 1) for key in keys}


def confidence(value: Sequence[str], probabilities: dict[str, float]) -> float:
    """The probability of the least certain of the yes-or-no answers: the value is no surer than its weakest part."""
    return min(share if key in value else 1 - share for key, share in probabilities.items())
