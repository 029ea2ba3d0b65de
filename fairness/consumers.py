"""WebSockets: the live fairness page, what monitors found, and a project's progress."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from django.template.loader import render_to_string

from annotations.access import MEMBERS, STAFF
from annotations.models import Project
from fairness.presenting.banner import banner_context
from fairness.rendering import renderings
from fairness.selectors.progress import project_progress
from fairness.selectors.wanted import Wanted
from fairness.sockets import ProjectSocket


class FairnessSocket(ProjectSocket):
    """Sends the live part of the page: ``{"content", "target", "swap", "summary", "notice", "version"}``."""

    allowed = STAFF
    beats = True

    def message(self) -> str:
        asked = parse_qs(self.scope["query_string"].decode("latin-1"))
        wanted = Wanted.of({name: values[0] for name, values in asked.items()})
        return renderings.get(self.project_id, wanted=wanted, role=self.role, at_least=self.newest).message


class FindingsSocket(ProjectSocket):
    """Sends the banner of findings alone, for pages that are not live otherwise."""

    allowed = STAFF
    beats = True

    def message(self) -> str:
        context = banner_context(Project.objects.get(pk=self.project_id), self.role)
        return json.dumps(
            {
                "content": render_to_string("fairness/findings.html", context),
                "target": "#findings",
                "swap": "innerMorph",
                "notice": context["notice"],
            }
        )


class ProgressSocket(ProjectSocket):
    """Sends counts alone, which every member may know: no label, no group."""

    allowed = MEMBERS

    def message(self) -> str:
        progress = project_progress(Project.objects.get(pk=self.project_id))
        told = {
            "items": progress.items,
            "labels_given": progress.labels_given,
            "labels_needed": progress.labels_needed,
            "completeness": progress.completeness,
            "complete": progress.complete,
            "decided": progress.decided,
            "labels_per_minute": {
                "people": round(progress.pace.people, 1),
                "models": round(progress.pace.models, 1),
            },
            "version": progress.version,
        }
        return json.dumps(told)
