"""The project that HateCheck is labelled in, and what its owner's program does with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.client import Api
from tests.acceptance.hatecheck import LABEL_COLUMNS, HateCheck
from tests.acceptance.oracle import Exported

ATTRIBUTE = "target_ident"
LABELS = ["hateful", "non-hateful"]
REDUNDANCY = 6  # one more than HateCheck has: something is left for a live worker
MIN_SUPPORT = 3
MIN_GROUP = 30
GUIDELINES = """A message is **hateful** where it attacks, insults or threatens people for belonging to a group.

- Hatred of things, of ideas or of single people is *not* hateful in this sense.
- Quoting hatred in order to oppose it is not hateful either.
"""
SETTINGS: dict[str, Any] = {
    "name": "HateCheck",
    "summary": "Is a short message hateful, whoever it is about?",
    "is_open": True,
    "redundancy": REDUNDANCY,
    "min_support": MIN_SUPPORT,
    "favourable_label": "non-hateful",
    "attributes": [{"name": ATTRIBUTE, "column": ATTRIBUTE}],
    "wage_per_hour": "14.00",
    "content_warning": "Many of these messages are hostile: they were written to test hate-speech detection.",
    "schema": {
        "task_type": "single_choice",
        "config": {
            "labels": [
                {"key": "hateful", "name": "Hateful", "description": "Attacks people for what they are"},
                {"key": "non-hateful", "name": "Non-hateful", "description": "Anything else"},
            ]
        },
        "guidelines": GUIDELINES,
    },
}
MAPPING = {
    "text": "test_case",
    "external_id": "case_id",
    "gold": "label_gold",
    "groups": {ATTRIBUTE: "target_ident"},
    "annotators": {column: column.replace("label", "annotator") for column in LABEL_COLUMNS},
}


@dataclass(frozen=True)
class Owned:
    """A project of the API's owner."""

    api: Api
    id: int

    def path(self, rest: str = "") -> str:
        return f"projects/{self.id}/{rest}"

    def fairness(self, label: str = "") -> Any:
        return self.api.get(self.path("fairness/"), **({"label": label} if label else {}))

    def agreement(self) -> Any:
        return self.api.get(self.path("agreement/"))

    def invitation(self, role: str) -> str:
        """The link that makes somebody a member."""
        expires = datetime.now(UTC) + timedelta(days=1)
        return str(self.api.post(self.path("invitations/"), {"role": role, "expires_at": expires.isoformat()})["url"])

    def upload(self, data: HateCheck) -> Any:
        """Send the file as it is written, with what its columns mean; the import when it is over."""
        headers = {"Content-Type": "text/csv", "Evenhand-Mapping": json.dumps(MAPPING)}
        job = self.api.upload(self.path("imports/?filename=hatecheck.csv"), data.csv(), headers=headers)
        over = ("done", "failed", "cancelled")
        return self.api.wait_for(f"imports/{job['id']}/", lambda found: found["status"] in over, seconds=90)

    def start_run(self, *, items: int, seed: int) -> Any:
        """Let the one model that the stack serves label some of the items."""
        served = self.api.wait_for("models/", lambda found: found["results"], seconds=60)["results"]
        asked = {"model": served[0]["id"], "max_items": items, "step_size": 50, "seed": seed, "probe": 0}
        return self.api.post(self.path("runs/"), asked)

    def export(self) -> Exported:
        tables = {what: self.api.rows(self.path("exports/"), what=what, format="jsonl") for what in TABLES}
        return Exported(
            **tables,
            attribute=ATTRIBUTE,
            labels=LABELS,
            redundancy=REDUNDANCY,
            min_support=MIN_SUPPORT,
            min_group=MIN_GROUP,
        )


TABLES = ("items", "annotations", "consensus", "cases")


def make_project(api: Api) -> Owned:
    """The project, active: it opens for labels before it has items."""
    project = Owned(api, api.post("projects/", SETTINGS)["id"])
    api.post(project.path("status/"), {"status": "active"})
    return project
