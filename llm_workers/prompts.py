"""The words that a model reads: guidelines first, because every request of a run begins with them and servers keep the
work on a common beginning; then the options in this request's order; then examples; then the item and the one fixed
sentence that says how to answer. Of what people labelled only the examples that the owner asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.modalities import modality
from annotations.models import LabelSchema
from llm_workers.questions import Question

BREAK = "\n\n=== message with the item ===\n\n"
OPTIONS, EXAMPLES, ITEM = "{options}", "{examples}", "{item}"
PLACES = re.compile(r"(\{options\}|\{examples\})")


@dataclass(frozen=True)
class Example:
    """An item with its right label, to be shown before the item in question."""

    item_id: int
    modality: str
    payload: Mapping[str, Any]
    value: Any


def prompt_text(*, schema: LabelSchema, question: Question, instructions: str = "", examples: bool = False) -> str:
    """The whole prompt with the places of options, examples and item marked: what ``PromptVersion.text`` keeps.

    ``instructions`` stand in the place of the schema's guidelines.
    """
    words = question.shape.wording
    guidelines = instructions.strip() or schema.guidelines.strip() or words.no_guidelines
    options = f"# {words.options}\n\n{OPTIONS}\n\n" if question.options(0) else ""
    shown = f"# {words.examples}\n\n{words.examples_note}\n\n{EXAMPLES}\n\n" if examples else ""
    beginning = f"{words.frame}\n\n# {words.guidelines}\n\n{guidelines}"
    return f"{beginning}{BREAK}{options}{shown}# {words.item}\n\n{ITEM}\n\n{question.instruction()}"


def prompt_hash(
    *,
    text: str,
    schema_id: int,
    with_reason: bool,
    orders: int,
    recipe: Mapping[str, Any] | None = None,
    examples: Any = (),
) -> str:
    """SHA-256 (hex) of everything that decides how a question is asked."""
    whole = {"text": text, "schema": schema_id, "with_reason": with_reason, "orders": orders}
    return digest(whole | ({"recipe": dict(recipe), "examples": examples} if recipe else {}))


def messages(
    *,
    text: str,
    question: Question,
    rotation: int,
    kind: str,
    payload: Mapping[str, Any],
    examples: Sequence[Example] = (),
) -> list[dict[str, Any]]:
    """The chat messages for one item of modality ``kind``. Media parts stand where the item's text would."""
    system, _, user = text.rpartition(BREAK)
    before, _, after = user.partition(ITEM)
    parts: list[str | dict[str, Any]] = []
    for piece in PLACES.split(before):  # of the bare frame: nothing that an item or a label says is taken for a place
        if piece == OPTIONS:
            parts.append(question.options(rotation))
        elif piece == EXAMPLES:
            parts += _shown(question, rotation, examples)
        else:
            parts.append(piece)
    parts += [*_content(kind, payload), after]
    return [{"role": "system", "content": system}, {"role": "user", "content": _joined(parts)}]


def _shown(question: Question, rotation: int, examples: Sequence[Example]) -> list[str | dict[str, Any]]:
    words = question.shape.wording
    parts: list[str | dict[str, Any]] = []
    for number, example in enumerate(examples, 1):
        parts.append(f"{'' if number == 1 else chr(10) * 2}({number}) ")
        parts += _content(example.modality, example.payload)
        parts.append(f"\n{words.answer}: {question.example(example.value, rotation)}")
    return parts


def _content(kind: str, payload: Mapping[str, Any]) -> list[str | dict[str, Any]]:
    part = modality(kind).message_part(payload)
    return [part] if isinstance(part, str) else list(part)


def _joined(parts: Sequence[str | dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Plain text where there is only text, otherwise parts in which neighbouring texts are one."""
    joined: list[str | dict[str, Any]] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    if len(joined) == 1 and isinstance(joined[0], str):
        return joined[0]
    return [{"type": "text", "text": part} if isinstance(part, str) else part for part in joined]


def repair(
    asked: Sequence[Mapping[str, Any]], *, answer: str, problem: str, question: Question
) -> list[dict[str, Any]]:
    """The second and last try after an unusable answer: the same question, the answer, and what was wrong with it."""
    complaint = f"{question.shape.wording.not_valid} {problem} {question.instruction()}"
    return [
        *(dict(message) for message in asked),
        {"role": "assistant", "content": answer[:500] or "(nothing)"},
        {"role": "user", "content": complaint},
    ]


def digest(data: Any) -> str:
    """SHA-256 (hex) of canonical JSON."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def rotations(*, item_id: int, orders: int, size: int) -> list[int]:
    """By how many places the options of this item are shifted in each of its requests.

    The first follows from the item's number alone, so it is spread evenly over the items and comes out the same in a
    repetition; further ones are spaced evenly from there.
    """
    orders = min(orders, size)
    start = int.from_bytes(hashlib.blake2s(str(item_id).encode(), digest_size=8).digest(), "big") % size
    return [(start + number * size // orders) % size for number in range(orders)]
