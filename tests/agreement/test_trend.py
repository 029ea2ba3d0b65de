"""Whether agreement rises or falls: against statsmodels on the items, under no trend at all, and in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import statsmodels.api as sm

from annotations.agreement.trend import NoTrend, trend
from annotations.drawing import Scale, limit
from annotations.measuring.over_time import time_plot, trend_answer
from annotations.measuring.selectors import measure
from annotations.models import Annotation
from tests.factories import add_label, make_annotator, make_items

PAGE, API = "/projects/{}/agreement/", "/api/v1/projects/{}/agreement/"


def made(chances: list[float], *, each: int = 40, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """``each`` items of three labels in each period; (counts, periods). A label is the usual one with this chance."""
    random = np.random.default_rng(seed)
    period = np.repeat(np.arange(len(chances)), each)
    usual = random.random((len(period), 3)) < np.array(chances)[period][:, None]
    return np.stack([usual.sum(axis=1), 3 - usual.sum(axis=1)], axis=1), period


def shares(counts: np.ndarray) -> np.ndarray:
    given = counts.sum(axis=1)
    return (counts * (counts - 1)).sum(axis=1) / (given * (given - 1))


def test_it_is_the_regression_on_places_with_the_robust_error_of_statsmodels():
    counts, period = made([0.95, 0.9, 0.9, 0.8, 0.7])
    items = np.ones(len(counts), int)
    found = trend(counts, period * 7 + 3, items=items)  # any numbers that keep the order
    places = period / 4
    fitted = sm.OLS(shares(counts), sm.add_constant(places)).fit(cov_type="HC3", use_t=True)
    low, high = fitted.conf_int()[1]
    assert (found.change, found.low, found.high) == pytest.approx((fitted.params[1], low, high), abs=1e-9)
    assert found.before == pytest.approx(fitted.params[0], abs=1e-9)
    assert found.after == pytest.approx(fitted.params.sum(), abs=1e-9)
    assert (found.direction, found.n_items) == ("falling", 200)


def test_rows_that_stand_for_several_items_and_items_of_one_label_change_nothing():
    counts, period = made([0.6, 0.8, 0.9])
    plain = trend(counts, period, items=np.ones(len(counts), int))
    rows, times = np.unique(np.column_stack([counts, period]), axis=0, return_counts=True)
    rows = np.vstack([rows, [1, 0, 0]])
    grouped = trend(rows[:, :2], rows[:, 2], items=np.append(times, 500))
    assert (grouped.change, grouped.low, grouped.high) == pytest.approx((plain.change, plain.low, plain.high))
    assert grouped.direction == "rising"


def test_a_long_pause_does_not_decide():
    """One period years before the others weighs as one period."""
    counts, period = made([0.7, 0.9, 0.9, 0.9])
    far = trend(counts, np.where(period == 0, -10_000, period), items=np.ones(len(counts), int))
    near = trend(counts, period, items=np.ones(len(counts), int))
    assert far == near


def test_without_a_trend_it_is_seen_in_one_of_twenty():
    seen = 0
    for seed in range(400):
        counts, period = made([0.8] * 6, each=15, seed=seed)
        seen += trend(counts, period, items=np.ones(len(counts), int)).direction != "none"
    assert 0.02 <= seen / 400 <= 0.085


def test_insufficient_data_says_why():
    counts, period = made([0.9, 0.8, 0.7], each=9)
    assert trend(counts, period, items=np.ones(27, int)).reason is NoTrend.FEW_ITEMS
    counts, period = made([0.9, 0.8])
    assert trend(counts, period, items=np.ones(80, int)).reason is NoTrend.FEW_PERIODS
    alike = trend(np.tile([3, 0], (60, 1)), np.arange(60), items=np.ones(60, int))
    assert (alike.reason, alike.direction) == (NoTrend.ALL_ALIKE, "unknown")
    nothing = trend(np.empty((0, 2), int), np.empty(0, int), items=np.empty(0, int))
    assert (nothing.reason, nothing.n_items) == (NoTrend.FEW_ITEMS, 0)


def fallen(cast, agreeing: list[int]) -> None:
    """20 items a day, of which so many are agreed on."""
    one, other = make_annotator(cast.project), make_annotator(cast.project)
    for day, equal in enumerate(agreeing):
        for number, item in enumerate(make_items(cast.project, 20)):
            add_label(item, one, "keep" if number % 2 else "remove")
            add_label(item, other, "review" if number >= equal else "keep" if number % 2 else "remove")
            moment = datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(days=day)
            Annotation.objects.filter(item=item).update(created_at=moment)


@pytest.mark.django_db
def test_page_and_api_say_since_when_agreement_falls(cast, page_client, api):
    fallen(cast, [20, 17, 15, 12, 9])
    data = api(cast.audrey).get(API.format(cast.project.pk)).json()["trend"]
    assert (data["direction"], data["n_items"], data["reason"]) == ("falling", 100, None)
    assert -0.8 < data["low"] < data["change"] < data["high"] < -0.3
    text = page_client(cast.audrey).get(PAGE.format(cast.project.pk)).content.decode()
    assert re.search(r"Agreement has fallen since [^:]*2026[^:]*: two people gave one item the same label \d+ %", text)
    drawing = re.search(r'<svg class="plot.*?</svg>', text, re.S)[0]
    assert drawing.count('href="#m-circle"') == 5
    heights = [float(y) for y in re.findall(r'href="#m-circle" x="[\d.]+" y="([\d.]+)"', drawing)]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1]  # lower down


@pytest.mark.django_db
def test_steady_agreement_is_no_trend_and_little_is_too_little(cast, page_client, api):
    fallen(cast, [14])
    found = measure(cast.project)
    assert time_plot(found.over_time) is None
    assert "Insufficient data" in trend_answer(found.trend, found.over_time)
    data = api(cast.olivia).get(API.format(cast.project.pk)).json()["trend"]
    assert (data["direction"], data["reason"], data["change"]) == ("unknown", "few_items", None)
    assert "fewer than 30 items" in data["explanation"]
    assert 'class="plot' not in page_client(cast.olivia).get(PAGE.format(cast.project.pk)).content.decode()
    Annotation.objects.all().delete()
    fallen(cast, [14, 15, 14, 15])
    found = measure(cast.project)
    assert trend_answer(found.trend, found.over_time).startswith("No trend that chance would not explain")


def test_scales():
    up = Scale(0.5, 1.0, 150, 10)
    assert [up.at(value) for value in (0.5, 0.75, 1.0, 0.2, 2)] == ["150.0", "80.0", "10.0", "150.0", "10.0"]
    assert [limit(needed, (0.2, 0.5, 1)) for needed in (0.1, 0.2, 0.3, 5)] == [0.2, 0.2, 0.5, 1]
