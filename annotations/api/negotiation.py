"""For endpoints whose ``?format=`` names a file format, and whose answers may be files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AnswerAsIs(DefaultContentNegotiation):
    """Leaves ``?format=`` and ``Accept`` to the view: REST framework would take the one for a renderer and refuse."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
