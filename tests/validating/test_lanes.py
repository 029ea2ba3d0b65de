"""Several lanes share one validator's work: nothing is rated twice, nothing is lost, and usage is counted once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from ledger.models import LedgerEvent
from llm_workers.client import Usage
from llm_workers.limits import MAX_LANES, STALE
from llm_workers.models import Endpoint, ModelVersion, ValidatorServer
from llm_workers.pacing import Pace
from llm_workers.questions import Reading
from llm_workers.services.models import models_refresh
from llm_workers.validating.claims import Answer, Work, lane_claim, lane_next, ratings_lease, ratings_store
from llm_workers.validating.models import Rating, Validator, ValidatorLane
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.services import (
    validator_pause,
    validator_resume,
    validator_rules_update,
    validators_wake,
)
from tests.factories import add_label, make_annotator, make_items
from tests.llm_server import PROMPT_TOKENS, ScriptedServer
from tests.llm_workers.test_workers import celery_worker, kill, wait_until

SPENT = Usage(prompt_tokens=10, completion_tokens=1, seconds=0.5)
PACE = Pace(start=1, most=8)  # of a shift that had room


def to_rate(cast, count: int) -> None:
    """So many labels, each of one item."""
    person = make_annotator(cast.project)
    for item in make_items(cast.project, count):
        add_label(item, person, "keep")


def wake(*, stale: bool = False) -> int:
    """What beat does; ``stale``: as if nobody had touched a lane for half a minute."""
    now = timezone.now()
    return validators_wake(stale_before=now + timedelta(seconds=1) if stale else now - STALE)


def claimed(number: int) -> Work:
    lane = ValidatorLane.objects.get(number=number)
    work = lane_claim(validator_id=lane.validator_id, lane=number, generation=lane.generation)
    assert work is not None
    return work


def answered(leased) -> list[Answer]:
    return [Answer(one.rating_id, Reading("agree", None, None, "Yes."), usage=SPENT) for one in leased]


def everything_rated_once(count: int, tokens: int) -> None:
    validator = Validator.objects.get()
    assert (validator.status, validator.rated, validator.unanswered) == ("idle", count, 0)
    assert Counter(Rating.objects.values_list("status", flat=True)) == {"done": count}
    assert not Rating.objects.filter(generation__isnull=False).exists()
    used = Rating.objects.aggregate(prompt=Sum("prompt_tokens"), seconds=Sum("seconds"))
    assert validator.prompt_tokens == used["prompt"] == count * tokens
    assert validator.seconds == pytest.approx(used["seconds"])
    assert validator.agreed + validator.disagreed <= count
    subjects = Counter(LedgerEvent.objects.filter(kind="validator.rated").values_list("subject", flat=True))
    assert (len(subjects), set(subjects.values())) == (count, {1})


@pytest.fixture
def lanes(db, model, switch_on):
    """The validator is on, and two servers offer its model: there are two lanes."""
    other = Endpoint.objects.create(url="http://127.0.0.1:1/v1", dialect="vllm", enabled=True)
    model.endpoints.add(other)
    switch_on()


def test_there_is_a_lane_for_each_server_and_one_more_when_a_server_comes(cast, lanes, model):
    to_rate(cast, 1)
    assert wake() == 2
    assert list(ValidatorLane.objects.values_list("number", flat=True)) == [0, 1]
    for port in range(2, 9):
        model.endpoints.add(Endpoint.objects.create(url=f"http://127.0.0.1:{port}/v1", dialect="vllm", enabled=True))
    assert wake() == 0  # it is at work; the new lanes are begun once it is seen that nobody works on them
    assert ValidatorLane.objects.count() == MAX_LANES
    assert wake(stale=True) == MAX_LANES


def test_two_lanes_never_hold_the_same_label_and_both_are_counted(cast, lanes):
    to_rate(cast, 5)
    wake()
    one, two = claimed(0), claimed(1)
    first, second = ratings_lease(work=one, count=3), ratings_lease(work=two, count=10)
    assert (len(first), len(second)) == (3, 2)
    assert not {row.rating_id for row in first} & {row.rating_id for row in second}
    ratings_store(work=two, answers=answered(first))  # what the other holds is not its own to answer
    assert Validator.objects.get().rated == 0
    ratings_store(work=one, answers=answered(first))
    assert not lane_next(work=one, pace=PACE)  # what is left lies with the other lane …
    assert Validator.objects.get().status == "rating"  # … so the validator does not rest yet
    ratings_store(work=two, answers=answered(second))
    assert not lane_next(work=two, pace=PACE)
    everything_rated_once(5, 10)


def test_a_lane_that_dies_in_the_middle_is_mended_and_the_other_is_left_alone(cast, lanes):
    to_rate(cast, 6)
    wake()
    dead, other = claimed(0), claimed(1)
    lost = ratings_lease(work=dead, count=3)  # and then it is killed
    assert len(lost) == 3
    held = ratings_lease(work=other, count=2)
    assert wake() == 0  # the lease has not expired
    ValidatorLane.objects.filter(number=0).update(touched_at=timezone.now() - STALE - timedelta(seconds=1))
    assert wake() == 1
    assert Counter(Rating.objects.values_list("status", flat=True)) == {"pending": 4, "leased": 2}
    ratings_store(work=dead, answers=answered(lost))  # it was only slow: too late
    ratings_store(work=other, answers=answered(held))
    assert Validator.objects.values_list("rated", "prompt_tokens").get() == (2, 20)
    again = claimed(0)
    ratings_store(work=again, answers=answered(ratings_lease(work=again, count=10)))
    assert not lane_next(work=again, pace=PACE)
    everything_rated_once(6, 10)


def test_resuming_takes_all_lanes_over_from_tasks_that_still_work(cast, lanes):
    to_rate(cast, 4)
    wake()
    olds = [claimed(0), claimed(1)]
    leases = [ratings_lease(work=old, count=2) for old in olds]
    validator_pause(project=cast.project, by=cast.olivia)
    ratings_store(work=olds[0], answers=answered(leases[0]))  # paid for, so it counts
    assert Validator.objects.get().rated == 2
    assert ratings_lease(work=olds[1], count=2) == []
    validator_resume(project=cast.project, by=cast.olivia)
    ratings_store(work=olds[1], answers=answered(leases[1]))
    assert Validator.objects.get().rated == 2
    new = claimed(1)
    ratings_store(work=new, answers=answered(ratings_lease(work=new, count=5)))
    assert not lane_next(work=new, pace=PACE)
    everything_rated_once(4, 10)


def test_lanes_share_the_room_under_a_limit(cast, lanes):
    to_rate(cast, 60)
    validator_rules_update(project=cast.project, by=cast.olivia, values={"max_tokens": 220})  # 20 labels at 11 each
    wake()
    one, two = claimed(0), claimed(1)
    first = ratings_lease(work=one, count=50)
    assert 0 < len(first) < 20  # a few, until it is known what one costs
    assert ratings_lease(work=two, count=50) == []
    assert lane_next(work=two, pace=PACE)  # it comes back for the rest
    ratings_store(work=one, answers=answered(first))
    left = 20 - len(first)
    held = ratings_lease(work=two, count=left - 5) + ratings_lease(work=one, count=50)
    assert len(held) == left
    assert ratings_lease(work=one, count=50) == ratings_lease(work=two, count=50) == []
    ratings_store(work=two, answers=answered(held))
    ratings_store(work=one, answers=answered(held))
    validator = Validator.objects.get()
    assert (validator.status, validator.rated) == ("paused", 20)
    assert "220 tokens" in validator.reason


def test_lanes_share_the_room_under_a_limit_of_money_by_servers_time(cast, lanes):
    Endpoint.objects.update(price_per_hour=3600, currency="EUR")  # 1 a second
    to_rate(cast, 60)
    validator_rules_update(project=cast.project, by=cast.olivia, values={"max_cost": Decimal(20)})
    wake()
    one, two = claimed(0), claimed(1)
    first = ratings_lease(work=one, count=50)
    assert 0 < len(first) < 20
    assert ratings_lease(work=two, count=50) == []
    taken = {"url": "http://127.0.0.1:1/v1", "busy_seconds": len(first)}  # 1 for each label: 20 fit
    ValidatorServer.objects.create(validator_id=one.validator_id, **taken)
    ratings_store(work=one, answers=answered(first))
    held = ratings_lease(work=two, count=5) + ratings_lease(work=one, count=50)
    assert len(first) + len(held) == 20
    Endpoint.objects.update(price_per_hour=None)
    assert ratings_lease(work=one, count=50) == []  # what was spent is not known any more
    assert not lane_next(work=one, pace=PACE)
    validator = Validator.objects.get()
    assert (validator.status, "not known" in validator.reason) == ("paused", True)


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_doubled_messages_at_once_rate_every_label_once(cast, settings):
    to_rate(cast, 60)
    with ScriptedServer(latency=0.01) as one, ScriptedServer(latency=0.01) as two:
        settings.LLM_BASE_URLS = [one.url, two.url]
        models_refresh()
        values = {"enabled": True, "model": ModelVersion.objects.get()}
        validator_rules_update(project=cast.project, by=cast.olivia, values=values)
        assert wake() == 2
        lanes = list(ValidatorLane.objects.all())
        begin = threading.Barrier(6)

        def task(lane: ValidatorLane) -> None:
            generation = lane.generation
            begin.wait()
            try:
                while follow := rate_for_a_while(
                    validator_id=lane.validator_id, lane=lane.number, generation=generation
                ):
                    generation = follow.generation
            finally:
                connection.close()

        threads = [threading.Thread(target=task, args=(lane,)) for lane in lanes for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(one.requests) + len(two.requests) == 60
        assert one.requests
        assert two.requests
    everything_rated_once(60, PROMPT_TOKENS)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_workers_rate_nothing_twice_and_lose_nothing(cast, settings):
    """Real workers, killed by kill -9 while they wait for answers; two lanes."""
    count = 300
    to_rate(cast, count)
    with ScriptedServer(latency=0.5) as server, ScriptedServer(latency=0.5) as other:
        settings.LLM_BASE_URLS = [server.url, other.url]
        models_refresh()
        values = {"enabled": True, "model": ModelVersion.objects.get()}
        validator_rules_update(project=cast.project, by=cast.olivia, values=values)
        assert wake() == 2

        def rated() -> int:
            return Validator.objects.values_list("rated", flat=True).get()

        for least in (1, count // 2):
            with celery_worker(server) as worker:
                wait_until(lambda least=least: rated() >= least)
                kill(worker)
            assert rated() < count
            assert Rating.objects.filter(status="leased").exists()
            # PostgreSQL ends a killed client's transaction a moment after the client: until then its lane is locked.
            wait_until(lambda: wake(stale=True) == 2)
        with celery_worker(server):
            wait_until(lambda: rated() == count and Validator.objects.get().status == "idle")
        assert len(server.requests) + len(other.requests) > count  # what was under way was asked again
    everything_rated_once(count, PROMPT_TOKENS)
