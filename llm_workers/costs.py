"""What tokens cost."""

from __future__ import annotations

from decimal import Decimal

from llm_workers.models import ModelVersion

MILLION = 1_000_000


def is_priced(model: ModelVersion) -> bool:
    """Whether both prices are known."""
    return model.price_per_million_prompt is not None and model.price_per_million_completion is not None


def cost_of(model: ModelVersion, *, prompt_tokens: float, completion_tokens: float) -> Decimal | None:
    """In the model's currency, at its prices as they stand; None where it has none."""
    if model.price_per_million_prompt is None or model.price_per_million_completion is None:
        return None
    prompt = Decimal(prompt_tokens) * model.price_per_million_prompt
    return (prompt + Decimal(completion_tokens) * model.price_per_million_completion) / MILLION
