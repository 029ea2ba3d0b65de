"""Audits of models, and the probes that they are asked about."""

from __future__ import annotations

from typing import Any

from fairness.models import Audit, ProbeFile
from tests.audits.made import make_audit
from tests.permissions.entry import Entry, World, project


def _audit(world: World) -> Audit:
    return Audit.objects.filter(project=world.cast.project, candidates__isnull=False).first() or make_audit(
        world.cast, families=2
    )


def audit(world: World) -> list[Any]:
    return [_audit(world).pk]


def table(world: World) -> dict[str, Any]:
    return {"audit_id": _audit(world).pk, "table": "leaderboard"}


def candidate(world: World) -> list[Any]:
    made = _audit(world)
    return [made.pk, made.candidates.latest("position").pk]


def probe_set(world: World) -> list[Any]:
    return [world.cast.project.pk, _audit(world).probe_set_id]


def probe_file(world: World) -> list[Any]:
    _audit(world)
    return [world.cast.project.pk, ProbeFile.objects.filter(project=world.cast.project).latest("pk").pk]


def with_audit(world: World) -> list[Any]:
    _audit(world)
    return project(world)


def steering(action: str) -> Any:
    return lambda world: {"audit_id": _audit(world).pk, "action": action}


TABLE = {
    "audits": Entry(with_audit, GET="302 404 403 403 200 200"),
    "audit_new": Entry(with_audit, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "audit_rules": Entry(with_audit, POST="302 404 403 403 403 422"),
    "audit_catch_up": Entry(project, POST="302 404 403 403 403 302"),
    "audit_probes": Entry(with_audit, GET="302 404 403 403 200 200", POST="302 404 403 403 403 422"),
    "audit_probes_set": Entry(probe_set, GET="302 404 403 403 200 200"),
    "audit_probes_file_remove": Entry(probe_file, POST="302 404 403 403 403 302"),
    "audit_detail": Entry(audit, GET="302 404 403 403 200 200"),
    "audit_progress": Entry(audit, GET="302 404 403 403 200 200"),
    "audit_answers": Entry(candidate, GET="302 404 403 403 200 200"),
    "audit_candidate": Entry(candidate, GET="302 404 403 403 200 200"),
    "audit_card": Entry(audit, GET="302 404 403 403 200 200"),
    "audit_card_json": Entry(audit, GET="302 404 403 403 200 200"),
    "audit_card_markdown": Entry(audit, GET="302 404 403 403 200 200"),
    "audit_csv": Entry(table, GET="302 404 403 403 200 200"),
    "audit_choose": Entry(audit, POST="302 404 403 403 403 422"),
    "audit_steer": Entry(steering("cancel"), POST="302 404 403 403 403 302"),
    "api_audits": Entry(with_audit, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_audit_candidates": Entry(project, GET="401 404 403 403 200 200"),
    "api_audit_rules": Entry(project, GET="401 404 403 403 200 200", PATCH="401 404 403 403 403 200"),
    "api_probe_sets": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_probe_templates": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 415"),
    "api_probe_templates_file": Entry(probe_file, DELETE="401 404 403 403 403 204"),
    "api_audit": Entry(audit, GET="401 404 403 403 200 200"),
    "api_audit_card": Entry(audit, GET="401 404 403 403 200 200"),
    "api_audit_choose": Entry(audit, POST="401 404 403 403 403 400"),
    "api_audit_cancel": Entry(audit, POST="401 404 403 403 403 409"),
    "api_audit_resume": Entry(audit, POST="401 404 403 403 403 409"),
}
