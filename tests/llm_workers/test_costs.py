"""What labels cost: money by tokens and by time, per correct label, beside people, per group; page, API, counting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from annotations.agreement.intervals import wilson
from annotations.models import PayAdjustment, Run
from llm_workers.costs.counting import LOCK_CLASS, costs_count, uncounted_projects
from llm_workers.costs.money import Money, total
from llm_workers.costs.selectors import Each, costs_of
from llm_workers.models import CostCount, CostTally, Endpoint, ModelVersion, RunItem, RunServer
from llm_workers.templatetags.costs import duration, energy, money, percent, tokens
from tests.factories import add_label, make_annotator, make_items
from tests.llm_server import CACHED_TOKENS, PROMPT_TOKENS


@pytest.fixture
def labelled(cast, llm, model, start, work):
    """A run over 40 items: “keep” each time, which is right for 30 of the 40 gold labels, all those of christians and
    half of those of muslims."""
    llm.choose = lambda text, names: ["Keep"]
    for group, gold, count in (("christian", "keep", 20), ("muslim", "keep", 10), ("muslim", "remove", 10)):
        make_items(cast.project, count, groups={"religion": group, "ignored": "x"}, gold=gold)
    return work(start())


def priced(model, **prices):
    ModelVersion.objects.filter(pk=model.pk).update(**prices)


def counted(cast):
    costs_count(project_id=cast.project.pk)
    return costs_of(cast.project)


# --- money ------------------------------------------------------------------------------------------------------------


def test_without_a_price_the_cost_is_unknown_and_not_nothing(cast, labelled):
    (one,) = counted(cast).models
    assert one.figures.money.amount is None
    assert one.figures.per_label is None
    assert one.figures.per_correct is None
    assert "no price" in one.figures.money.why


def test_by_tokens(cast, model, labelled):
    priced(model, price_per_million_prompt=10, price_per_million_completion=100, currency="USD")
    (one,) = counted(cast).models
    expected = Decimal(40 * PROMPT_TOKENS * 10 + labelled.completion_tokens * 100) / 1_000_000
    assert one.figures.money == Money(expected, "USD", "tokens")
    assert one.figures.per_label == expected / 40
    assert one.figures.cached_tokens == labelled.plan.cached_tokens == 40 * 80


def test_by_the_time_of_servers(cast, model, labelled):
    RunServer.objects.filter(run=labelled).update(busy_seconds=720)
    priced(model, price_per_hour=5)
    (one,) = counted(cast).models
    assert (one.figures.money.amount, one.figures.money.by) == (Decimal(1), "server time")
    Endpoint.objects.update(price_per_hour=10)  # a server's own price counts before the model's
    (one,) = counted(cast).models
    assert one.figures.money.amount == 2
    assert one.figures.server_seconds == 720
    groups = {row.group: row.figures.money.amount for row in one.groups}
    assert sum(groups.values()) == pytest.approx(Decimal(2))


def test_a_price_per_hour_without_measured_time_is_unknown(cast, model, labelled):
    RunServer.objects.all().delete()
    priced(model, price_per_hour=5)
    (one,) = counted(cast).models
    assert one.figures.money.amount is None
    assert "was not measured" in one.figures.money.why


def test_one_server_without_a_price_makes_the_whole_unknown(cast, model, labelled):
    Endpoint.objects.update(price_per_hour=10)
    RunServer.objects.create(run=labelled, url="http://elsewhere/v1", busy_seconds=1)
    (one,) = counted(cast).models
    assert one.figures.money.amount is None
    assert "http://elsewhere/v1" in one.figures.money.why


def test_prices_in_several_currencies_are_not_added_up():
    assert total([Money(Decimal(1), "EUR", "tokens"), Money(Decimal(1), "USD", "tokens")]).amount is None
    assert total([Money(Decimal(1), "EUR", "tokens"), Money(Decimal(2), "EUR", "server time")]) == Money(
        Decimal(3), "EUR", "server time + tokens"
    )


def test_servers_priced_in_several_currencies_are_not_added_up(cast, model, labelled):
    Endpoint.objects.update(price_per_hour=10, currency="USD")
    RunServer.objects.create(run=labelled, url="http://gone/v1", busy_seconds=1, price_per_hour=1, currency="EUR")
    (one,) = counted(cast).models
    assert "several currencies" in one.figures.money.why


def test_energy_is_the_sum_where_every_server_was_measured(cast, labelled):
    RunServer.objects.update(joules=80)
    (one,) = counted(cast).models
    assert (one.figures.joules, one.figures.joules_each.per_label) == (80, 2)
    RunServer.objects.create(run=labelled, url="http://elsewhere/v1")
    (one,) = counted(cast).models
    assert one.figures.joules is None


# --- correct labels ---------------------------------------------------------------------------------------------------


def test_per_correct_label_against_known_labels_with_wilsons_interval(cast, model, labelled):
    priced(model, price_per_million_prompt=0, price_per_million_completion=Decimal("1000"))
    costs = counted(cast)
    (one,) = costs.models
    assert costs.reference == "known"
    assert (one.figures.right.right, one.figures.right.compared) == (30, 40)
    low, high = wilson(30, 40)
    per = one.figures.per_label
    assert float(one.figures.per_correct.value) == pytest.approx(float(per) / 0.75)
    assert float(one.figures.per_correct.low) == pytest.approx(float(per) / high)
    assert float(one.figures.per_correct.high) == pytest.approx(float(per) / low)


def test_per_group(cast, model, labelled):
    priced(model, price_per_million_prompt=10, price_per_million_completion=0)
    (one,) = counted(cast).models
    found = {row.group: (row.attribute, row.figures.right.right, row.figures.right.compared) for row in one.groups}
    assert found == {"christian": ("religion", 20, 20), "muslim": ("religion", 10, 20)}
    values = {row.group: row.figures.per_correct.value for row in one.groups}
    assert values["muslim"] == 2 * values["christian"] == Decimal(2 * PROMPT_TOKENS * 10) / 1_000_000


def test_a_group_s_tokens_time_and_energy_for_each_label_and_each_correct_one(cast, labelled):
    RunServer.objects.update(joules=80, busy_seconds=40)
    (one,) = counted(cast).models
    whole = one.figures
    groups = {row.group: row.figures for row in one.groups}
    for name in ("christian", "muslim"):
        own = groups[name]
        part = own.model_seconds / whole.model_seconds
        assert 0 < part < 1
        assert (own.tokens_each.whole, own.cached_each.whole) == (20 * (PROMPT_TOKENS + 2), 20 * CACHED_TOKENS)
        assert (own.tokens_each.per_label, own.cached_each.per_label) == (PROMPT_TOKENS + 2, CACHED_TOKENS)
        assert own.seconds_each.per_label == pytest.approx(own.model_seconds / 20)
        assert (own.joules, own.server_seconds) == (pytest.approx(80 * part), pytest.approx(40 * part))
        assert own.joules_each.per_label == pytest.approx(80 * part / 20)
    assert sum(own.joules for own in groups.values()) == pytest.approx(80)
    assert groups["christian"].tokens_each.per_correct == PROMPT_TOKENS + 2
    assert groups["muslim"].tokens_each.per_correct == 2 * (PROMPT_TOKENS + 2)
    assert whole.tokens_each.per_correct == pytest.approx((PROMPT_TOKENS + 2) * 40 / 30)


def test_groups_have_what_was_used_for_items_that_went_back(cast, labelled):
    """As the whole has it: a run that was cancelled after the first of three orders of an item."""
    item = RunItem.objects.filter(run=labelled, item__groups__religion="muslim").first()
    item.status, item.finished_at, item.seconds = "pending", None, item.seconds + 2
    item.prompt_tokens += 500
    item.save()
    Run.objects.filter(pk=labelled.pk).update(
        prompt_tokens=F("prompt_tokens") + 500, model_seconds=F("model_seconds") + 2
    )
    costs_count(project_id=cast.project.pk)
    (one,) = costs_of(cast.project).models
    assert sum(row.figures.prompt_tokens for row in one.groups) == one.figures.prompt_tokens
    assert sum(row.figures.model_seconds for row in one.groups) == pytest.approx(one.figures.model_seconds)


def test_a_group_s_energy_is_unknown_where_none_was_measured(cast, labelled):
    (one,) = counted(cast).models
    assert {(row.figures.joules, row.figures.joules_each.per_label) for row in one.groups} == {(None, None)}


def test_without_labels_or_anything_correct_nothing_is_shared_out(cast, llm, start, work):
    llm.choose = lambda text, names: ["Keep"]
    make_items(cast.project, 35, gold="remove")
    work(start())
    figures = counted(cast).models[0].figures
    assert (figures.tokens_each.per_label, figures.tokens_each.per_correct) == (PROMPT_TOKENS + 2, None)
    empty = replace(figures, labels=0)
    assert (empty.tokens_each.per_label, empty.joules_each) == (None, Each(None))


def test_none_correct_has_no_price(cast, llm, model, start, work):
    llm.choose = lambda text, names: ["Keep"]
    make_items(cast.project, 35, gold="remove")
    work(start())
    priced(model, price_per_million_prompt=10, price_per_million_completion=0)
    (one,) = counted(cast).models
    assert one.figures.right.right == 0
    assert one.figures.per_correct is None


def test_what_people_agreed_on_stands_in_until_enough_is_known(cast, llm, model, start, work):
    llm.choose = lambda text, names: ["Keep"]
    for item in make_items(cast.project, 4):
        for _ in range(2):
            add_label(item, on_platform(cast), "keep")
    make_items(cast.project, 1, gold="remove")
    work(start())
    costs = counted(cast)
    assert costs.reference == "agreed"
    assert (costs.models[0].figures.right.right, costs.models[0].figures.right.compared) == (4, 4)
    assert costs.crowd.right is None  # people are not measured by what they agreed on themselves


def test_people_beside_models(cast, labelled):
    type(cast.project).objects.update(wage_per_hour=36, expected_seconds=10)
    cast.project.refresh_from_db()
    items = list(cast.project.items.order_by("id"))
    for item in items[:8]:
        add_label(item, on_platform(cast), "keep")
    for item in items[-2:]:
        add_label(item, on_platform(cast), "keep")
    add_label(items[0], make_annotator(cast.project), "keep")  # of an uploaded file: not paid here
    PayAdjustment.objects.create(
        project=cast.project, annotator=on_platform(cast), amount=3, reason="x", request_key="0" * 32,
        created_by=cast.olivia,
    )  # fmt: skip
    costs = counted(cast)
    assert (costs.crowd.labels, costs.crowd.money.amount, costs.adjustments) == (10, Decimal(1), 3)
    assert (costs.crowd.right.right, costs.crowd.right.compared) == (8, 10)
    assert costs.crowd.per_correct.value == pytest.approx(Decimal("0.125"))
    assert {row.group: row.figures.labels for row in costs.crowd_groups} == {"christian": 8, "muslim": 2}


def on_platform(cast):
    annotator = make_annotator(cast.project)
    type(annotator).objects.filter(pk=annotator.pk).update(origin="platform")
    return annotator


# --- counting ---------------------------------------------------------------------------------------------------------


def test_counting_twice_is_the_same_and_what_changed_is_found(cast, labelled):
    assert costs_count(project_id=cast.project.pk)
    before = set(CostTally.objects.values_list("annotator", "attribute", "group", "labels", "prompt_tokens"))
    assert costs_count(project_id=cast.project.pk)
    assert set(CostTally.objects.values_list("annotator", "attribute", "group", "labels", "prompt_tokens")) == before
    assert uncounted_projects() == []  # counted a moment ago
    CostCount.objects.update(counted_at=timezone.now() - timedelta(hours=1))
    assert uncounted_projects() == [cast.project.pk]
    assert costs_count(project_id=10**9) is None


def test_projects_without_runs_are_not_counted(cast):
    add_label(make_items(cast.project, 1)[0], make_annotator(cast.project), "keep")
    assert uncounted_projects() == []


def test_one_process_counts_at_a_time(cast, labelled):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, cast.project.pk])
            assert costs_count(project_id=cast.project.pk) is None
    finally:
        other.close()


def test_constraints_of_tallies(cast):
    with pytest.raises(IntegrityError, match="cost_tally_right_within_compared"), transaction.atomic():
        CostTally.objects.create(project=cast.project, known=1, known_right=2)
    CostTally.objects.create(project=cast.project)
    with pytest.raises(IntegrityError, match="cost_tally_once"), transaction.atomic():
        CostTally.objects.create(project=cast.project)


# --- page and API -----------------------------------------------------------------------------------------------------


def test_the_page_says_it_in_plain_words(cast, model, labelled, page_client):
    type(cast.project).objects.update(wage_per_hour=36, expected_seconds=10)
    priced(model, price_per_million_prompt=10, price_per_million_completion=0)
    add_label(cast.project.items.first(), on_platform(cast), "keep")
    costs_count(project_id=cast.project.pk)
    page = page_client(cast.audrey).get(reverse("run_costs", args=[cast.project.pk])).content.decode()
    assert "about 100 times as much" in page
    assert "30 of 40" in page
    assert "not measured" in page
    assert "by tokens, at today" in page
    assert "gold, or settled by an expert" in page
    assert "muslim" in page


def test_the_page_without_price_pay_or_count_says_unknown(cast, labelled, page_client):
    page = page_client(cast.olivia).get(reverse("run_costs", args=[cast.project.pk])).content.decode()
    assert "What it costs in money is not known" in page
    assert "counted in the background" in page
    assert "unpaid" in page
    assert "0.00" not in page


def test_the_page_of_a_project_without_runs(cast, page_client):
    page = page_client(cast.olivia).get(reverse("run_costs", args=[cast.project.pk])).content.decode()
    assert "No model has labelled here yet" in page


def test_the_api_says_the_same(cast, model, labelled, api):
    priced(model, price_per_million_prompt=10, price_per_million_completion=0)
    costs_count(project_id=cast.project.pk)
    found = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/cost/").json()
    (one,) = found["models"]
    assert (one["figures"]["counted_by"], Decimal(one["figures"]["per_label"])) == ("tokens", Decimal("0.001"))
    assert one["figures"]["correct"]["interval"] == pytest.approx(list(wilson(30, 40)))
    assert one["figures"]["joules"] is None
    assert [row["run"] for row in one["runs"]] == [labelled.pk]
    groups = {row["group"]: row["figures"] for row in one["groups"]}
    assert groups["muslim"]["tokens_each"] == {
        "per_label": PROMPT_TOKENS + 2,
        "per_correct_label": 2 * PROMPT_TOKENS + 4,
    }
    assert groups["christian"]["cached_tokens_each"]["per_label"] == CACHED_TOKENS
    assert groups["muslim"]["joules_each"] == {"per_label": None, "per_correct_label": None}
    assert groups["muslim"]["model_seconds_each"]["per_label"] > 0
    assert (found["reference"], found["people"]) == ("known", None)
    priced(model, price_per_million_prompt=None)
    (one,) = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/cost/").json()["models"]
    assert (one["figures"]["money"], one["figures"]["per_correct_label"]) == (None, None)


def test_many_runs_need_no_more_queries(cast, labelled, page_client, django_assert_max_num_queries):
    for _ in range(30):
        run = Run.objects.create(
            project=cast.project, annotator=labelled.annotator, schema=cast.schema, started_by=cast.olivia,
            status="done",
        )  # fmt: skip
        type(labelled.plan).objects.create(run=run)
        RunServer.objects.create(run=run, url=f"http://gpu{run.pk}/v1")
    client = page_client(cast.olivia)
    with django_assert_max_num_queries(18):
        page = client.get(reverse("run_costs", args=[cast.project.pk])).content.decode()
    assert "and 11 earlier runs." in page


@pytest.mark.parametrize(
    ("amount", "said"),
    [("1234.5", "1,234.50"), ("1", "1.00"), ("0.5", "0.500"), ("0.0333333", "0.0333"), ("0.000012345", "0.0000123"),
     ("0", "0.00")],
)  # fmt: skip
def test_small_money_keeps_its_digits(amount, said):
    assert money(Decimal(amount)) == said


def test_the_page_shows_a_group_s_tokens_time_and_energy(cast, labelled, page_client):
    costs_count(project_id=cast.project.pk)
    address = reverse("run_costs", args=[cast.project.pk])
    client = page_client(cast.olivia)
    page = " ".join(client.get(address).content.decode().split())
    assert "What energy a group took is not known, because none was measured." in page
    assert 'data-label="Tokens per label"><div>102<div class="small muted nowrap">correct: 204</div></div>' in page
    assert "102 for each label, 136 for each correct one" in page
    assert "religion: all in all" in page
    assert "Energy per label" not in page.partition("religion")[2]
    RunServer.objects.update(joules=80)
    page = " ".join(client.get(address).content.decode().split())
    assert "The energy of a group is as large a part of the whole as its model time." in page
    assert 'data-label="Energy per label"' in page.partition("religion")[2]
    assert "2.0 J for each label" in page


def test_tokens_and_time_in_words():
    assert [tokens(102), tokens(99.5), tokens(1234.6), tokens(5.0)] == ["102", "99.5", "1,235", "5"]
    assert [duration(0), duration(0.0034), duration(0.25), duration(2.46), duration(1234.5)] == [
        "0 s", "3.4 ms", "250 ms", "2.5 s", "1,234 s",
    ]  # fmt: skip
    assert [energy(0.0123), energy(0)] == ["12.3 mJ", "0.0 J"]


def test_energy_and_shares_in_words():
    assert [energy(2.0), energy(7200.0), percent(0.756), percent(0.004), percent(1.0)] == [
        "2.0 J", "2.0 Wh", "76 %", "0.4 %", "100.0 %",
    ]  # fmt: skip
