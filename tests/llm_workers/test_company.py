"""Whoever finds out what a server dies of has it for itself: nobody is convicted of what another run asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Run
from fairness.audits.services import audit_start
from fairness.audits.sets import set_from_templates
from fairness.models import Audit
from llm_workers.models import Endpoint, RunItem, RunLane, Trial
from llm_workers.recipe import Recipe
from llm_workers.services import claims
from llm_workers.services.claims import Claim, items_lease, items_release, lane_claim
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.runs import run_start
from llm_workers.services.trials import Pick, trial_start
from llm_workers.validating.claims import lane_claim as validator_claim
from llm_workers.validating.claims import ratings_lease
from llm_workers.validating.models import Rating, ValidatorLane
from llm_workers.validating.services import validator_rules_update, validators_wake
from tests.factories import add_label, make_annotator, make_items, make_project
from tests.llm_workers.test_suspects import REASON, back, suspect


@pytest.fixture
def other(cast, model):
    """``other(items)``: a run of another project with the same model."""

    def started(items: int) -> Run:
        project = make_project(cast.olivia, name="Beside")
        make_items(project, items)
        return run_start(project=project, model=model, started_by=cast.olivia)

    return started


def claimed(run: Run) -> Claim:
    return lane_claim(run_id=run.pk, lane=0, generation=0).claim


@pytest.fixture
def pair(cast, start, other) -> tuple[Claim, Claim]:
    make_items(cast.project, 20)
    return claimed(start()), claimed(other(20))


def test_nobody_else_begins_to_ask_while_suspects_are_tried(pair):
    one, two = pair
    suspect(one, 2, 1)
    (leased,) = items_lease(claim=one, count=10)
    assert leased.alone_since
    assert items_lease(claim=two, count=10) == []
    items_release(claim=one, back=back([leased], died=False))
    assert len(items_lease(claim=two, count=10)) == 10


def test_two_that_find_out_take_turns(pair):
    one, two = pair
    suspect(one, 2, 6)
    suspect(two, 2, 6)
    held = items_lease(claim=one, count=10)
    assert len(held) == 3
    assert items_lease(claim=two, count=10) == []
    items_release(claim=one, back=back(held))
    assert len(items_lease(claim=two, count=10)) == 3


def test_where_others_ask_a_death_is_no_lone_one(pair):
    one, two = pair
    held = items_lease(claim=two, count=4)
    suspect(one, 2, 1)
    (leased,) = items_lease(claim=one, count=10)
    assert leased.suspected
    assert leased.alone_since is None
    items_release(claim=one, back=back([leased]))
    row = RunItem.objects.get(run_id=one.run_id, item_id=leased.item_id)
    assert (row.deaths, row.lone_deaths) == (3, 0)
    items_release(claim=two, back=back(held, died=False))
    assert items_lease(claim=one, count=10)[0].alone_since


def test_other_servers_are_no_company(pair, model):
    one, two = pair
    beside = model.__class__.objects.create(name="elsewhere", first_seen_at=timezone.now(), last_seen_at=timezone.now())
    beside.endpoints.add(Endpoint.objects.create(url="http://elsewhere/v1"))
    Run.objects.get(pk=two.run_id).annotator.model_annotator.__class__.objects.filter(
        annotator__runs=two.run_id
    ).update(model=beside)
    items_lease(claim=two, count=4)
    suspect(one, 2, 1)
    assert items_lease(claim=one, count=10)[0].alone_since
    assert len(items_lease(claim=two, count=4)) == 4


def test_a_validator_and_a_run_are_company(cast, start, other, model):
    add_label(make_items(cast.project, 1)[0], make_annotator(cast.project), "keep")
    validator_rules_update(project=cast.project, by=cast.olivia, values={"enabled": True, "model": model})
    validators_wake(stale_before=timezone.now())
    lane = ValidatorLane.objects.get()
    work = validator_claim(validator_id=lane.validator_id, lane=0, generation=lane.generation)
    claim = claimed(other(5))
    suspect(claim, 2, 1)
    (leased,) = items_lease(claim=claim, count=5)
    assert ratings_lease(work=work, count=5) == []
    items_release(claim=claim, back=back([leased], died=False))
    Rating.objects.update(deaths=2)
    (rating,) = ratings_lease(work=work, count=5)
    assert rating.alone_since
    assert items_lease(claim=claim, count=5) == []


@pytest.mark.parametrize("when", ["goes on", "ended meanwhile"])
@pytest.mark.parametrize("who", ["trial", "audit"])
def test_trials_and_audits_are_company(cast, pair, model, who, when):
    one, _two = pair
    suspect(one, 2, 1)
    (leased,) = items_lease(claim=one, count=10)
    assert leased.alone_since
    if who == "trial":
        trial = trial_start(project=cast.project, model=model, by=cast.olivia, recipe=Recipe(), pick=Pick())
        ended = {"status": "failed", "finished_at": timezone.now()} if when != "goes on" else {"status": "running"}
        Trial.objects.filter(pk=trial.pk).update(**ended)
    else:
        few = set_from_templates(
            project=cast.project, by=cast.olivia, tasks=["sentiment"], attributes=["gender"], families=2
        )
        audit = audit_start(project=cast.project, probe_set=few, by=cast.olivia, candidates=[str(model.pk)])
        ended = {"status": "done", "finished_at": timezone.now()} if when != "goes on" else {}
        Audit.objects.filter(pk=audit.pk).update(touched_at=timezone.now(), **ended)
    items_release(claim=one, back=back([leased]))
    assert RunItem.objects.get(run_id=one.run_id, item_id=leased.item_id).lone_deaths == 0
    long_ago = timezone.now() - timedelta(hours=1)
    Trial.objects.update(status="failed", finished_at=long_ago)
    Audit.objects.update(touched_at=long_ago)
    assert items_lease(claim=one, count=10)[0].alone_since


@pytest.mark.django_db(transaction=True)
def test_of_two_runs_on_one_server_only_the_killer_ends_without_a_label(cast, llm, start, other, monkeypatch):
    monkeypatch.setattr(claims, "FAULT_PAUSE", 0.4)
    monkeypatch.setattr(claims, "LONGEST_FAULT_PAUSE", 0.8)
    items = make_items(cast.project, 60)
    llm.latency, llm.away = 0.02, 0.5
    llm.deadly = lambda text: text == items[7].payload["text"]
    runs = [start(), other(60)]
    until = time.monotonic() + 100

    def labour(run: Run) -> None:
        try:
            while Run.objects.filter(pk=run.pk).exclude(status__in=("done", "paused")).exists():
                assert time.monotonic() < until
                lane = RunLane.objects.get(run=run, number=0)
                follow = label_for_a_while(run_id=run.pk, lane=0, generation=lane.generation)
                time.sleep(follow.wait if follow else 0.05)
        finally:
            connection.close()

    threads = [threading.Thread(target=labour, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = [Counter(RunItem.objects.filter(run=run).values_list("status", "reason")) for run in runs]
    assert ended == [Counter({("done", ""): 59, ("unanswered", REASON): 1}), Counter({("done", ""): 60})]
