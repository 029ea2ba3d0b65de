"""Changing prompts, freezing them into versions, and the annotator that a model is when asked by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from annotations.models import Annotator, AnnotatorKind, Item, LabelSchema, Project
from annotations.task_types import task_type
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record
from llm_workers.models import ModelAnnotator, ModelVersion, Prompt, PromptExample, PromptVersion
from llm_workers.prompts import digest, prompt_hash, prompt_text
from llm_workers.questions import question_for
from llm_workers.questions.base import AFTER, OFF
from llm_workers.questions.wording import WORDINGS
from llm_workers.recipe import (
    BALANCED,
    COOLEST,
    HAND,
    HOTTEST,
    MAX_EXAMPLES,
    MAX_INSTRUCTIONS,
    MAX_ORDERS,
    MAX_REQUESTS,
    MAX_SAMPLES,
    THINKING,
    WAYS,
    Recipe,
)
from llm_workers.selectors.prompts import composed, recipe_of, recipe_of_version

FIELDS = (
    "instructions", "language", "thinking", "stated", "orders", "samples", "temperature", "way", "count", "attribute",
    "seed",
)  # fmt: skip


def prompt_create(*, project: Project, by: Any, name: str, recipe: Recipe) -> Prompt:
    """A new prompt. Raises ``DomainError`` 400 with the field at fault."""
    recipe = recipe_checked(project=project, recipe=recipe)
    with transaction.atomic():
        prompt = Prompt(project=project, name=_checked_name(name), created_by=by)
        _write(prompt, recipe)
        _record(prompt, "prompt.created", by)
    return prompt


def prompt_change(*, prompt: Prompt, by: Any, name: str, recipe: Recipe) -> Prompt:
    """Write the draft anew. Versions that were used stay as they are; the next use makes another one."""
    recipe = recipe_checked(project=prompt.project, recipe=recipe)
    with transaction.atomic():
        prompt = Prompt.objects.select_for_update(of=("self",)).select_related("project").get(pk=prompt.pk)
        prompt.name = _checked_name(name)
        _write(prompt, recipe)
        _record(prompt, "prompt.changed", by)
    return prompt


def prompt_delete(*, prompt: Prompt, by: Any) -> None:
    """Take a prompt out of the list. Its versions stay with the labels that they led to."""
    with transaction.atomic():
        _record(prompt, "prompt.deleted", by)
        prompt.delete()


def _write(prompt: Prompt, recipe: Recipe) -> None:
    for name in FIELDS:
        setattr(prompt, name, getattr(recipe, name))
    try:
        with transaction.atomic():
            prompt.save()
    except IntegrityError as error:
        if "prompt_name_once" not in str(error):
            raise
        text = _("Another prompt of this project has this name. Choose another one.")
        raise invalid(text, fields={"name": [text]}) from None
    prompt.examples.all().delete()
    PromptExample.objects.bulk_create(
        PromptExample(prompt=prompt, item_id=item_id, value=value, position=position)
        for position, (item_id, value) in enumerate(recipe.picked)
    )


def _record(prompt: Prompt, kind: str, by: Any) -> None:
    data = {"name": prompt.name, "recipe": digest(recipe_of(prompt).as_json())}
    record(kind=kind, actor=actor_of(by), subject=f"prompt:{prompt.pk}", project_id=prompt.project_id, data=data)


# --- versions and annotators ----------------------------------------------------------------------------------------


@transaction.atomic
def version_of(*, prompt: Prompt, schema: LabelSchema) -> PromptVersion:
    """What the prompt says now, frozen: the version that says the same already, or else a new one.

    Examples are drawn when a version is made and stay; another seed draws others. The caller holds the project's row.
    Raises ``DomainError`` 409 where there are no items to take examples from.
    """
    made = composed(schema, recipe_of(prompt))
    recipe = made.recipe.as_json()
    known = _same(schema, made.text, made.recipe, size=made.question.size)
    if known:
        return known
    examples = made.draw_examples()
    facts: dict[str, Any] = {
        "text": made.text,
        "with_reason": made.recipe.thinking != OFF,
        "orders": min(made.recipe.orders, made.question.size),
        "recipe": recipe,
        "examples": examples,
    }
    last = PromptVersion.objects.filter(prompt=prompt).aggregate(last=Max("number"))["last"] or 0
    version = PromptVersion.objects.create(
        project_id=schema.project_id,
        schema=schema,
        prompt=prompt,
        number=last + 1,
        hash=prompt_hash(schema_id=schema.pk, **facts),
        **facts,
    )
    data = {"prompt": prompt.pk, "number": version.number, "hash": version.hash}
    record(kind="prompt.frozen", actor="system", subject=f"prompt_version:{version.pk}",
           project_id=schema.project_id, data=data)  # fmt: skip
    return version


def _same(schema: LabelSchema, text: str, recipe: Recipe, *, size: int) -> PromptVersion | None:
    """The oldest version that asks in the same way, whether a prompt or a run without one made it."""

    def way(one: Recipe) -> dict[str, Any]:
        return replace(one, orders=min(one.orders, size)).as_json()

    versions = PromptVersion.objects.filter(project_id=schema.project_id, schema=schema, text=text).order_by("id")
    return next((one for one in versions if way(recipe_of_version(one)) == way(recipe)), None)


def plain_version(*, schema: LabelSchema, with_reason: bool, orders: int) -> PromptVersion:
    """The version of a run that has no prompt of its own."""
    question = question_for(task=task_type(schema.task_type), config=schema.config, with_reason=with_reason)
    orders = min(orders, question.size)
    text = prompt_text(schema=schema, question=question)
    known = _same(schema, text, Recipe(thinking=AFTER if with_reason else OFF, orders=orders), size=question.size)
    if known:
        return known
    made = prompt_hash(text=text, schema_id=schema.pk, with_reason=with_reason, orders=orders)
    version, _made = PromptVersion.objects.get_or_create(
        project_id=schema.project_id,
        hash=made,
        defaults={"schema": schema, "text": text, "with_reason": with_reason, "orders": orders},
    )
    return version


def model_annotator(*, model: ModelVersion, version: PromptVersion) -> ModelAnnotator:
    """The annotator that ``model`` is when asked by ``version``, made on first use. Inside the caller's transaction."""
    known = ModelAnnotator.objects.select_related("annotator", "prompt").filter(model=model, prompt=version).first()
    if known:
        return known
    # A model's name alone is not unique: another quantization may be served under it later.
    name = f"{model.name[:150]} · {digest([model.pk, version.hash])[:8]}"
    annotator = Annotator.objects.create(
        project_id=version.project_id, kind=AnnotatorKind.MODEL, name=name, base_model=model.name[:200]
    )
    return ModelAnnotator.objects.create(annotator=annotator, model=model, prompt=version)


# --- what may be chosen ---------------------------------------------------------------------------------------------


def recipe_checked(*, project: Project, recipe: Recipe) -> Recipe:
    """The recipe, its labels in canonical form. Raises ``DomainError`` 400 with the field at fault."""
    _one_of("language", recipe.language, tuple(WORDINGS))
    _one_of("thinking", recipe.thinking, THINKING)
    _one_of("way", recipe.way, WAYS)
    _between("orders", recipe.orders, 1, MAX_ORDERS)
    _between("samples", recipe.samples, 1, MAX_SAMPLES)
    _between("temperature", recipe.temperature, COOLEST, HOTTEST)
    _between("count", recipe.count, 1, MAX_EXAMPLES)
    _between("seed", recipe.seed, -(2**63), 2**63 - 1)
    if len(recipe.instructions) > MAX_INSTRUCTIONS or "\x00" in recipe.instructions:
        text = _("The instructions are at most %(most)s characters, without NUL.") % {"most": f"{MAX_INSTRUCTIONS:,}"}
        raise _at("instructions", text)
    if recipe.orders * recipe.samples > MAX_REQUESTS:
        text = _("Orders times samples are at most %(most)s requests for each item.") % {"most": MAX_REQUESTS}
        raise _at("samples", text)
    if recipe.way == BALANCED and recipe.attribute:
        _one_of("attribute", recipe.attribute, tuple(project.attributes.values_list("name", flat=True)))
    return _with_picked(project, recipe)


def _with_picked(project: Project, recipe: Recipe) -> Recipe:
    if recipe.way != HAND:
        return Recipe(**{name: getattr(recipe, name) for name in FIELDS})
    if not 1 <= len(recipe.picked) <= MAX_EXAMPLES:
        raise _at("picked", _("Pick between 1 and %(most)s examples.") % {"most": MAX_EXAMPLES})
    ids = [item_id for item_id, _value in recipe.picked]
    if len(set(ids)) < len(ids):
        raise _at("picked", _("Each item can be an example once."))
    known = set(Item.objects.filter(project=project, pk__in=ids).values_list("pk", flat=True))
    missing = [str(item_id) for item_id in ids if item_id not in known]
    if missing:
        raise _at("picked", _("No item of this project: %(ids)s.") % {"ids": ", ".join(missing)})
    return Recipe(**{name: getattr(recipe, name) for name in FIELDS}, picked=_values(project, recipe.picked))


def _values(project: Project, picked: Sequence[tuple[int, Any]]) -> tuple[tuple[int, Any], ...]:
    schema = project.schemas.get(is_current=True)
    task = task_type(schema.task_type)
    try:
        return tuple((item_id, task.check_value(schema.config, value)) for item_id, value in picked)
    except DomainError as error:
        raise _at("picked", error.message) from None


def _checked_name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= 80:
        raise _at("name", _("Give the prompt a name of at most 80 characters."))
    return name


def _one_of(field: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise _at(field, _("“%(value)s” is not one of %(known)s.") % {"value": value[:40], "known": ", ".join(known)})


def _between(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise _at(field, _("This is between %(low)s and %(high)s.") % {"low": low, "high": high})


def _at(field: str, text: str) -> DomainError:
    return invalid(text, fields={field: [text]})
