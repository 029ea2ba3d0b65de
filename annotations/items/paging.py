"""Pages of items over REST that come in time, also where few items fit what is asked."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.items.patience import Looked, page_in_time
from annotations.models import Project
from annotations.selectors.keyset import key_in


class PatientPagination(CursorPagination):
    """Newest first. With a ``project`` the list is one that the database may have to look for: a page may then hold
    fewer items than asked for, or none, and all the same have a ``next``."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    project: Project | None = None
    looked: Looked | None = None

    def paginate_queryset(  # type: ignore[override]  # of items, which have keys, and no other sequence
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        if self.project is None:
            return super().paginate_queryset(queryset, request, view)
        self.request = request
        self.base_url = request.build_absolute_uri()
        self.page_size = self.get_page_size(request) or PatientPagination.page_size
        cursor = self.decode_cursor(request)
        edge = key_in(str(cursor.position or "")) if cursor else None
        side = "after" if cursor and cursor.reverse else "before"
        self.looked = page_in_time(self.project, queryset, size=self.page_size, **{side: edge})
        return self.looked.page.items

    def get_next_link(self) -> str | None:
        return super().get_next_link() if self.looked is None else self._link(self.looked.page.before, reverse=False)

    def get_previous_link(self) -> str | None:
        return super().get_previous_link() if self.looked is None else self._link(self.looked.page.after, reverse=True)

    def _link(self, key: Any, *, reverse: bool) -> str | None:
        return None if key is None else self.encode_cursor(Cursor(offset=0, reverse=reverse, position=key))
