"""A worker's own labels, care for them, and assistance."""

from __future__ import annotations

from tests.permissions.entry import Entry, own_label, project

TABLE = {
    "history": Entry(project, GET="302 404 200 403 403 403"),
    "history_label": Entry(own_label, GET="302 404 200 403 403 403", POST="302 404 302 403 403 403"),
    "api_history": Entry(project, GET="401 404 200 403 403 403"),
    "api_history_label": Entry(
        own_label,
        GET="401 404 200 403 403 403",
        PUT="401 404 200 403 403 403",
        send={"PUT": {"value": "keep"}},
    ),
    "project_setting_care": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "work_preferences": Entry(GET="302 200 200 200 200 200", POST="302 302 302 302 302 302"),
    "api_care": Entry(project, GET="401 404 200 200 200 200", PATCH="401 404 403 403 403 200"),
    "api_work_preferences": Entry(GET="401 200 200 200 200 200", PATCH="401 200 200 200 200 200"),
    "project_setting_assistance": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "api_assistance": Entry(project, GET="401 404 403 200 200 200", PATCH="401 404 403 403 403 200"),
    "project_setting_demographics": Entry(
        project,
        GET="302 404 403 403 403 200",
        POST="302 404 403 403 403 422",
        send={"POST": {"questions": ["gender"], "reason": ""}},
    ),
    "people_groups": Entry(project, GET="302 404 403 403 200 200"),
    "demographics": Entry(GET="302 200 200 200 200 200", POST="302 302 302 302 302 302"),
    "demographics_delete": Entry(POST="302 302 302 302 302 302"),
    "api_account_demographics": Entry(
        GET="401 200 200 200 200 200", PATCH="401 200 200 200 200 200", DELETE="401 204 204 204 204 204"
    ),
    "api_demographics": Entry(
        project,
        GET="401 404 403 403 200 200",
        PUT="401 404 403 403 403 200",
        send={"PUT": {"questions": ["gender"], "reason": "To see who labels."}},
    ),
    "api_history_take_back": Entry(own_label, POST="401 404 200 403 403 403"),
}
