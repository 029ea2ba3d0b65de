"""Reading prompts: what a recipe comes to, and how a version is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from annotations.models import LabelSchema, Project
from annotations.task_types import task_type
from ledger.errors import DomainError
from llm_workers.asking import Asking, SameForAll
from llm_workers.examples.choosing import balanced
from llm_workers.examples.likeness import MostAlike
from llm_workers.examples.sources import candidates, examples_of
from llm_workers.models import Prompt, PromptVersion
from llm_workers.prompts import EXAMPLES, ITEM, OPTIONS, messages, prompt_text
from llm_workers.questions import Question, question_for
from llm_workers.questions.base import AFTER, OFF
from llm_workers.recipe import BALANCED, HAND, NONE, SIMILAR, Recipe, recipe_from

Rows = Sequence[Sequence[Any]]  # of item id and label


def prompts_of(project: Project) -> QuerySet[Prompt]:
    """A project's prompts by name, each with ``version_count``."""
    return Prompt.objects.filter(project=project).annotate(version_count=Count("versions")).order_by("name", "id")


def versions_of(prompt: Prompt) -> QuerySet[PromptVersion]:
    """Latest first, each with ``annotator_count``: the models that were asked by it."""
    found = PromptVersion.objects.filter(prompt=prompt).select_related("schema")
    return found.annotate(annotator_count=Count("annotators")).order_by("-number")


def recipe_of(prompt: Prompt) -> Recipe:
    """What the prompt says now."""
    picked = tuple((one.item_id, one.value) for one in prompt.examples.all()) if prompt.way == HAND else ()
    names = ("instructions", "language", "thinking", "stated", "orders", "samples", "temperature", "way", "count")
    return Recipe(
        **{name: getattr(prompt, name) for name in names},
        attribute=prompt.attribute,
        seed=prompt.seed,
        picked=picked,
    )


def recipe_of_version(version: PromptVersion) -> Recipe:
    """The choices behind a version; of a run without a prompt of its own, those of the run's form."""
    if version.recipe:
        return recipe_from(version.recipe)
    return Recipe(thinking=AFTER if version.with_reason else OFF, orders=version.orders)


def question_of(schema: LabelSchema, recipe: Recipe) -> Question:
    return question_for(task=task_type(schema.task_type), config=schema.config, shape=recipe.shape)


@dataclass(frozen=True)
class Composed:
    """What a recipe comes to today. ``examples``: rows of item id and label."""

    schema: LabelSchema
    recipe: Recipe
    text: str
    question: Question

    def draw_examples(self) -> list[list[Any]]:
        """Which items are shown, or among which the similar ones are looked up.

        Raises ``DomainError`` (409) where there is none to take.
        """
        recipe = self.recipe
        if recipe.way == NONE:
            return []
        if recipe.way == HAND:
            return [self._still_valid(*row) for row in recipe.picked]
        found = {one.item_id: one for one in candidates(self.schema, seed=recipe.seed)}
        if len(found) < 2:
            text = _(
                "There are too few items to take examples from: they come from gold and from settled cases. Add gold,"
                " settle cases, or choose the examples by hand."
            )
            raise DomainError("no_examples", text)
        chosen: Sequence[int] = list(found)
        if recipe.way == BALANCED:
            token = task_type(self.schema.task_type).token
            cells = [(one.item_id, (token(one.value), one.groups.get(recipe.attribute))) for one in found.values()]
            chosen = balanced(cells, count=recipe.count, seed=recipe.seed)
        return [[item_id, found[item_id].value] for item_id in chosen]

    def _still_valid(self, item_id: int, value: Any) -> list[Any]:
        """A picked example. Labels may have changed since it was picked."""
        try:
            return [item_id, task_type(self.schema.task_type).check_value(self.schema.config, value)]
        except DomainError as error:
            text = _("An example that was picked no longer fits the labels: %(why)s Pick its label again.")
            raise DomainError("example_outdated", text % {"why": error.message}) from None


def composed(schema: LabelSchema, recipe: Recipe) -> Composed:
    question = question_of(schema, recipe)
    text = prompt_text(schema=schema, question=question, instructions=recipe.instructions, examples=recipe.way != NONE)
    return Composed(schema, recipe, text, question)


def asking(*, schema: LabelSchema, recipe: Recipe, text: str, examples: Rows) -> Asking:
    """How a model is asked by a prompt whose examples are chosen."""
    frozen = tuple((int(item_id), _hashable(value)) for item_id, value in examples)
    alike = recipe.way == SIMILAR
    return Asking(
        text=text,
        question=question_of(schema, recipe),
        orders=recipe.orders,
        samples=recipe.samples,
        temperature=recipe.temperature,
        examples=_most_alike(frozen, recipe.count) if alike else SameForAll(examples_of(_rows(frozen))),
    )


def asking_of(version: PromptVersion, *, schema: LabelSchema) -> Asking:
    """How a model is asked by this version."""
    return asking(schema=schema, recipe=recipe_of_version(version), text=version.text, examples=version.examples)


@lru_cache(maxsize=4)
def _most_alike(frozen: tuple[tuple[int, Any], ...], count: int) -> MostAlike:
    """Fitted once in a process for all tasks of a version: it is the same wherever it is fitted."""
    return MostAlike(examples_of(_rows(frozen)), count=count)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _rows(frozen: tuple[tuple[int, Any], ...]) -> Rows:
    return [(item_id, list(value) if isinstance(value, tuple) else value) for item_id, value in frozen]


def shown_to_all(version: PromptVersion) -> list[int]:
    """Items whose label every request of this version shows: they are not labelled by it."""
    return [] if recipe_of_version(version).way == SIMILAR else [int(row[0]) for row in version.examples]


def preview(schema: LabelSchema, recipe: Recipe) -> str:
    """The prompt with the options' first order and the examples that are the same for all items filled in."""
    made = composed(schema, recipe)
    if recipe.way not in (HAND, BALANCED):
        return made.text.replace(OPTIONS, made.question.options(0), 1)
    try:
        shown = examples_of(made.draw_examples())
    except DomainError as problem:
        return made.text.replace(OPTIONS, made.question.options(0), 1).replace(EXAMPLES, f"[{problem.message}]", 1)
    system, user = messages(
        text=made.text, question=made.question, rotation=0, kind="text", payload={"text": ITEM}, examples=shown
    )
    return as_text([system, user])


def as_text(asked: Sequence[Mapping[str, Any]]) -> str:
    """Messages as one text, each under its role; of parts that are not text, their kind."""
    lines = []
    for message in asked:
        content = message["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        words = "".join(part["text"] if part["type"] == "text" else f"[{part['type']}]" for part in parts)
        lines.append(f"=== {message['role']} ===\n\n{words}")
    return "\n\n".join(lines)
