"""What is watched: fairness, and the record."""

from __future__ import annotations

from typing import Any

from tests.permissions.entry import Entry, World, project


def rates_table(world: World) -> list[Any]:
    return [world.cast.project.pk, "rates"]


TABLE = {
    "fairness": Entry(project, GET="302 404 403 200 200 200"),
    "fairness_more": Entry(project, GET="302 404 403 200 200 200"),
    "fairness_report": Entry(project, GET="302 404 403 200 200 200"),
    "fairness_csv": Entry(rates_table, GET="302 404 403 200 200 200"),
    "api_fairness": Entry(project, GET="401 404 403 200 200 200"),
    "ledger": Entry(project, GET="302 404 403 403 200 200"),
}
