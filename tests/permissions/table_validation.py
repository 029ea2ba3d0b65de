"""Scores of labels, and the model that rates them."""

from __future__ import annotations

from tests.permissions.entry import Entry, World, project


def pausing(world: World) -> dict[str, object]:
    return {"project_id": world.cast.project.pk, "action": "pause"}


TABLE = {
    "validation": Entry(project, GET="302 404 403 200 200 200", POST="302 404 403 403 403 422"),
    "validation_now": Entry(project, POST="302 404 403 403 403 302"),
    "validation_model": Entry(project, GET="302 404 403 200 200 200", POST="302 404 403 403 403 302"),
    "validation_model_steer": Entry(pausing, POST="302 404 403 403 403 409"),
    "api_verifier": Entry(
        project,
        GET="401 404 403 200 200 200",
        POST="401 404 403 403 403 202",
        PATCH="401 404 403 403 403 200",
    ),
    "api_verifier_scores": Entry(project, GET="401 404 403 403 200 200"),
    "api_validator": Entry(project, GET="401 404 403 200 200 200", PATCH="401 404 403 403 403 200"),
    "api_validator_ratings": Entry(project, GET="401 404 403 200 200 200"),
    "api_validator_pause": Entry(project, POST="401 404 403 403 403 409"),
    "api_validator_resume": Entry(project, POST="401 404 403 403 403 409"),
}
