"""What models used beside runs: trials and ratings on the cost page, in its totals and in the API."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from llm_workers.costs.selectors import costs_of
from llm_workers.models import Endpoint, ModelVersion, TrialServer, ValidatorServer
from llm_workers.recipe import Recipe
from llm_workers.services.servers import server_remove
from llm_workers.services.trials import Pick, trial_run, trial_start
from llm_workers.validating.models import Validator
from tests.factories import make_items
from tests.llm_server import CACHED_TOKENS, PROMPT_TOKENS

READ_PRICE = {"price_per_million_prompt": 10, "price_per_million_completion": 0}


@pytest.fixture
def tried(cast, model):
    """``tried()``: a trial over all items, asked at once."""

    def asked():
        trial = trial_start(project=cast.project, model=model, by=cast.olivia, recipe=Recipe(), pick=Pick())
        trial_run(trial_id=trial.pk)
        return trial

    return asked


@pytest.fixture
def rated(cast, model):
    """``rated(…)``: a validator that has rated eight labels."""

    def made(**fields) -> Validator:
        known = {
            "project": cast.project, "schema": cast.schema, "model": model, "prompt": "x", "prompt_hash": "0" * 64,
            "rated": 7, "unanswered": 1, "prompt_tokens": 800, "completion_tokens": 80, "cached_tokens": 5,
            "seconds": 4.0,
        }  # fmt: skip
        return Validator.objects.create(**known | fields)

    return made


def test_trials_and_ratings_are_lines_of_their_own_and_in_the_total(cast, start, work, tried, rated):
    ModelVersion.objects.update(**READ_PRICE)
    make_items(cast.project, 5)
    tried()
    work(start(probe=3))
    rated()
    costs = costs_of(cast.project)
    assert (costs.runs.items, costs.trials.items, costs.ratings.items, costs.together.items) == (3, 5, 8, 16)
    assert costs.trials.prompt_tokens == 5 * PROMPT_TOKENS
    assert costs.trials.cached_tokens == 5 * CACHED_TOKENS
    assert costs.trials.model_seconds > 0
    assert costs.ratings.money.amount == Decimal("0.008")
    assert costs.together.prompt_tokens == 8 * PROMPT_TOKENS + 800
    assert costs.together.money.amount == Decimal(10 * (8 * PROMPT_TOKENS + 800)) / 10**6
    assert costs.models[0].figures.prompt_tokens == 3 * PROMPT_TOKENS  # a label's price is without them


def test_nothing_was_used(cast, model, rated):
    rated(rated=0, unanswered=0, prompt_tokens=0, completion_tokens=0, seconds=0)
    costs = costs_of(cast.project)
    assert (costs.runs, costs.trials, costs.ratings, costs.together) == (None, None, None, None)


def test_the_time_that_servers_took_for_trials_is_kept_and_priced(cast, llm, tried):
    make_items(cast.project, 4)
    llm.latency = 0.05
    first, second = tried(), tried()
    taken = [TrialServer.objects.get(trial=trial) for trial in (first, second)]
    assert [one.requests for one in taken] == [4, 4]
    assert all(0.02 < one.busy_seconds < 5 for one in taken)
    Endpoint.objects.update(price_per_hour=3600, currency="USD")
    line = costs_of(cast.project).trials
    assert line.server_seconds == pytest.approx(sum(one.busy_seconds for one in taken))
    assert float(line.money.amount) == pytest.approx(line.server_seconds)
    assert (line.money.currency, line.money.by) == ("USD", "server time")


def test_a_server_that_was_removed_keeps_its_price(cast, settings, llm, tried, rated):
    make_items(cast.project, 4)
    ValidatorServer.objects.create(validator=rated(), url=llm.url, busy_seconds=2, joules=8)
    tried()
    TrialServer.objects.update(busy_seconds=3, joules=4)
    settings.LLM_BASE_URLS = []
    Endpoint.objects.update(price_per_hour=3600, added=True)
    server_remove(endpoint=Endpoint.objects.get(), by=cast.olivia)
    costs = costs_of(cast.project)
    assert (costs.trials.money.amount, costs.ratings.money.amount, costs.together.money.amount) == (3, 2, 5)
    assert (costs.trials.joules, costs.ratings.joules, costs.together.joules) == (4, 8, 12)


def test_one_unknown_part_makes_the_sum_unknown(cast, tried, rated):
    make_items(cast.project, 4)
    tried()
    ModelVersion.objects.update(price_per_hour=3600)
    rated()  # from a time when the servers' time was not kept
    costs = costs_of(cast.project)
    assert costs.trials.money.amount > 0
    assert "was not measured" in costs.together.money.why
    assert costs.together.server_seconds is None
    assert costs.together.items == 12


def test_the_page_shows_trials_before_there_is_a_run(cast, tried, page_client):
    ModelVersion.objects.update(**READ_PRICE)
    make_items(cast.project, 4)
    tried()
    page = page_client(cast.audrey).get(reverse("run_costs", args=[cast.project.pk])).content.decode()
    assert "Trials of prompts" in page
    assert "0.00400 EUR" in page
    assert "No model has labelled here yet" not in page
    assert "Models beside people" not in page


def test_the_page_says_why_the_sum_is_unknown(cast, start, work, tried, rated, page_client):
    make_items(cast.project, 4)
    tried()
    work(start())
    rated()
    page = page_client(cast.olivia).get(reverse("run_costs", args=[cast.project.pk])).content.decode()
    assert "Ratings by validators" in page
    assert "What it costs together is not known. There is no price" in page


def test_the_api_says_the_same(cast, tried, rated, api):
    ModelVersion.objects.update(**READ_PRICE)
    make_items(cast.project, 4)
    tried()
    rated()
    found = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/cost/").json()
    assert (found["runs"], found["models"]) == (None, [])
    assert (found["trials"]["items"], found["ratings"]["items"], found["together"]["items"]) == (4, 8, 12)
    assert Decimal(found["together"]["money"]) == Decimal("0.012")
    assert (found["trials"]["counted_by"], found["trials"]["joules"]) == ("tokens", None)


def test_many_trials_and_servers_need_no_more_queries(cast, model, tried, rated, django_assert_max_num_queries):
    make_items(cast.project, 4)
    for number in range(6):
        trial = tried()
        TrialServer.objects.create(trial=trial, url=f"http://gpu{number}/v1", busy_seconds=1)
        validator = rated(prompt_hash=str(number) * 64)
        ValidatorServer.objects.create(validator=validator, url=f"http://gpu{number}/v1", busy_seconds=1)
    with django_assert_max_num_queries(14):
        costs = costs_of(cast.project)
    assert (costs.trials.items, costs.ratings.items) == (24, 48)


def test_constraints_of_what_was_taken(cast, tried, rated):
    make_items(cast.project, 1)
    trial, validator = tried(), rated()
    for kind, whose, name in ((TrialServer, {"trial": trial}, "trial"), (ValidatorServer, {"validator": validator},
                              "validator")):  # fmt: skip
        with pytest.raises(IntegrityError, match=f"{name}_server_time_not_negative"), transaction.atomic():
            kind.objects.create(url="x", busy_seconds=-1, **whose)
        kind.objects.create(url="x", **whose)
        with pytest.raises(IntegrityError, match=f"{name}_server_once"), transaction.atomic():
            kind.objects.create(url="x", **whose)
