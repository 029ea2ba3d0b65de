"""A label of which servers die: it ends with a reason, and the validator goes on by itself."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from ledger.models import LedgerEvent
from llm_workers.services.suspects import LONE_DEATHS
from llm_workers.validating import claims
from llm_workers.validating.models import Rating, Validator, ValidatorLane
from llm_workers.validating.rating import rate_for_a_while
from tests.factories import add_label, make_annotator, make_items
from tests.llm_workers.test_suspects import MOST_DEATHS, REASON
from tests.validating.test_lanes import wake

LABELS = 200


def test_a_label_that_kills_its_server_each_time_ends_unanswered(cast, llm, switch_on, monkeypatch):
    monkeypatch.setattr(claims, "FAULT_PAUSE", 0.4)
    monkeypatch.setattr(claims, "LONGEST_FAULT_PAUSE", 0.8)
    person, items = make_annotator(cast.project), make_items(cast.project, LABELS)
    for item in items:
        add_label(item, person, "keep")
    bad = items[20]
    llm.latency, llm.away = 0.02, 0.7
    llm.deadly = lambda text: bad.payload["text"] in text
    switch_on()
    wake()
    until = time.monotonic() + 90
    while Validator.objects.get().status == "rating":
        assert time.monotonic() < until, Counter(Rating.objects.values_list("status", "deaths"))
        for lane in ValidatorLane.objects.all():
            follow = rate_for_a_while(validator_id=lane.validator_id, lane=lane.number, generation=lane.generation)
            time.sleep(follow.wait if follow else 0.02)
    validator = Validator.objects.get()
    assert (validator.status, validator.rated, validator.unanswered) == ("idle", LABELS - 1, 1)
    assert 0 < len(llm.deaths) <= MOST_DEATHS
    assert llm.deaths[-LONE_DEATHS:] == [1] * LONE_DEATHS
    given_up = Rating.objects.get(status="unanswered")
    assert (given_up.item, given_up.problem, given_up.lone_deaths) == (bad, REASON, LONE_DEATHS)
    assert Rating.objects.filter(status="done").count() == LABELS - 1
    assert LedgerEvent.objects.filter(kind="validator.rated").count() == LABELS - 1
    used = Rating.objects.aggregate(prompt=Sum("prompt_tokens"))["prompt"]
    assert validator.prompt_tokens == used <= len(llm.answered) * 100


def test_lone_deaths_are_deaths(labelled, switch_on):
    labelled("keep")
    switch_on()
    wake()
    with pytest.raises(IntegrityError, match="rating_lone_deaths_are_deaths"), transaction.atomic():
        Rating.objects.update(lone_deaths=1)
