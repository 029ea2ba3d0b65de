"""The live part of the page as HTML, rendered once for all who look at the same thing."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.translation import get_language

from accounts.models import Role
from annotations.models import Project
from fairness.models import Pulse
from fairness.presenting.page import live_context
from fairness.selectors.live import live_view
from fairness.selectors.wanted import Wanted

KEPT = 64  # renderings held by one process
REFRESH_SECONDS = 15  # without a new label: the pace falls, and a renamed label or group shows


@dataclass(frozen=True)
class Rendered:
    """``message``: what sockets send, as htmx swaps it; written once for all of them. ``version``: how far the project
    had moved."""

    message: str
    version: int


Key = tuple[int, str, Role, str | None, int]


class Renderings:
    """A small cache in this process; anything may be thrown away. One rendering at a time, so none is made twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Rendered] = OrderedDict()
        self.made = 0

    def get(self, project_id: int, *, wanted: Wanted, role: Role, at_least: int = 0) -> Rendered:
        """The current rendering, or where ``at_least`` is given, any of that version or a later one.

        Many who were told of the same fold get the same rendering, though labels are folded while it is made.
        Raises ``DomainError`` (400) for what the project lacks.
        """
        key: Key = (project_id, wanted.query(), role, get_language(), int(time.time() // REFRESH_SECONDS))
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.version < (at_least or _version(project_id)):
                kept = self._kept[key] = self._render(project_id, wanted, role)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return kept

    def _render(self, project_id: int, wanted: Wanted, role: Role) -> Rendered:
        project = Project.objects.get(pk=project_id)
        view = live_view(project, wanted=wanted)
        context = live_context(project, view, role)
        self.made += 1
        message = {
            "content": render_to_string("fairness/live.html", context),
            "target": "#fairness-live",
            "swap": "innerMorph",
            "summary": context.get("summary", ""),  # what a screen reader is told of the numbers
            "notice": context["notice"],  # and of findings
            "version": view.progress.version,
        }
        return Rendered(json.dumps(message), view.progress.version)


def _version(project_id: int) -> int:
    return Pulse.objects.filter(project_id=project_id).values_list("version", flat=True).first() or 0


renderings = Renderings()
