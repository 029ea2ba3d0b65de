"""Care on the labelling page: the warning, blur, and breaks that lose nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Assignment, CareRules, WorkerPreferences
from tests.browser.test_labelling import labels, press, ready, saved
from tests.factories import Cast, make_cast, make_items

pytestmark = pytest.mark.browser


@pytest.fixture
def cast(live: str) -> Cast:
    return make_cast(wage_per_hour=12, expected_seconds=10)


def test_a_content_warning_comes_first_and_items_stay_blurred_until_revealed(cast, browser_page):
    cast.project.content_warning = "Some messages are hostile."
    cast.project.save()
    make_items(cast.project, 3)
    page = browser_page(cast.wanda)
    page.goto(f"/projects/{cast.project.pk}/label/")
    expect(page.get_by_text("Some messages are hostile.")).to_be_visible()
    assert not Assignment.objects.exists()
    page.get_by_role("button", name="I understand, go on").click()
    ready(page)
    blurred = re.compile("is-hidden")
    expect(page.locator("[data-card]")).to_have_class(blurred)
    assert page.locator("[data-item]").evaluate("item => item.inert && getComputedStyle(item).filter") == "blur(9.6px)"
    page.keyboard.press("1")
    expect(page.locator("[data-card]")).not_to_have_class(blurred)
    assert page.locator("[data-item]").evaluate("item => getComputedStyle(item).filter") == "none"
    assert labels(cast) == {}
    press(page, "1")
    expect(page.locator("[data-card]")).to_have_class(blurred)
    page.keyboard.press("Enter")
    expect(page.locator("[data-card]")).not_to_have_class(blurred)
    saved(page)
    assert len(labels(cast)) == 1


def test_who_wants_no_blur_says_so_once(cast, browser_page):
    cast.project.content_warning = "Some messages are hostile."
    cast.project.save()
    make_items(cast.project, 3)
    page = browser_page(cast.wanda)
    page.goto(f"/projects/{cast.project.pk}/label/")
    page.get_by_role("button", name="I understand, go on").click()
    ready(page)
    with page.expect_response("**/api/v1/me/work/") as answer:
        page.get_by_role("button", name="Blur items at first").press("Enter")
    assert answer.value.status == 200
    expect(page.locator("[data-card]")).not_to_have_class(re.compile("is-hidden"))
    page.reload()
    ready(page)
    expect(page.locator("[data-card]")).not_to_have_class(re.compile("is-hidden"))
    assert WorkerPreferences.objects.get(user=cast.wanda).blur == "never"


def test_without_scripts_nothing_is_blurred_that_could_not_be_revealed(cast, browser_page):
    cast.project.content_warning = "Some messages are hostile."
    cast.project.save()
    make_items(cast.project)
    page = browser_page(cast.wanda, java_script_enabled=False)
    page.goto(f"/projects/{cast.project.pk}/label/")
    page.get_by_role("button", name="I understand, go on").click()
    expect(page.locator("[data-item]")).to_have_css("filter", "none")


def worked_for(page: Page, minutes: int) -> None:
    """The page believes that the person has been at it for so long."""
    page.evaluate(
        """minutes => {
            const kept = JSON.parse(localStorage.getItem("evenhand.label.streak"));
            const away = minutes * 60_000;
            localStorage.setItem("evenhand.label.streak",
                JSON.stringify({...kept, since: kept.since - away, next: kept.next - away, last: Date.now()}));
        }""",
        minutes,
    )


def test_a_break_is_proposed_and_the_label_in_progress_stays(live, browser_page):
    cast = make_cast(task="multiple_choice")
    make_items(cast.project, 2)
    CareRules.objects.create(project=cast.project, break_minutes=30)
    page = browser_page(cast.wanda)
    page.goto(f"/projects/{cast.project.pk}/label/")
    ready(page)
    page.goto("about:blank")
    page.goto(f"/projects/{cast.project.pk}/ledger/")  # a page of the same place, without the script
    worked_for(page, 31)
    page.goto(f"/projects/{cast.project.pk}/label/")
    ready(page)
    page.keyboard.press("1")
    proposal = page.get_by_role("complementary", name="Time for a break?")
    expect(proposal).to_contain_text("31 minutes")
    expect(page.locator("input[value=keep]")).to_be_checked()
    expect(page.locator("[data-card]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Not now")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="On a break")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="On a break")).to_be_hidden()
    expect(proposal).to_be_hidden()
    assert page.locator("input:checked").evaluate_all("inputs => inputs.map(input => input.value)") == ["keep"]
    page.keyboard.press("Enter")
    saved(page)
    assert list(labels(cast).values()) == [["keep"]]


def test_escape_sends_the_proposal_of_a_break_away(cast, browser_page):
    make_items(cast.project, 2)
    WorkerPreferences.objects.create(user=cast.wanda, break_minutes=10)
    page = browser_page(cast.wanda)
    page.goto(f"/projects/{cast.project.pk}/label/")
    ready(page)
    page.goto(f"/projects/{cast.project.pk}/ledger/")
    worked_for(page, 11)
    page.goto(f"/projects/{cast.project.pk}/label/")
    ready(page)
    page.mouse.move(30, 30)
    expect(page.locator("[data-break]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-break]")).to_be_hidden()
    page.mouse.move(60, 60)
    expect(page.locator("[data-break]")).to_be_hidden()
    press(page, "1")
