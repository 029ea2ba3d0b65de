"""An expert's journeys in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Case, Settlement
from tests.factories import Cast, add_label, make_annotator, make_cast, make_items

pytestmark = pytest.mark.browser


@pytest.fixture
def cast(live: str) -> Cast:
    cast = make_cast()
    for item in make_items(cast.project, 4):
        for value in ("keep", "remove"):
            add_label(item, make_annotator(cast.project), value)
        model = make_annotator(cast.project, kind="model", name=f"model {item.pk}")
        add_label(item, model, "remove", confidence=0.93, reason="It demeans a group.")
    return cast


@pytest.fixture
def queue(cast: Cast, browser_page: Callable[..., Page]) -> Callable[..., Page]:
    def opened(**options) -> Page:
        page = browser_page(cast.edgar, **options)
        page.goto(f"/projects/{cast.project.pk}/cases/")
        expect(page.get_by_role("heading", name="Cases", level=1)).to_be_visible()
        return page

    return opened


def at_case(page: Page, after: str = "") -> str:
    """The heading of the case at hand, once another one than ``after`` is shown."""
    heading = page.get_by_role("heading", level=1)
    if after:
        expect(heading).not_to_have_text(after)
    expect(page.get_by_role("heading", name="Your verdict")).to_be_visible()
    return heading.inner_text()


def test_an_expert_settles_three_cases_with_the_keyboard_alone(cast, queue):
    page = queue()
    page.keyboard.press("n")
    shown = ""
    for label, cause, reason in (
        ("1", "h", "The message keeps to the rules."),
        ("3", "m", "It threatens, which the rules forbid."),
        ("2", "u", "The guidelines do not speak of quotes."),
    ):
        shown = at_case(page, after=shown)
        page.keyboard.press(label)
        page.keyboard.press(cause)
        if cause == "m":
            page.keyboard.press("r")
        page.keyboard.press("w")
        page.keyboard.type(reason)
        page.keyboard.press("Control+Enter")
    at_case(page, after=shown)
    made = list(Settlement.objects.order_by("id").values_list("value", "cause", "recurrent", "reason"))
    assert made == [
        ("keep", "human_error", False, "The message keeps to the rules."),
        ("remove", "model_error", True, "It threatens, which the rules forbid."),
        ("review", "unclear_guideline", False, "The guidelines do not speak of quotes."),
    ]


def test_opening_a_case_takes_it_and_leaving_gives_it_back(cast, queue):
    page = queue()
    page.locator(".case-row a").first.click()
    at_case(page)
    page.wait_for_timeout(500)
    held = Case.objects.get(claimed_by=cast.edgar)
    page.get_by_role("link", name="Cases").last.click()
    expect(page.get_by_role("heading", name="Cases", level=1)).to_be_visible()
    page.wait_for_timeout(500)
    held.refresh_from_db()
    assert held.claimed_by is None


def test_an_incomplete_verdict_stays_on_the_page(cast, queue):
    page = queue()
    page.keyboard.press("n")
    at_case(page)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    at_case(page)
    assert not Settlement.objects.exists()
    page.keyboard.press("h")
    page.keyboard.press("w")
    page.keyboard.type("Plainly within the rules.")
    page.get_by_role("button", name="Settle", exact=True).click()
    expect(page.get_by_role("heading", name="Who said what")).to_be_visible()
    assert Settlement.objects.get().value == "keep"


def test_the_guidelines_are_one_key_away(cast, queue):
    page = queue()
    page.keyboard.press("n")
    at_case(page)
    page.keyboard.press("g")
    expect(page.get_by_text("Keep what fits.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Keep what fits.")).to_be_hidden()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_axe_finds_nothing_serious(cast, queue, axe, width, dark):
    page = queue(width=width, dark=dark, bypass_csp=True)
    assert axe(page) == []
    page.locator(".case-row a").first.click()
    at_case(page)
    assert axe(page) == []
    page.get_by_role("radio", name="Keep").check()
    page.get_by_role("radio", name="Human error").check()
    page.get_by_label("Reason").fill("Plainly within the rules.")
    page.get_by_role("button", name="Settle", exact=True).click()
    expect(page.get_by_role("heading", name="Who said what")).to_be_visible()
    assert axe(page) == []
