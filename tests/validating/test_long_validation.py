"""A validator with many ratings behind it: looking for work takes as long as at its beginning."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from llm_workers.limits import STALE
from llm_workers.validating.models import Validator
from llm_workers.validating.services import validators_wake
from tests.llm_workers.test_long_run import looked_at

DONE = 20_000
RATED = """
INSERT INTO llm_workers_rating (validator_id, item_id, value, value_md5, status, attempts, verdict, reason, problem,
    prompt_tokens, completion_tokens, seconds, finished_at)
SELECT %s, %s, '"keep"', md5(n::text), 'unanswered', 1, '', '', 'No.', 0, 0, 0, now() FROM generate_series(1, %s) n
"""


def test_waking_looks_at_no_rating_that_is_done(labelled, switch_on, work):
    item = labelled("keep")
    switch_on()
    work()
    validator = Validator.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(RATED, [validator.pk, item.pk, DONE])
        cursor.execute("ANALYZE llm_workers_rating")
    with CaptureQueriesContext(connection) as caught:
        assert validators_wake(stale_before=timezone.now() - STALE) == 0
    labelled("remove")
    with CaptureQueriesContext(connection) as again:
        assert validators_wake(stale_before=timezone.now() - STALE) == 1
    asked = [one["sql"] for one in [*caught, *again] if one["sql"].startswith("SELECT")]
    reads = [sql for sql in asked if "llm_workers_rating" in sql]
    assert len(reads) > 1
    assert [sql for sql in reads if looked_at(sql) > 100] == []
