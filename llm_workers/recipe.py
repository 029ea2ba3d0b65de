"""What an owner chooses about a prompt, as a plain value that can be compared, stored and hashed. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from llm_workers.questions.base import AFTER, BEFORE, OFF, Shape
from llm_workers.questions.wording import WORDINGS

NONE, HAND, BALANCED, SIMILAR = "none", "hand", "balanced", "similar"
THINKING = (OFF, AFTER, BEFORE)
WAYS = (NONE, HAND, BALANCED, SIMILAR)
MAX_EXAMPLES = 20
MAX_ORDERS = 50
MAX_SAMPLES = 20
MAX_REQUESTS = 60  # per item: orders × samples
MAX_INSTRUCTIONS = 20_000
COOLEST, HOTTEST = 0.1, 2.0


@dataclass(frozen=True)
class Recipe:
    """``instructions`` empty: the schema's guidelines. ``temperature`` counts only where ``samples`` > 1.

    ``ways`` of examples: none, picked by ``hand``, ``balanced`` over labels and the groups of ``attribute`` (drawn by
    ``seed``), or the most ``similar`` ones of each item; ``count`` of them. ``picked`` holds (item id, label).
    """

    instructions: str = ""
    language: str = "en"
    thinking: str = OFF
    stated: bool = False
    orders: int = 1
    samples: int = 1
    temperature: float = 0.7
    way: str = NONE
    count: int = 4
    attribute: str = ""
    seed: int = 0
    picked: tuple[tuple[int, Any], ...] = ()

    @property
    def shape(self) -> Shape:
        return Shape(thinking=self.thinking, stated=self.stated, wording=WORDINGS[self.language])

    def requests(self, size: int) -> int:
        """How often one item is asked about, where the options have ``size`` different orders."""
        return min(self.orders, size) * self.samples

    def as_json(self) -> dict[str, Any]:
        """Plain JSON in which only what counts is different: equal JSON asks equally."""
        data = asdict(self) | {"picked": [list(row) for row in self.picked]}
        if self.samples == 1:
            del data["temperature"]
        unused = {NONE: ("count", "attribute", "seed", "picked"), HAND: ("count", "attribute", "seed")}
        unused |= {BALANCED: ("picked",), SIMILAR: ("attribute", "picked")}
        for name in unused[self.way]:
            del data[name]
        return data


def recipe_from(data: Mapping[str, Any]) -> Recipe:
    """The recipe that ``as_json`` gave; what is missing has its default. Of an empty one: the default recipe."""
    known = {field.name for field in fields(Recipe)}
    given = {name: value for name, value in data.items() if name in known}
    if "picked" in given:
        given["picked"] = tuple((int(item_id), value) for item_id, value in given["picked"])
    return Recipe(**given)
