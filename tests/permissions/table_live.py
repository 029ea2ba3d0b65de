"""What is watched: fairness, and the record."""

from __future__ import annotations

from tests.permissions.entry import Entry, project

TABLE = {
    "fairness": Entry(project, GET="302 404 403 200 200 200"),
    "api_fairness": Entry(project, GET="401 404 403 200 200 200"),
    "ledger": Entry(project, GET="302 404 403 403 200 200"),
}
