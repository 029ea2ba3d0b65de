"""A worker's home: pay, length, warning, own progress, and open projects to join."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Membership
from annotations.models import Annotation
from annotations.working.selectors import earnings, own_totals, own_work
from tests.factories import add_label, make_items, make_project


@pytest.fixture
def paid(cast):
    """12 EUR an hour at 90 expected seconds: a label pays 30 cents."""
    cast.project.wage_per_hour, cast.project.expected_seconds = 12, 90
    cast.project.content_warning = "Some messages are hostile."
    cast.project.save()
    return cast


def words(response) -> str:
    import re

    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_card_says_pay_length_warning_and_own_progress(paid, label, page_client):
    make_items(paid.project, 5)
    label(paid.wanda, paid.project)
    Annotation.objects.update(active_ms=60_000)
    (card,) = page_client(paid.wanda).get("/").context["labelling"]
    assert (card.own_labels, card.available, card.own_total, card.minutes) == (1, 4, 5, 6)
    assert card.own.per_hour == Decimal("18.00")
    shown = words(page_client(paid.wanda).get("/"))
    for text in (
        "4 items wait for you. About 6 minutes.", "1 of 5 items", "Some messages are hostile.",
        "12.00 EUR an hour, 0.300 EUR a label", "Your time here was paid 18.00 EUR an hour", "Your labels today 1",
    ):  # fmt: skip
        assert text in shown, text


def test_nothing_is_said_of_work_that_has_not_begun(paid, page_client):
    make_items(paid.project)
    shown = words(page_client(paid.wanda).get("/"))
    assert "Your labels today" not in shown
    assert "Your time here was paid" not in shown


def test_slow_work_is_seen_to_fall_short(paid, worker, page_client):
    wanda = worker(paid.wanda, paid.project)
    for item in make_items(paid.project, 20):
        add_label(item, wanda, "keep", active_ms=100_000)
    (card,) = page_client(paid.wanda).get("/").context["labelling"]
    assert (card.own.short, card.own.per_hour) == (True, Decimal("10.80"))
    assert "short of the wage" in words(page_client(paid.wanda).get("/"))


def test_currencies_are_not_added_up_and_time_is_weighed(paid, worker):
    other = make_project(paid.olivia, wage_per_hour=36, expected_seconds=10, currency="USD")
    third = make_project(paid.olivia, wage_per_hour=24, expected_seconds=90)
    unpaid = make_project(paid.olivia)
    for project, seconds in ((paid.project, 30), (other, 5), (third, 90), (unpaid, 5)):
        add_label(make_items(project)[0], worker(paid.wanda, project), "keep", active_ms=seconds * 1000)
    work = own_work(paid.wanda)
    assert work.keys() == {paid.project.pk, other.pk, third.pk, unpaid.pk}
    found = [(one.currency, one.amount, one.per_hour) for one in earnings(work.values())]
    # EUR: 0.30 + 0.60 in 120 s; USD: 0.10 in 5 s.
    assert found == [("EUR", Decimal("0.90"), Decimal("27.00")), ("USD", Decimal("0.10"), Decimal("72.00"))]
    totals = own_totals(work.values())
    assert (totals.labels, totals.today) == (4, 4)


def test_labels_without_a_known_time_earn_and_leave_the_rate_alone(paid, worker):
    wanda = worker(paid.wanda, paid.project)
    for item, time in zip(make_items(paid.project, 2), (60_000, None), strict=True):
        add_label(item, wanda, "keep", active_ms=time)
    work = own_work(paid.wanda)[paid.project.pk]
    assert (work.earned, work.per_hour) == (Decimal("0.60"), Decimal("18.00"))


def test_an_open_project_is_joined_from_home(paid, page_client):
    paid.project.is_open = True
    paid.project.save()
    make_items(paid.project, 3)
    client = page_client(paid.stan)
    (card,) = client.get("/").context["joinable"]
    assert (card.available, card.minutes) == (3, 5)
    shown = words(client.get("/"))
    assert "Some messages are hostile." in shown
    assert "3 items wait for you. About 5 minutes." in shown
    assert client.post(reverse("project_join", args=[paid.project.pk])).status_code == 302
    assert Membership.objects.get(user=paid.stan).role == "worker"
    assert [card.available for card in client.get("/").context["labelling"]] == [3]
