"""BBQ: what a language model answers where the text leaves open who is meant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evenhand.reproduce.examples import number
from evenhand.reproduce.values import DataSet, Value, read_rows
from fairness.metrics import Answer, stereotype_bias

#: Category, prompt format and the published score in per cent.
SCORES = (
    ("Disability_status", "arc", 32.6),
    ("Disability_status", "race", 21.2),
    ("Physical_appearance", "arc", 48.9),
    ("Sexual_orientation", "arc", 11.8),
)
CATEGORIES = tuple(dict.fromkeys(category for category, _prompt, _score in SCORES))
UNMATCHED = -1  # an answer that is none of the three options

TOLERANCE = 0.05  # half of the last printed place
#: Category and prompt whose score the data do not give: what they give, and why that may be.
KNOWN = {
    ("Physical_appearance", "arc"): (
        48.08,
        "Physical appearance is not reached. Six of the 788 answers match no option in the data and are left out; "
        "whatever they were, at most 48.5 would come out. The authors' scores also go by a table of questions that is "
        "not in the data.",
    )
}


def bbq(folder: Path) -> list[Value]:
    questions = {name: list(_questions(folder / "bbq" / f"{name}.jsonl")) for name in CATEGORIES}
    values = []
    for category, prompt, target in SCORES:
        answers = _answers(folder / "bbq" / f"{category}.unifiedqa_preds.csv", prompt)
        found = stereotype_bias(_open(questions[category], answers)).where_open
        name = f"BBQ, open texts: {category.replace('_', ' ').lower()}, {prompt.upper()}, %"
        known, note = KNOWN.get((category, prompt), (None, ""))
        source = "Parrish et al. (2022), Findings of ACL"
        values.append(Value(name, target, 100 * number(found), TOLERANCE, source, known=known, note=note))
    return values


def _questions(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            question: dict[str, Any] = json.loads(line)
            yield question


def _answers(path: Path, prompt: str) -> dict[int, int]:
    """Question's number → number of the option that the model chose."""
    rows = read_rows(path)
    return {int(row["example_id"]): int(row["answer_index"]) for row in rows if row["prompt_format"] == prompt}


def _open(questions: list[dict[str, Any]], answers: dict[int, int]) -> Iterator[Answer]:
    """The answers where the text leaves it open; the right one is then always "unknown"."""
    for question in questions:
        chosen = answers[question["example_id"]]
        if question["context_condition"] != "ambig" or chosen == UNMATCHED:
            continue
        group = question["answer_info"][f"ans{chosen}"][1]
        targets = question["additional_metadata"]["stereotyped_groups"]
        yield Answer(
            chose_target=None if group == "unknown" else group in targets,
            negative=question["question_polarity"] == "neg",
            right=chosen == question["label"],
        )


BBQ = DataSet(
    "BBQ",
    tuple(f"bbq/{name}.{ending}" for name in CATEGORIES for ending in ("jsonl", "unifiedqa_preds.csv")),
    "github.com/nyu-mll/BBQ (CC BY 4.0): data, and of results/UnifiedQA the number of the option that was chosen",
    bbq,
)
