"""Validators that get more lanes where one process cannot give a server enough to do."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from llm_workers import limits
from llm_workers.client.load import Load
from llm_workers.limits import MOST_LANES
from llm_workers.models import ModelVersion
from llm_workers.pacing import Pace
from llm_workers.services.models import models_refresh
from llm_workers.validating.claims import lane_claim, lane_next
from llm_workers.validating.models import Validator, ValidatorLane
from llm_workers.validating.rating import rate_for_a_while
from llm_workers.validating.services import validator_rules_update
from tests.llm_server import ScriptedServer
from tests.llm_workers.test_more_lanes import SHIFTS
from tests.validating.test_lanes import everything_rated_once, to_rate, wake


@pytest.fixture
def validator(cast, switch_on) -> Validator:
    switch_on()
    to_rate(cast, 3)
    wake()
    return Validator.objects.get()


def told(validator: Validator, *, width: int = 8, usual: float = 0.1, load: Load | None = None) -> int:
    """Lanes after a shift of lane 0 that ended so; 8 requests at a time are the most."""
    lane = ValidatorLane.objects.get(validator=validator, number=0)
    work = lane_claim(validator_id=validator.pk, lane=0, generation=lane.generation)
    pace = Pace(start=width, most=8)
    pace.usual, pace.shortest = usual, 0.1
    assert lane_next(work=work, pace=pace, load=load)
    return ValidatorLane.objects.filter(validator=validator).count()


@pytest.mark.parametrize(("shift", "lanes"), SHIFTS)
def test_a_full_lane_whose_server_has_room_gets_another_one(validator, shift, lanes):
    assert told(validator, **shift) == lanes


def test_there_are_no_more_than_are_worked_on_and_at_most_sixteen(validator):
    assert told(validator) == 2
    assert told(validator) == 2  # the new one is not full yet
    lanes = ValidatorLane.objects.filter(validator=validator)
    assert lanes.get(number=0).quickest == 0.1
    lanes.update(width=8, touched_at=timezone.now() - timedelta(seconds=11))
    assert told(validator) == 2  # workers are too few for those that there are
    for _ in range(MOST_LANES):
        lanes.update(width=8, touched_at=timezone.now())
        told(validator)
    assert lanes.count() == MOST_LANES


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_one_address(cast, settings, monkeypatch):
    """One lane may ask two at a time; the server would take more, so a second lane comes, and both work at once."""
    monkeypatch.setitem(limits.START, "vllm", 2)
    monkeypatch.setitem(limits.CONCURRENCY, "vllm", 2)
    monkeypatch.setattr(limits, "TASK_SECONDS", 0.1)
    monkeypatch.setattr(limits, "TASK_ANSWERS", 1)
    to_rate(cast, 80)
    with ScriptedServer(latency=0.05) as server:
        settings.LLM_BASE_URLS = [server.url]
        models_refresh()
        values = {"enabled": True, "model": ModelVersion.objects.get()}
        validator_rules_update(project=cast.project, by=cast.olivia, values=values)
        wake()
        first = ValidatorLane.objects.get()
        follow = rate_for_a_while(validator_id=first.validator_id, lane=0, generation=first.generation)
        assert ValidatorLane.objects.count() == 2
        assert server.peak == 2
        threads = [
            threading.Thread(target=_work_on, args=(first.validator_id, number, generation))
            for number, generation in ((0, follow.generation), (1, 0))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.peak > 2
        requests = len(server.requests)
    assert requests == 80
    everything_rated_once(80, 100)


def _work_on(validator_id: int, lane: int, generation: int) -> None:
    try:
        while follow := rate_for_a_while(validator_id=validator_id, lane=lane, generation=generation):
            generation = follow.generation
    finally:
        connection.close()
