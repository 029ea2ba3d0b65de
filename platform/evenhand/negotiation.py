"""Which form an answer of the API has: nearly always JSON, without asking long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

PLAIN = frozenset({"", "*/*", "application/json"})


class JsonFirst(DefaultContentNegotiation):
    """As REST framework negotiates, with a short way for clients that take what there is."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        first = next(iter(renderers))
        if (
            type(first) is JSONRenderer
            and not format_suffix
            and not request.META.get("QUERY_STRING")
            and request.META.get("HTTP_ACCEPT", "") in PLAIN
        ):
            return first, str(first.media_type)
        return super().select_renderer(request, renderers, format_suffix)
