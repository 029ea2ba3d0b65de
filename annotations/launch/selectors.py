"""The checklist as it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from annotations.launch.biases import QUESTIONS, Setup, measures
from annotations.models import AssistanceRules, Bias, BiasAnswer, Project, Strategy
from annotations.serving.selectors import rules_of

UNSURE = re.compile(r"\b(unsure|not sure|cannot tell|can't tell|unclear|don't know|undecided)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One bias: what it asks, what the platform does, and the answer that holds now, if there is one."""

    bias: Bias
    question: Any
    measures: list[Any]
    answer: BiasAnswer | None

    @property
    def title(self) -> Any:
        return self.bias.label


def checklist(project: Project) -> list[Row]:
    """The twelve, in order."""
    setup, answers = setup_of(project), answers_of(project)
    return [Row(bias, QUESTIONS[bias], measures(bias, setup), answers.get(bias.value)) for bias in Bias]


def answers_of(project: Project) -> dict[str, BiasAnswer]:
    """Bias → the latest answer."""
    latest = BiasAnswer.objects.filter(project=project).order_by("bias", "-id").distinct("bias")
    return {answer.bias: answer for answer in latest}


def unanswered(project: Project) -> int:
    """How many of the twelve have no answer yet."""
    return len(Bias) - BiasAnswer.objects.filter(project=project).values("bias").distinct().count()


def setup_of(project: Project) -> Setup:
    rules, schema = rules_of(project), project.schemas.get(is_current=True)
    names = [f"{label['name']} {label['key']}".replace("_", " ") for label in schema.config["labels"]]
    return Setup(
        paid=project.wage_per_hour > 0,
        warned=bool(project.content_warning),
        random_order=rules.strategy == Strategy.SHUFFLE,
        shuffled_options=rules.shuffle_options,
        unsure_label=any(UNSURE.search(name) for name in names),
        assisted=AssistanceRules.objects.filter(project=project, is_on=True).exists(),
        guidelines=bool(schema.guidelines.strip()),
        redundancy=project.redundancy,
    )
