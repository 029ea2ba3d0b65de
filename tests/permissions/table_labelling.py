"""Labelling: only workers, each only what is theirs."""

from __future__ import annotations

from tests.permissions.entry import Entry, assignment, project

LABEL = {"value": "keep"}
REASON = {"reason": "It came twice"}
KEYED = LABEL | {"key": "one", "active_ms": "1200"}

TABLE = {
    "label": Entry(project, GET="302 404 200 403 403 403"),
    "label_ready": Entry(project, POST="302 404 302 403 403 403"),
    "label_submit": Entry(assignment, POST="302 404 302 403 403 403", send={"POST": KEYED}),
    "label_undo": Entry(assignment, POST="302 404 302 403 403 403"),
    "label_skip": Entry(assignment, POST="302 404 302 403 403 403", send={"POST": REASON}),
    "label_flag": Entry(assignment, POST="302 404 302 403 403 403", send={"POST": REASON}),
    "api_next": Entry(project, POST="401 404 200 403 403 403"),
    "api_work": Entry(project, GET="401 404 200 403 403 403"),
    "api_submit": Entry(assignment, POST="401 404 200 403 403 403", send={"POST": LABEL}),
    "api_undo": Entry(assignment, POST="401 404 409 403 403 403"),
    "api_skip": Entry(assignment, POST="401 404 200 403 403 403", send={"POST": REASON}),
    "api_flag": Entry(assignment, POST="401 404 200 403 403 403", send={"POST": REASON}),
    "api_renew": Entry(assignment, POST="401 404 200 403 403 403"),
    "api_release": Entry(assignment, POST="401 404 200 403 403 403"),
}
