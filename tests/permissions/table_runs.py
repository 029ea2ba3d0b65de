"""Models and their runs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from llm_workers.models import ModelVersion, Prompt, Trial, TrialAnswer
from llm_workers.recipe import Recipe
from llm_workers.services.prompting import prompt_create, version_of
from tests.permissions.entry import Entry, World, project, run


def pausing(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk, "action": "pause"}


def no_model(world: World) -> dict[str, Any]:
    return {"model_id": 10**9}


def own_model(world: World) -> list[Any]:
    return [world.run.annotator.model_annotator.model_id]


def any_server(world: World) -> list[Any]:
    """Whether there is one is told only to operators, who have no role in a project: see the registry's own tests."""
    return [10**9]


def prompt(world: World) -> list[Any]:
    """A prompt with examples from items of the project."""
    made = Prompt.objects.filter(project=world.cast.project).first()
    if made is None:
        picked = ((world.item.pk, "keep"),)
        recipe = Recipe(way="hand", picked=picked, thinking="after", samples=3)
        made = prompt_create(project=world.cast.project, by=world.cast.olivia, name="With examples", recipe=recipe)
        version_of(prompt=made, schema=world.cast.schema)
    return [world.cast.project.pk, made.pk]


def trial(world: World) -> list[Any]:
    """A trial in which one item was answered and one was not."""
    cast = world.cast
    made = Trial.objects.filter(project=cast.project).first()
    if made is None:
        now = timezone.now()
        made = Trial.objects.create(
            project=cast.project, model=ModelVersion.objects.earliest("id"), schema=cast.schema, text="Which?",
            started_by=cast.olivia, created_at=now, status="done", finished_at=now, to_label=300,
        )  # fmt: skip
        first, second = cast.project.items.all()[:2]
        said = [{"role": "user", "content": "Which?"}]
        facts = {"trial": made, "messages": said, "answered_at": now, "requests": 1, "completion_tokens": 2}
        TrialAnswer.objects.create(
            item=first, position=0, value="keep", confidence=0.8, stated=0.9, entropy=0.5, reason="It is polite.",
            prompt_tokens=90, **facts,
        )  # fmt: skip
        TrialAnswer.objects.create(item=second, position=1, problem="The answer is empty.", prompt_tokens=80, **facts)
    return [cast.project.pk, made.pk]


def model_annotator(world: World) -> list[Any]:
    return [world.cast.project.pk, world.run.annotator_id]


READ = "302 404 403 403 200 200"
TABLE = {
    "run_prompts": Entry(project, GET=READ),
    "run_prompts_new": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "run_prompts_one": Entry(prompt, GET=READ, POST="302 404 403 403 403 422"),
    "run_prompts_delete": Entry(prompt, POST="302 404 403 403 403 302"),
    "run_playground": Entry(project, GET=READ, POST="302 404 403 403 403 422"),
    "run_trial": Entry(trial, GET=READ),
    "run_trial_progress": Entry(trial, GET=READ),
    "api_prompts": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_prompt": Entry(
        prompt, GET="401 404 403 403 200 200", PUT="401 404 403 403 403 400", DELETE="401 404 403 403 403 204"
    ),
    "api_playground": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_trial": Entry(trial, GET="401 404 403 403 200 200"),
    "models": Entry(GET="302 200 200 200 200 200"),
    "model": Entry(own_model, GET="302 200 200 200 200 200", POST="302 403 403 403 403 403"),
    "server_new": Entry(GET="302 403 403 403 403 403", POST="302 403 403 403 403 403"),
    "server": Entry(any_server, GET="302 403 403 403 403 403", POST="302 403 403 403 403 403"),
    "server_remove": Entry(any_server, POST="302 403 403 403 403 403"),
    "api_servers": Entry(GET="401 403 403 403 403 403", POST="401 403 403 403 403 403"),
    "api_server": Entry(
        any_server, GET="401 403 403 403 403 403", PATCH="401 403 403 403 403 403", DELETE="401 403 403 403 403 403"
    ),
    "run_costs": Entry(project, GET="302 404 403 403 200 200"),
    "api_cost": Entry(project, GET="401 404 403 403 200 200"),
    "api_model": Entry(no_model, GET="401 404 404 404 404 404", PATCH="401 403 403 403 403 403"),
    "models_refresh": Entry(POST="302 403 403 403 403 403"),
    "runs": Entry(project, GET="302 404 403 403 200 200", POST="302 404 403 403 403 422"),
    "run_prompt": Entry(project, GET="302 404 403 403 200 200"),
    "run_detail": Entry(run, GET="302 404 403 403 200 200"),
    "run_progress": Entry(run, GET="302 404 403 403 200 200"),
    "run_limits": Entry(run, POST="302 404 403 403 403 302"),
    "run_unanswered": Entry(run, GET="302 404 403 403 200 200"),
    "run_steer": Entry(pausing, POST="302 404 403 403 403 302"),
    "trust": Entry(project, GET="302 404 403 200 200 200", POST="302 404 403 403 403 422"),
    "trust_compute": Entry(project, POST="302 404 403 403 403 302"),
    "trust_model": Entry(model_annotator, GET="302 404 403 200 200 200"),
    "api_trust": Entry(
        project,
        GET="401 404 403 200 200 200",
        PATCH="401 404 403 403 403 200",
        POST="401 404 403 403 403 202",
        send={"PATCH": {"judges": "expert"}},
    ),
    "api_calibration": Entry(model_annotator, GET="401 404 403 200 200 200"),
    "api_stand_in": Entry(model_annotator, GET="401 404 403 200 200 200"),
    "api_models": Entry(GET="401 200 200 200 200 200"),
    "api_models_refresh": Entry(POST="401 403 403 403 403 403"),
    "api_runs": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_run": Entry(run, GET="401 404 403 403 200 200"),
    "api_run_pause": Entry(run, POST="401 404 403 403 403 200"),
    "api_run_resume": Entry(run, POST="401 404 403 403 403 409"),
    "api_run_cancel": Entry(run, POST="401 404 403 403 403 200"),
    "api_run_rules": Entry(run, PUT="401 404 403 403 403 400"),
    "api_run_items": Entry(run, GET="401 404 403 403 200 200"),
}
