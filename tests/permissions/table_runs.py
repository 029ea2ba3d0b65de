"""Models and their runs."""

from __future__ import annotations

from typing import Any

from tests.permissions.entry import Entry, World, project, run


def pausing(world: World) -> dict[str, object]:
    return {"run_id": world.run.pk, "action": "pause"}


def no_model(world: World) -> dict[str, Any]:
    return {"model_id": 10**9}


TABLE = {
    "models": Entry(GET="302 200 200 200 200 200"),
    "api_model": Entry(no_model, GET="401 404 404 404 404 404", PATCH="401 403 403 403 403 403"),
    "models_refresh": Entry(POST="302 403 403 403 403 403"),
    "runs": Entry(project, GET="302 404 403 403 200 200", POST="302 404 403 403 403 422"),
    "run_prompt": Entry(project, GET="302 404 403 403 200 200"),
    "run_detail": Entry(run, GET="302 404 403 403 200 200"),
    "run_progress": Entry(run, GET="302 404 403 403 200 200"),
    "run_limits": Entry(run, POST="302 404 403 403 403 302"),
    "run_unanswered": Entry(run, GET="302 404 403 403 200 200"),
    "run_steer": Entry(pausing, POST="302 404 403 403 403 302"),
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
