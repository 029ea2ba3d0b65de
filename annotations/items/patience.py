"""Reading lists in a request: what takes the database too long is given up, with a word on what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg2.errors import QueryCanceled

from ledger.errors import DomainError

SECONDS = 4.0


@contextmanager
def in_time() -> Iterator[None]:
    """Let every statement inside take ``SECONDS`` at most; ``DomainError`` (503, ``takes_too_long``) beyond that."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [round(SECONDS * 1000)])
            yield
            # A transaction around this one goes on as it was; after an error its savepoint sees to that.
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        text = _("So few items fit that finding them takes too long. Narrow the filter by a dataset or a label.")
        raise DomainError("takes_too_long", text, HTTPStatus.SERVICE_UNAVAILABLE) from None
