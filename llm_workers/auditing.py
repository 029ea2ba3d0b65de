"""What audits need of those who ask models: ``annotations.candidates.Panel``. Asks as a run asks: by the same client,
router, breakers, prompt and recipe. Stores nothing of the answers: the audit does."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from annotations.candidates import (
    Candidate,
    How,
    Keep,
    Price,
    Probe,
    Question,
    Said,
    Sitting,
    Spend,
    Spent,
    Take,
    Used,
    asked_orders,
)
from annotations.models import LabelSchema, Project
from ledger.errors import DomainError, not_found
from llm_workers import limits
from llm_workers.asking import Asking, Meter, ask_item, together
from llm_workers.client import ChatClient, Refused, Usage
from llm_workers.costs.money import BY_TIME, BY_TOKENS, HOUR, cost_of
from llm_workers.models import Dialect, ModelVersion, Prompt, PromptExample, PromptVersion
from llm_workers.prompts import digest
from llm_workers.questions import Reading
from llm_workers.recipe import NONE, Recipe, recipe_from
from llm_workers.selectors.prompts import asking, asking_of, composed, recipe_of, recipe_of_version, shown_to_all
from llm_workers.selectors.runs import models_served
from llm_workers.services.models import KINDS
from llm_workers.services.prompting import plain_version, version_of
from llm_workers.services.routing import AuditServers, servers_for
from llm_workers.services.shift import Back, Shift


class Panel:
    """The models that servers offer, each asked plainly or by one of the project's prompts."""

    def offered(self, project: Project) -> list[Candidate]:
        schema = LabelSchema.objects.filter(project=project, is_current=True).first()
        if schema is None:
            return []
        prompts = Prompt.objects.filter(project=project).order_by("name", "id")
        prompts = prompts.prefetch_related(Prefetch("examples", PromptExample.objects.order_by("position", "id")))
        ways = [(None, Recipe()), *((prompt, recipe_of(prompt)) for prompt in prompts)]
        return [
            _candidate(model, prompt, recipe, schema.pk)
            for model in models_served().order_by("name", "-id")
            for prompt, recipe in ways
        ]

    def frozen(
        self, *, project: Project, model: int, prompt: int | None, questions: Mapping[str, Question], orders: int
    ) -> How:
        found = ModelVersion.objects.filter(pk=model).first()
        if found is None:
            raise not_found("The model")
        if not found.endpoints.filter(enabled=True).exists():
            text = _("No server offers “%(name)s” now. Start one and refresh the models, or choose another.")
            raise DomainError("model_not_served", text % {"name": found.name})
        way = Prompt.objects.filter(project=project, pk=prompt).first() if prompt is not None else None
        if prompt is not None and way is None:
            raise not_found("The prompt")
        schema = project.schemas.get(is_current=True)
        version = (
            version_of(prompt=way, schema=schema) if way else plain_version(schema=schema, with_reason=False, orders=1)
        )
        return {
            "model": found.pk,
            "version": version.pk,
            "hash": version.hash,
            "shown": shown_to_all(version) if any(question.own for question in questions.values()) else [],
            "tasks": {
                key: {"orders": asked_orders(recipe_of_version(version).orders, orders)}
                if question.own
                else _foreign(question, recipe_of_version(version), orders)
                for key, question in questions.items()
            },
        }

    def ask(self, how: How, *, take: Take, keep: Keep, spend: Spend) -> Sitting:
        model = ModelVersion.objects.get(pk=how["model"])
        version = PromptVersion.objects.select_related("schema").get(pk=how["version"])
        ways = {key: _way(task, version) for key, task in how["tasks"].items()}
        sitting = _Sitting(model, ways, take, keep, spend)
        shift = Shift(sitting)
        fault = async_to_sync(shift.run)()
        return Sitting(
            seconds=time.monotonic() - shift.began,
            server_seconds=sitting.registry.took_share,
            fault=fault.message if fault else "",
            hopeless=isinstance(fault, Refused),
            memory=None if shift.memory is None else int(shift.memory),
            gpu_memory=shift.gpu_memory,
        )

    def prices(self, used: Sequence[Used]) -> list[Price]:
        known = ModelVersion.objects.prefetch_related("endpoints").in_bulk({one.model for one in used})
        return [_price(known.get(one.model), one) for one in used]


def _price(model: ModelVersion | None, used: Used) -> Price:
    if model is None:
        return Price(None, why=_("The model is no longer known."))
    amount = cost_of(model, prompt_tokens=used.prompt_tokens, completion_tokens=used.completion_tokens)
    if amount is not None:
        return Price(amount, model.currency, by=BY_TOKENS)
    own = (model.price_per_hour, model.currency)
    servers = list(model.endpoints.all())
    hours = {own if one.price_per_hour is None else (one.price_per_hour, one.currency) for one in servers} or {own}
    if len(hours) > 1:
        return Price(None, why=_("Its servers cost different amounts an hour."))
    hour, currency = hours.pop()
    if hour is None:
        return Price(None, why=_("There is no price for the model's tokens or for an hour of its servers."))
    return Price(hour * Decimal(used.server_seconds) / HOUR, currency, by=BY_TIME)


def _candidate(model: ModelVersion, prompt: Prompt | None, recipe: Recipe, schema_id: int) -> Candidate:
    identity = [getattr(model, kind) for kind in KINDS] + ([str(model.revision)] if model.revision > 1 else [])
    facts = {**model.facts, "parameters": model.parameters, "license": model.license, "source": model.source}
    return Candidate(
        model=model.pk,
        prompt=prompt.pk if prompt else None,
        name=model.name,
        prompt_name=prompt.name if prompt else "",
        signature=digest({"model": identity, "schema": schema_id, "recipe": recipe.as_json()}),
        facts={name: value for name, value in facts.items() if value not in (None, "")},
        changed_at=prompt.changed_at if prompt else None,
        orders=recipe.orders,
        samples=recipe.samples,
    )


# --- ways of asking -------------------------------------------------------------------------------------------------


def _foreign(question: Question, recipe: Recipe, orders: int) -> dict[str, Any]:
    """How another question than the project's is asked: its own words in the recipe's form, without examples."""
    form = replace(recipe, instructions="", way=NONE, picked=())
    schema = LabelSchema(task_type=question.task_type, config=dict(question.config), guidelines=question.guidelines)
    return {
        "task_type": question.task_type,
        "config": dict(question.config),
        "recipe": form.as_json(),
        "text": composed(schema, form).text,
        "orders": asked_orders(recipe.orders, orders),
    }


@dataclass(frozen=True)
class _Way:
    """``asking`` in as many orders as the audit wants; ``own``: as a run would."""

    asking: Asking
    own: Asking


def _way(task: Mapping[str, Any], version: PromptVersion) -> _Way:
    if "text" in task:
        schema = LabelSchema(task_type=task["task_type"], config=task["config"])
        own = asking(schema=schema, recipe=recipe_from(task["recipe"]), text=task["text"], examples=())
    else:
        own = asking_of(version, schema=version.schema)
    return _Way(replace(own, orders=task["orders"]), own)


# --- asking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Answer:
    said: Said
    usage: Usage
    requests: int
    usable = True  # an audit wants to know what a model cannot answer, too


class _Sitting:
    """The ``Job`` of an audit: as many requests at a time as a run begins with and never more, so that the speeds of
    candidates can be compared."""

    is_timed = False

    def __init__(self, model: ModelVersion, ways: Mapping[str, _Way], take: Take, keep: Keep, spend: Spend) -> None:
        self.model, self.ways, self.take, self.keep, self.spend = model, ways, take, keep, spend
        self.meters: dict[int, Meter] = {}  # of the probes that are being asked about, by their keys
        self.servers = servers_for(model)
        self.registry = AuditServers(model, requests=max((way.asking.requests for way in ways.values()), default=1))
        self.width = max((limits.START[Dialect(server.dialect)] for server in self.servers), default=1)
        self.concurrency = self.width
        self.over = False

    def lease(self, count: int) -> list[Probe]:
        return [] if self.over else list(self.take(count))

    async def ask(self, client: ChatClient, one: Probe) -> _Answer:
        meter = self.meters[one.key] = Meter()
        return await _say(client, self.model, self.ways[one.task], one, meter)

    def store(self, answers: Sequence[_Answer]) -> None:
        self.over = not self.keep([answer.said for answer in answers])
        for answer in answers:
            self.meters.pop(answer.said.key, None)

    def release(self, leased: Sequence[Back[Probe]]) -> None:
        """What was not answered goes out again with the next sitting; what it used is counted now."""
        meters = [meter for back in leased if (meter := self.meters.pop(back.one.key, None)) is not None]
        used = sum((meter.usage for meter in meters), Usage())
        if used != Usage():
            requests = sum(meter.requests for meter in meters)
            spent = (used.prompt_tokens, used.completion_tokens, used.cached_tokens, used.seconds, requests)
            self.spend(Spent(*spent))

    def touch(self, width: int) -> bool:
        self.over = self.over or not self.keep([])
        return not self.over


async def _say(client: ChatClient, model: ModelVersion, way: _Way, probe: Probe, meter: Meter) -> _Answer:
    """One probe under every order. Raises ``ClientError`` where no server could be used."""
    asked = await ask_item(
        client,
        model=model.name,
        asking=way.asking,
        item_id=probe.seat,
        kind=probe.modality,
        payload=probe.payload,
        meter=meter,
    )
    by_order: dict[int, list[Reading]] = {}
    for rotation, one in asked.readings:
        by_order.setdefault(rotation, []).append(one)
    single = replace(way.own, orders=1)
    votes = {
        rotation: found
        for rotation, readings in by_order.items()
        if (found := together(single, readings, [rotation] * len(readings)))
    }
    # What a run would label: by the first order alone where its recipe averages over none.
    reading = votes.get(asked.rotations[0]) if way.own.orders == 1 else asked.reading
    said = Said(
        key=probe.key,
        value=reading.value if reading else None,
        confidence=reading.confidence if reading else None,
        probabilities=reading.probabilities if reading else None,
        votes=[vote.value for vote in votes.values()],
        problem="" if reading else asked.problem[:300] or "The answer is not usable.",
        prompt_tokens=asked.usage.prompt_tokens,
        completion_tokens=asked.usage.completion_tokens,
        cached_tokens=asked.usage.cached_tokens,
        seconds=asked.usage.seconds,
        requests=asked.requests,
    )
    return _Answer(said, asked.usage, asked.requests)
