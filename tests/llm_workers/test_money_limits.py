"""A limit of money where the time of servers is paid for, and where a price is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from annotations.models import Run
from ledger.errors import DomainError
from llm_workers.costs.money import Money, prospect, run_spent
from llm_workers.models import Endpoint, ModelVersion, RunPlan, RunServer
from llm_workers.policy import Asked, Progress, judge
from llm_workers.services.rules import run_rules_set
from llm_workers.services.runs import run_resume
from tests.factories import make_items
from tests.llm_server import PROMPT_TOKENS


def at_most(bound, action: str = "pause") -> list[Asked]:
    return [Asked("money", Decimal(str(bound)), 1, action)]


@pytest.fixture
def by_the_hour(model):
    """``by_the_hour(price)``: what an hour of the server costs from now on."""

    def priced(price, currency: str = "EUR") -> None:
        Endpoint.objects.update(price_per_hour=price, currency=currency)

    return priced


def test_a_run_pauses_when_its_servers_time_has_cost_the_limit(cast, llm, start, work, by_the_hour):
    by_the_hour(36_000)  # 10 a second
    llm.latency = 0.02
    make_items(cast.project, 400)
    run = work(start(rules=at_most(2)))
    assert (run.status, "The limit of 2 EUR is reached" in run.reason) == ("paused", True)
    assert 0 < run.labelled < 400
    spent = run_spent(run, ModelVersion.objects.get())
    assert spent.by == "server time"
    assert spent.amount >= 2
    figures = run.checkpoints.last().figures
    assert (figures["money_by"], figures["currency"]) == ("server time", "EUR")
    assert Decimal(figures["money"]) >= 2
    with pytest.raises(DomainError, match="The limit of 2 EUR is reached"):
        run_resume(run=run, by=cast.olivia)


def test_the_first_items_show_what_one_costs_where_time_is_paid_for(cast, llm, start, by_the_hour, work):
    by_the_hour(Decimal("0.0001"))
    make_items(cast.project, 30)
    run = work(start(rules=at_most(1000)))
    assert (run.status, run.labelled) == ("done", 30)
    assert llm.peak <= 30
    assert Decimal(run.checkpoints.last().figures["money"]) >= 0


def test_what_was_spent_before_counts(cast, llm, start, work, by_the_hour):
    by_the_hour(5, "USD")
    make_items(cast.project, 3)
    run = start(rules=at_most(5))
    RunServer.objects.create(run=run, url=llm.url, busy_seconds=3600)
    run = work(run)
    assert (run.status, run.labelled, len(llm.requests)) == ("paused", 0, 0)
    assert run.reason.startswith("The limit of 5 USD is reached: 5 were spent.")
    run_rules_set(run=run, rules=at_most(6), by=cast.olivia)
    assert work(run_resume(run=run, by=cast.olivia)).status == "done"


@pytest.mark.parametrize("action", ["pause", "stop"])
def test_where_a_price_is_taken_away_the_run_pauses_and_asks_nothing(cast, llm, start, work, by_the_hour, action):
    by_the_hour(5)
    make_items(cast.project, 3)
    run = start(rules=at_most(100, action))
    by_the_hour(None)
    run = work(run)
    assert (run.status, len(llm.requests)) == ("paused", 0)
    assert "The limit of 100 on money cannot be kept" in run.reason
    assert llm.url in run.reason
    assert run.reason.endswith("Set the price, or take the limit of money away, then resume the run.")
    with pytest.raises(DomainError, match="cannot be kept"):
        run_resume(run=run, by=cast.olivia)
    by_the_hour(5)
    assert work(run_resume(run=run, by=cast.olivia)).status == "done"


def test_a_server_without_a_price_that_joins_pauses_the_run(cast, start, work, by_the_hour):
    by_the_hour(5)
    make_items(cast.project, 3)
    run = start(rules=at_most(100))
    RunServer.objects.create(run=run, url="http://joined/v1", busy_seconds=1)
    run = work(run)
    assert (run.status, "http://joined/v1" in run.reason) == ("paused", True)


def test_the_probe_reckons_what_the_rest_costs_in_servers_time(cast, llm, start, work, by_the_hour):
    by_the_hour(3600, "USD")
    llm.latency = 0.02
    make_items(cast.project, 50)
    run = work(start(probe=20))
    known = RunPlan.objects.get(run=run).estimate
    spent = run_spent(run, ModelVersion.objects.get()).amount
    low, expected, high = known["money"]
    assert low <= expected <= high
    assert 0 < expected <= float(spent) / 20 * 30 * 1.01  # the last moments are counted after the checkpoint
    assert known["currency"] == "USD"


def test_what_a_run_has_spent_needs_two_queries_at_most(cast, start, work, by_the_hour, django_assert_num_queries):
    by_the_hour(5)
    make_items(cast.project, 3)
    run, model = work(start()), ModelVersion.objects.get()
    with django_assert_num_queries(2):
        assert run_spent(run, model).amount > 0
    model.price_per_million_prompt = model.price_per_million_completion = Decimal(1)
    with django_assert_num_queries(0):
        assert run_spent(run, model) == Money(Decimal(3 * (PROMPT_TOKENS + 2)) / 10**6, "EUR", "tokens")


# --- before anything was asked ----------------------------------------------------------------------------------------


def test_what_can_be_known_before_the_start(cast, model):
    assert "no price" in prospect(model).why
    Endpoint.objects.update(price_per_hour=3, currency="USD")
    assert prospect(model) == Money(Decimal(0), "USD", "server time")
    other = Endpoint.objects.create(url="http://other/v1", added=True)
    model.endpoints.add(other)
    assert "http://other/v1" in prospect(model).why
    Endpoint.objects.filter(pk=other.pk).update(enabled=False)
    assert prospect(model).amount == 0
    Endpoint.objects.filter(pk=other.pk).update(enabled=True, price_per_hour=1, currency="EUR")
    assert "several currencies" in prospect(model).why
    Endpoint.objects.update(price_per_hour=None)
    model.price_per_hour, model.currency = Decimal(2), "CHF"
    assert prospect(model) == Money(Decimal(0), "CHF", "server time")
    model.price_per_million_prompt = model.price_per_million_completion = Decimal(0)
    assert prospect(model) == Money(Decimal(0), "CHF", "tokens")
    model.endpoints.clear()
    model.price_per_million_prompt = None
    assert prospect(model) == Money(Decimal(0), "CHF", "server time")
    model.price_per_hour = None
    assert prospect(model).amount is None


def test_without_a_price_a_limit_of_money_is_refused_with_what_to_do(cast, llm, start, by_the_hour):
    make_items(cast.project, 3)
    with pytest.raises(DomainError) as refusal:
        start(rules=at_most(5))
    assert (refusal.value.status, list(refusal.value.fields)) == (400, ["money"])
    assert llm.url in refusal.value.message
    assert "set the price on the models page, or limit tokens or minutes instead" in refusal.value.message
    run = start()
    with pytest.raises(DomainError, match="cannot be kept"):
        run_rules_set(run=run, rules=at_most(5), by=cast.olivia)
    by_the_hour(1)
    assert run_rules_set(run=run, rules=at_most(5), by=cast.olivia) == run


def test_an_unknown_cost_never_stops_a_run_for_good():
    judgement = judge(at_most(5, "stop"), Progress(items=3, money_why="No price."), shares=False)
    assert (judgement.decision, "No price." in judgement.reason) == ("pause", True)
    both = [*at_most(5, "stop"), Asked("items", Decimal(3), 1, "stop")]
    assert judge(both, Progress(items=3), shares=False).decision == "stop"


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_run_page_says_what_it_cost_and_by_what(cast, start, work, by_the_hour, page_client):
    by_the_hour(3600)
    make_items(cast.project, 3)
    run = work(start(rules=at_most(50_000)))
    RunServer.objects.filter(run=run).update(busy_seconds=12.5)
    page = page_client(cast.olivia).get(reverse("run_detail", args=[run.pk])).content.decode()
    assert "by the servers&#x27; time" in page or "by the servers' time" in page
    assert "12.50" in page
    assert "12.5 of 50,000 EUR" in page


def test_the_run_page_of_an_unpriced_model_says_why_the_cost_is_unknown(cast, start, work, by_the_hour, page_client):
    by_the_hour(5)
    make_items(cast.project, 3)
    run = start(rules=at_most(100))
    by_the_hour(None)
    Run.objects.filter(pk=run.pk).update(status="paused")
    page = page_client(cast.olivia).get(reverse("run_detail", args=[run.pk])).content.decode()
    assert "There is no price" in page
    assert "unknown of 100" in page
