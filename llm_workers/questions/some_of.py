"""Any number of options: the model says of each whether it applies.

One yes or no per option, and not a list of codes: in a list, the probability of a code depends on what else could have
been written at that place, so two labels that both surely apply would each look half certain.
"""

from __future__ import annotations

from collections.abc import Sequence

from llm_workers.client.wire import Constraint, Reply
from llm_workers.questions import decision
from llm_workers.questions.base import (
    REASON_TOKENS,
    BadAnswer,
    Choices,
    Reading,
    clean_reason,
    object_schema,
    parse_object,
)

TOKENS_PER_OPTION = 12
HALF = 0.5


class SomeOf(Choices):
    """``{"A": true, "B": false, …}``: each label's probability is that of ``true`` at its own place."""

    @property
    def constraint(self) -> Constraint:
        schema = object_schema({code: {"type": "boolean"} for code in self.codes}, with_reason=self.with_reason)
        tokens = 16 + TOKENS_PER_OPTION * len(self.codes) + (REASON_TOKENS if self.with_reason else 0)
        return Constraint(codes=(), schema=schema, max_tokens=tokens)

    def instruction(self) -> str:
        low, high = self._bounds()
        how_many = f"exactly {low}" if low == high else f"from {low} to {high}"
        example = ", ".join(f'"{code}": true or false' for code in self.codes[:2])
        reason = ', and "reason": why, in one short sentence' if self.with_reason else ""
        return (
            f"Say of every option whether it applies; {how_many} of them must. "
            f"Answer with JSON, one entry for each letter: {{{example}, …}}{reason}."
        )

    def _bounds(self) -> tuple[int, int]:
        schema = self.task.output_schema(self.config)
        return int(schema.get("minItems", 0)), int(schema.get("maxItems", len(self.codes)))

    def read(self, reply: Reply, rotation: int) -> Reading:
        data, keys = parse_object(reply), self.keys(rotation)
        wrong = [code for code in self.codes if not isinstance(data.get(code), bool)]
        if wrong:
            raise BadAnswer(f"The answer does not say true or false for {', '.join(wrong)}.")
        reason = clean_reason(data)
        value = self.checked([key for code, key in zip(self.codes, keys, strict=True) if data[code]], reason)
        probabilities = {}
        for code, key in zip(self.codes, keys, strict=True):
            offset = decision.find(reply.tokens, rf'"{code}"\s*:\s*(true|false)')
            place = None if offset is None else decision.token_at(reply.tokens, offset)
            if place is None:
                return Reading(value=value, reason=reason)
            probabilities[key] = decision.distribution(*place, ("true", "false"))["true"]
        return Reading(value, probabilities, confidence(value, probabilities), reason)

    def combine(self, readings: Sequence[Reading]) -> Reading:
        """The labels whose mean probability is at least one half, held to the schema's bounds by their rank."""
        shares = [reading.probabilities for reading in readings if reading.probabilities]
        if len(readings) == 1 or len(shares) < len(readings):
            return readings[0]
        mean = {key: sum(share[key] for share in shares) / len(shares) for key in shares[0]}
        low, high = self._bounds()
        ranked = sorted(mean, key=lambda key: -mean[key])
        count = min(max(sum(share >= HALF for share in mean.values()), low), high)
        reason = next((reading.reason for reading in readings if reading.reason), "")
        value = self.checked(ranked[:count], reason)
        return Reading(value, mean, confidence(value, mean), reason)


def confidence(value: Sequence[str], probabilities: dict[str, float]) -> float:
    """The probability of the least certain of the yes-or-no answers: the value is no surer than its weakest part."""
    return min(share if key in value else 1 - share for key, share in probabilities.items())
