"""Models and their runs."""

from __future__ import annotations

from typing import Any

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


TABLE = {
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
    "run_steer": Entry(pausing, POST="302 404 403 403 403 302"),
    "api_models": Entry(GET="401 200 200 200 200 200"),
    "api_models_refresh": Entry(POST="401 403 403 403 403 403"),
    "api_runs": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_run": Entry(run, GET="401 404 403 403 200 200"),
    "api_run_pause": Entry(run, POST="401 404 403 403 403 200"),
    "api_run_resume": Entry(run, POST="401 404 403 403 403 409"),
    "api_run_cancel": Entry(run, POST="401 404 403 403 403 200"),
    "api_run_items": Entry(run, GET="401 404 403 403 200 200"),
}
