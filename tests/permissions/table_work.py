"""What comes in, what is settled, what goes out: imports, items, cases, consensus, agreement, exports."""

from __future__ import annotations

from tests.permissions.entry import Entry, case, item, job, project

SETTLE = {"value": "keep", "cause": "human_error", "recurrent": False, "reason": "Clear."}

TABLE = {
    "imports": Entry(
        project, GET="302 404 403 403 200 200", POST="302 404 403 403 403 422", send={"POST": {"file": ""}}
    ),
    "import_detail": Entry(job, GET="302 404 403 403 200 200"),
    "import_map": Entry(job, POST="302 404 403 403 403 422"),
    "import_progress": Entry(job, GET="302 404 403 403 200 200"),
    "import_stop": Entry(job, POST="302 404 403 403 403 302"),
    "api_imports": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_import": Entry(job, GET="401 404 403 403 200 200"),
    "api_import_preview": Entry(job, GET="401 404 403 403 200 200"),
    "api_import_start": Entry(job, POST="401 404 403 403 403 202"),
    "api_import_cancel": Entry(job, POST="401 404 403 403 403 200"),
    "api_import_errors": Entry(job, GET="401 404 403 403 200 200"),
    "api_import_errors_csv": Entry(job, GET="401 404 403 403 200 200"),
    "items": Entry(project, GET="302 404 403 200 200 200"),
    "item_detail": Entry(item, GET="302 404 403 200 200 200"),
    "api_items": Entry(project, GET="401 404 403 200 200 200"),
    "api_item": Entry(item, GET="401 404 403 200 200 200"),
    "cases": Entry(project, GET="302 404 403 200 200 200"),
    "case_next": Entry(project, POST="302 404 403 302 403 302"),
    "case_detail": Entry(case, GET="302 404 403 200 200 200"),
    "case_claim": Entry(case, POST="302 404 403 302 403 302"),
    "case_release": Entry(case, POST="302 404 403 302 403 302"),
    "case_settle": Entry(case, POST="302 404 403 422 403 422"),
    "api_cases": Entry(project, GET="401 404 403 200 200 200"),
    "api_case_next": Entry(project, POST="401 404 403 200 403 200"),
    "api_case": Entry(case, GET="401 404 403 200 200 200"),
    "api_case_claim": Entry(case, POST="401 404 403 200 403 200"),
    "api_case_release": Entry(case, POST="401 404 403 200 403 200"),
    "api_case_settle": Entry(case, POST="401 404 403 200 403 200", send={"POST": SETTLE}),
    "api_consensus": Entry(project, GET="401 404 403 200 200 200"),
    "agreement": Entry(project, GET="302 404 403 200 200 200"),
    "api_agreement": Entry(project, GET="401 404 403 200 200 200"),
    "exports": Entry(project, GET="302 404 403 403 200 200"),
    "api_exports": Entry(project, GET="401 404 403 403 200 200", send={"GET": {"what": "items", "format": "csv"}}),
}
