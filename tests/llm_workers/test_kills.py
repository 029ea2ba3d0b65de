"""kill -9 of workers, broker and model servers while 5,000 items are labelled: nothing is lost, nothing is doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db.models import Sum

from annotations.models import Annotation, OutboxRow, Run
from benchmarks._llm_server import PROMPT_TOKENS
from ledger.models import LedgerEvent
from llm_workers.models import RunItem
from llm_workers.services.runs import run_start
from tests.factories import make_items
from tests.killing import Crew, crew_at_work
from tests.local.scripts import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(240)]

ITEMS = 5000
LATENCY = 0.3  # seconds
UNTIL = 20  # seconds for which something is killed every second or two
ENOUGH = 90  # seconds after that

MEND = "mend_lanes(stale_before=timezone.now() - timedelta(seconds=7))"


@pytest.fixture
def crew(tmp_path) -> Iterator[Crew]:
    load = "from llm_workers.services.runs import mend_lanes"
    with crew_at_work(tmp_path, latency=LATENCY, load=load, mend=MEND) as made:
        yield made


def test_kills_at_random_moments_lose_nothing_and_double_nothing(cast, settings, crew):
    make_items(cast.project, ITEMS)
    model = crew.model(settings)
    run = run_start(project=cast.project, model=model, started_by=cast.olivia, step_size=500)
    wait_until(_labelled_more_than(run, 0), 60, "the first label")
    crew.kill_for_a_while(UNTIL)
    assert Run.objects.get(pk=run.pk).status == "running"  # so that every kill was felt
    wait_until(lambda: Run.objects.get(pk=run.pk).status == "done", ENOUGH, "the end of the run")
    _one_label_or_one_reason(run)


def _one_label_or_one_reason(run: Run) -> None:
    run.refresh_from_db()
    rows = RunItem.objects.filter(run=run)
    done, unanswered = rows.filter(status="done"), rows.filter(status="unanswered")
    assert done.count() + unanswered.count() == ITEMS == run.total
    assert (run.labelled, run.unanswered) == (done.count(), unanswered.count())
    assert not unanswered.filter(reason="").exists()
    labels = Counter(Annotation.objects.filter(run=run).values_list("item_id", flat=True))
    assert set(labels) == set(done.values_list("item_id", flat=True))
    assert set(labels.values()) == {1}
    assert Annotation.objects.count() == OutboxRow.objects.filter(after__isnull=False).count() == run.labelled
    assert LedgerEvent.objects.filter(kind="annotation.submitted").count() == run.labelled
    assert LedgerEvent.objects.filter(kind="run.finished").count() == 1
    used = rows.aggregate(prompt=Sum("prompt_tokens"), seconds=Sum("seconds"))
    assert run.prompt_tokens == used["prompt"] == run.labelled * PROMPT_TOKENS
    assert run.model_seconds == pytest.approx(used["seconds"])
    assert run.plan.cached_tokens == rows.aggregate(sum=Sum("cached_tokens"))["sum"]
    steps = [(checkpoint.number, checkpoint.labelled) for checkpoint in run.checkpoints.all()]
    assert steps[:9] == [(number, 500 * number) for number in range(1, 10)]


def _labelled_more_than(run: Run, count: int) -> Callable[[], bool]:
    return lambda: Run.objects.values_list("labelled", flat=True).get(pk=run.pk) > count
