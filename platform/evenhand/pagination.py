"""Cursor pagination: pages do not shift while rows come in, and page 10,000 is as fast as page 1."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class IdCursorPagination(CursorPagination):
    """Newest first, by primary key. ``?page_size=`` up to 500; ``?cursor=`` comes from an answer's ``next``."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
