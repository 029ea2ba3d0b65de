"""Trying a prompt on a few items before a run is started. A trial stores answers, never labels."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotations.models import Item, Project
from ledger.errors import DomainError, invalid
from ledger.services import actor_of, record
from llm_workers import limits
from llm_workers.asking import Asked, Asking, Meter, ask_item
from llm_workers.client import ChatClient, ClientError, Usage
from llm_workers.dispatch import queue_trial_on_commit
from llm_workers.examples.drawing import draw_items
from llm_workers.models import ModelVersion, Prompt, Trial, TrialAnswer, TrialServer, TrialStatus
from llm_workers.recipe import SIMILAR, Recipe, recipe_from
from llm_workers.selectors.prompts import asking, composed
from llm_workers.services.prompting import recipe_checked
from llm_workers.services.routing import ModelServers, servers_for
from llm_workers.services.strata import strata_of_project

ITEMS = 10
TOGETHER = 4  # requests at a time: a trial must not hold up a run on a small server
SECONDS = 100.0  # for all items, or as long as slow servers need
LONGEST = 1800.0  # seconds, however slow they are
TRIAL_LIMITS = {"soft_time_limit": round(LONGEST) + 30, "time_limit": round(LONGEST) + 50}
WAITING = timedelta(seconds=140)  # a trial that is older by that than it may take, and not done, has lost its task
OPEN = (TrialStatus.QUEUED, TrialStatus.RUNNING)


@dataclass(frozen=True)
class Pick:
    """Which items a trial asks about: those named, or else up to ten drawn by ``seed``, evenly over the groups of
    ``attribute`` where one is given."""

    item_ids: tuple[int, ...] = ()
    attribute: str = ""
    seed: int = 0


def trial_start(
    *, project: Project, model: ModelVersion, by: Any, recipe: Recipe, pick: Pick, prompt: Prompt | None = None
) -> Trial:
    """Ask ``model`` about ten items by ``recipe``, in the background. ``prompt``: the one that the recipe belongs to.

    Raises ``DomainError``: 400 where the recipe or the choice of items is wrong; 409 where no server offers the model,
    there is nothing to ask about, or the person's last trial still goes on.
    """
    recipe = recipe_checked(project=project, recipe=recipe)
    if not model.endpoints.exists():
        text = _("No server offers “%(name)s” now, so nothing can be tried. Start one, or choose another model.")
        raise DomainError("model_not_served", text % {"name": model.name})
    made = composed(project.schemas.get(is_current=True), recipe)
    examples = made.draw_examples()
    shown = set() if recipe.way == SIMILAR else {row[0] for row in examples}
    item_ids = _picked(project, pick, shown)
    with transaction.atomic():
        _close_stale(by)
        trial = _create(
            project=project,
            model=model,
            schema=made.schema,
            prompt=prompt,
            recipe=recipe.as_json(),
            text=made.text,
            examples=examples,
            attribute="" if pick.item_ids else pick.attribute,
            started_by=by,
            created_at=timezone.now(),
        )
        TrialAnswer.objects.bulk_create(
            TrialAnswer(trial=trial, item_id=item_id, position=position) for position, item_id in enumerate(item_ids)
        )
        data = {"model": model.pk, "items": len(item_ids)}
        record(kind="trial.started", actor=actor_of(by), subject=f"trial:{trial.pk}", project_id=project.pk, data=data)
        queue_trial_on_commit(trial.pk)
    return trial


def _picked(project: Project, pick: Pick, shown: set[int]) -> list[int]:
    """Up to ten items; never one whose label the prompt shows."""
    if not pick.item_ids:
        found = draw_items(project=project, count=ITEMS, attribute=pick.attribute, seed=pick.seed, without=shown)
        if not found:
            raise DomainError("nothing_to_try", _("There is no item to ask about. Import some first."))
        return found
    wanted = list(dict.fromkeys(pick.item_ids))
    known = set(Item.objects.filter(project=project, pk__in=wanted).values_list("pk", flat=True))
    problem = ""
    if len(wanted) > ITEMS:
        problem = _("Name at most %(most)s items.") % {"most": ITEMS}
    elif set(wanted) - known:
        problem = _("No item of this project: %(ids)s.") % {"ids": ", ".join(map(str, sorted(set(wanted) - known)))}
    elif shown & known:
        problem = _("The prompt shows the label of %(ids)s as an example. Name other items.")
        problem %= {"ids": ", ".join(map(str, sorted(shown & known)))}
    if problem:
        raise invalid(problem, fields={"items": [problem]})
    return wanted


def _close_stale(by: Any) -> None:
    for trial in Trial.objects.filter(started_by=by, status__in=OPEN).select_related("model"):
        if trial_is_lost(trial):
            trial_break_off(trial_id=trial.pk, problem=lost_text())


def trial_is_lost(trial: Trial) -> bool:
    """Whether it is not done, and nobody can be working on it any more."""
    old = timezone.now() - trial.created_at - WAITING
    if trial.status not in OPEN or old <= timedelta(0):
        return False
    return old > timedelta(seconds=trial_seconds(trial))


def trial_seconds(trial: Trial) -> float:
    """How long it may take: at the model's servers as many answers after one another as long as each may take."""
    recipe = recipe_from(trial.recipe)
    servers = trial.model.endpoints.filter(enabled=True).values_list("answer_seconds", flat=True)
    patience = max((seconds or limits.PATIENCE.read for seconds in servers), default=limits.PATIENCE.read)
    rounds = math.ceil(trial.answers.count() / TOGETHER)
    return min(max(SECONDS, rounds * recipe.orders * recipe.samples * patience), LONGEST)


def lost_text() -> str:
    return _("It broke off, or no worker took it. See that the worker of the queue “llm” runs, then try again.")


def _create(**fields: Any) -> Trial:
    try:
        with transaction.atomic():
            return Trial.objects.create(**fields)
    except IntegrityError as error:
        if "trial_one_per_person" not in str(error):
            raise
        last = Trial.objects.filter(started_by=fields["started_by"], status__in=OPEN).select_related("model").first()
        minutes = math.ceil((trial_seconds(last) if last else SECONDS) / 60)
        text = _("Your last trial still goes on. Wait for its end; it takes %(minutes)s minutes at most.")
        raise DomainError("trial_running", text % {"minutes": minutes}) from None


def trial_run(*, trial_id: int) -> None:
    """Do what ``trial_start`` promised. A second call for the same trial does nothing."""
    if not Trial.objects.filter(pk=trial_id, status=TrialStatus.QUEUED).update(status=TrialStatus.RUNNING):
        return
    trial = Trial.objects.select_related("model", "schema").get(pk=trial_id)
    strata = strata_of_project(trial.project_id, trial.attribute) if trial.attribute else {}
    to_label = sum(strata.values()) or Item.objects.filter(project_id=trial.project_id).count()
    Trial.objects.filter(pk=trial_id).update(to_label=to_label, strata=strata)
    problem = async_to_sync(_ask_all)(trial, trial_seconds(trial))
    Trial.objects.filter(pk=trial_id, status=TrialStatus.RUNNING).update(
        status=TrialStatus.FAILED if problem else TrialStatus.DONE, problem=problem[:500], finished_at=timezone.now()
    )


def trial_break_off(*, trial_id: int, problem: str) -> None:
    """End a trial whose task cannot go on."""
    Trial.objects.filter(pk=trial_id, status__in=OPEN).update(
        status=TrialStatus.FAILED, problem=problem[:500], finished_at=timezone.now()
    )


async def _ask_all(trial: Trial, seconds: float) -> str:
    """Ask about every item, for so many seconds at most, and keep each answer as it comes, and what those used that did
    not come to their end. Returns what went wrong."""
    servers = await sync_to_async(servers_for)(trial.model)
    how = await sync_to_async(asking)(
        schema=trial.schema, recipe=recipe_from(trial.recipe), text=trial.text, examples=trial.examples
    )
    rows = [row async for row in TrialAnswer.objects.filter(trial=trial).select_related("item")]
    meters = [Meter() for _row in rows]
    client = ChatClient(
        servers,
        api_key=settings.LLM_API_KEY,
        concurrency=TOGETHER,
        patience=limits.PATIENCE,
        registry=ModelServers(trial.model, TrialServer, trial_id=trial.pk),
    )
    async with client:
        turn = asyncio.Semaphore(TOGETHER)
        tasks = [
            asyncio.create_task(_ask(client, turn, trial, how, row, meter))
            for row, meter in zip(rows, meters, strict=True)
        ]
        done, late = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    await sync_to_async(_keep_unfinished)(zip(rows, meters, strict=True))
    failures = [error for task in done if (error := task.exception())]
    for failure in failures:
        if not isinstance(failure, ClientError):
            raise failure
    if failures:
        return _("%(why)s Then try again.") % {"why": failures[0]}
    if late:
        text = _("%(seconds)s seconds were not enough for all items. Ask less of the model, or use a faster server.")
        return text % {"seconds": round(seconds)}
    return ""


async def _ask(
    client: ChatClient, turn: asyncio.Semaphore, trial: Trial, how: Asking, row: TrialAnswer, meter: Meter
) -> None:
    async with turn:
        item = row.item
        asked = await ask_item(
            client,
            model=trial.model.name,
            asking=how,
            item_id=item.pk,
            kind=item.modality,
            payload=item.payload,
            meter=meter,
        )
    await sync_to_async(_keep)(row, asked)


def _keep_unfinished(metered: Iterable[tuple[TrialAnswer, Meter]]) -> None:
    """What is paid for although no answer came of it."""
    for row, meter in metered:
        if row.answered_at is None and meter.usage != Usage():
            _keep_used(row, meter.usage, meter.requests)
            row.problem = _("Asking was broken off before all answers were there. What came until then is paid for.")
            row.save()


def _keep(row: TrialAnswer, asked: Asked) -> None:
    reading = asked.reading
    if reading is not None:
        row.value, row.confidence, row.reason = reading.value, reading.confidence, reading.reason
        row.stated, row.entropy = reading.stated, reading.entropy
    row.problem, row.raw_answer = asked.problem[:300], asked.raw.replace("\x00", "")[:500]
    row.messages = list(asked.first)
    _keep_used(row, asked.usage, asked.requests)
    row.answered_at = timezone.now()
    row.save()


def _keep_used(row: TrialAnswer, usage: Usage, requests: int) -> None:
    row.requests = requests
    row.prompt_tokens, row.completion_tokens = usage.prompt_tokens, usage.completion_tokens
    row.cached_tokens, row.seconds = usage.cached_tokens, usage.seconds
