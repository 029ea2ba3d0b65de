"""A worker's journeys in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from annotations.models import Annotation, Assignment, ItemFlag
from tests.factories import Cast, make_cast, make_items

pytestmark = pytest.mark.browser


@pytest.fixture
def cast(live: str) -> Cast:
    return make_cast(wage_per_hour=12, expected_seconds=10)


@pytest.fixture
def labelling(browser_page: Callable[..., Page], cast: Cast) -> Callable[..., Page]:
    """``labelling(user)``: the labelling page, ready for keys."""

    def opened(user=None, **options) -> Page:
        page = browser_page(user or cast.wanda, **options)
        page.goto(f"/projects/{cast.project.pk}/label/")
        ready(page)
        return page

    return opened


def ready(page: Page) -> None:
    """The script has taken over: the item has the keyboard, and a press is no longer taken for a stray one."""
    expect(page.locator("[data-card]")).to_be_focused()
    page.wait_for_timeout(300)


def text(page: Page) -> str:
    return page.locator("[data-item] .item-text").inner_text()


def press(page: Page, key: str) -> str:
    """Press a label's key; the text that it labelled. Waits until the next item is there."""
    before = text(page)
    page.keyboard.press(key)
    expect(page.locator("[data-item]")).not_to_contain_text(before)
    expect(page.locator("[data-item] .item-text")).to_be_visible()
    page.wait_for_timeout(300)
    return before


def prefetched(page: Page) -> None:
    """The item after the one on the screen is in the page."""
    expect(page.locator("#labelling")).to_have_attribute("data-ahead", "1")


def saved(page: Page, seconds: float = 15) -> None:
    """Nothing waits in the browser any more. (`wait_for_function` would need eval, which the site's policy refuses.)"""
    for _ in range(int(seconds * 20)):
        if not page.evaluate("Object.keys(localStorage).some(key => key.endsWith('.outbox'))"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("Labels still wait in the browser.")


def labels(cast: Cast) -> dict[str, str]:
    current = Annotation.objects.filter(project=cast.project, status="current").select_related("item")
    return {annotation.item.payload["text"]: annotation.value for annotation in current}


def test_a_worker_labels_ten_items_with_the_keyboard_alone(cast, labelling):
    make_items(cast.project, 12)
    page = labelling()
    given = {}
    for number in range(8):
        key = "123"[number % 3]
        given[press(page, key)] = ["keep", "review", "remove"][number % 3]
    saved(page)

    last = list(given)[-1]
    page.keyboard.press("u")
    expect(page.locator("[data-item]")).to_contain_text(last)
    expect(page.get_by_role("radio", name="Review")).to_be_checked()
    page.wait_for_timeout(300)
    press(page, "3")
    given[last] = "remove"

    page.keyboard.press("s")
    skipped = press(page, "2")
    for _ in range(2):
        given[press(page, "1")] = "keep"
    saved(page)

    assert labels(cast) == given
    assert len(given) == 10
    assert Assignment.objects.get(status="skipped").item.payload["text"] == skipped
    changed = Annotation.objects.get(item__payload__text=last, status="current")
    assert changed.supersedes.value == "review"
    assert changed.active_ms > 0
    expect(page.locator(".label-top [data-counts]")).to_have_text("10 labels now, 10 in all")
    expect(page.locator("[data-earned]")).to_have_text("0.33")


def test_what_is_labelled_offline_is_sent_when_the_connection_is_back(cast, labelling):
    make_items(cast.project, 6)
    page = labelling()
    first = press(page, "1")
    saved(page)
    prefetched(page)

    page.context.set_offline(True)
    second = press(page, "2")
    third = text(page)
    page.keyboard.press("3")
    expect(page.locator("[data-notice]")).to_contain_text("2 labels wait here")
    expect(page.locator("[data-item]")).to_contain_text("when the connection is back")
    assert labels(cast) == {first: "keep"}

    page.context.set_offline(False)
    saved(page)
    assert labels(cast) == {first: "keep", second: "review", third: "remove"}
    expect(page.locator("[data-notice]")).to_contain_text("everything is saved")
    ready(page)
    press(page, "1")
    saved(page)
    assert len(labels(cast)) == 4


def test_a_label_taken_back_offline_and_given_again_arrives_as_the_last_word(cast, labelling):
    make_items(cast.project, 6)
    page = labelling()
    prefetched(page)
    page.context.set_offline(True)
    first = press(page, "1")
    page.keyboard.press("u")
    expect(page.locator("[data-item]")).to_contain_text(first)
    expect(page.get_by_role("radio", name="Keep")).to_be_checked()
    page.wait_for_timeout(300)
    press(page, "3")
    page.context.set_offline(False)
    saved(page)
    assert labels(cast) == {first: "remove"}
    assert Annotation.objects.get(status="superseded").value == "keep"


def test_labels_wait_for_somebody_who_is_signed_out(cast, labelling):
    make_items(cast.project, 6)
    page = labelling()
    prefetched(page)
    cookies = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    first = press(page, "1")
    expect(page.locator("[data-notice]")).to_contain_text("You are signed out. 1 waiting")
    expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", re.compile("next="))
    assert labels(cast) == {}
    page.context.add_cookies(cookies)
    page.goto(f"/projects/{cast.project.pk}/label/")
    saved(page)
    assert labels(cast) == {first: "keep"}


def test_an_item_that_ran_out_and_went_to_others_makes_way_for_the_next(cast, labelling):
    cast.project.redundancy = cast.project.min_support = 1
    cast.project.save()
    make_items(cast.project, 3)
    page = labelling()
    before = text(page)
    lease = Assignment.objects.get(item__payload__text=before)
    Assignment.objects.filter(pk=lease.pk).update(status="expired")
    page.keyboard.press("1")
    expect(page.locator("[data-item]")).not_to_contain_text(before)
    expect(page.get_by_text("others have labelled it since")).to_be_visible()
    saved(page)
    assert labels(cast) == {}
    expect(page.locator(".label-top [data-counts]")).to_have_text("0 labels now, 0 in all")


def test_labels_that_wait_survive_closing_the_tab(cast, labelling):
    make_items(cast.project, 6)
    page = labelling()
    prefetched(page)
    page.route("**/api/v1/assignments/*/submit/", lambda route: route.abort())
    first = press(page, "1")
    expect(page.locator("[data-notice]")).to_contain_text("1 label waits here")
    assert labels(cast) == {}
    page.close(run_before_unload=False)

    again = page.context.new_page()
    again.goto(f"/projects/{cast.project.pk}/label/")
    saved(again)
    assert labels(cast) == {first: "keep"}
    expect(again.locator("[data-item]")).not_to_contain_text(first)


def test_a_lost_answer_stores_the_label_once(cast, labelling):
    make_items(cast.project, 6)
    page = labelling()
    prefetched(page)
    lost = []

    def lose_first(route) -> None:
        answer = route.fetch()
        if lost:
            route.fulfill(response=answer)
        else:
            lost.append(answer.status)
            route.abort()

    page.route("**/api/v1/assignments/*/submit/", lose_first)
    first = press(page, "1")
    saved(page)
    assert lost == [200]
    assert Annotation.objects.filter(item__payload__text=first).count() == 1


def test_a_double_click_labels_one_item(cast, labelling):
    make_items(cast.project, 4)
    page = labelling()
    before = text(page)
    page.locator(".option").first.dblclick()
    expect(page.locator("[data-item]")).not_to_contain_text(before)
    page.wait_for_timeout(600)
    saved(page)
    assert labels(cast) == {before: "keep"}
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)


def test_arrow_keys_move_through_the_options_and_enter_submits(cast, labelling):
    make_items(cast.project, 3)
    page = labelling()
    before = text(page)
    page.keyboard.press("Tab")
    page.get_by_role("radio", name="Keep").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert text(page) == before
    page.keyboard.press("Enter")
    expect(page.locator("[data-item]")).not_to_contain_text(before)
    saved(page)
    assert labels(cast) == {before: "remove"}


def test_a_second_tab_stands_aside_until_it_is_told_to_take_over(cast, labelling):
    make_items(cast.project, 5)
    page = labelling()
    other = page.context.new_page()
    other.goto(f"/projects/{cast.project.pk}/label/")
    expect(other.get_by_text("You are labelling in another tab")).to_be_visible()
    expect(other.locator("[data-card]")).to_be_hidden()
    first = press(page, "1")
    saved(page)
    other.get_by_role("button", name="Label here instead").click()
    expect(page.get_by_text("You are labelling in another tab")).to_be_visible()
    expect(other.locator("[data-item] .item-text")).to_be_visible()
    ready(other)
    second = press(other, "2")
    saved(other)
    assert first != second
    assert labels(cast) == {first: "keep", second: "review"}


def test_several_labels_are_ticked_submitted_with_enter_and_survive_a_reload(live, browser_page):
    cast = make_cast(task="multiple_choice")
    make_items(cast.project, 3)
    page = browser_page(cast.wanda)
    page.goto(f"/projects/{cast.project.pk}/label/")
    ready(page)
    before = text(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Choose 1 to 3 labels.")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.reload()
    ready(page)
    assert text(page) == before
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    press(page, "Enter")
    saved(page)
    assert Annotation.objects.get().value == ["keep", "remove"]


def test_flagging_tells_the_owner_and_the_item_stays(cast, labelling):
    make_items(cast.project, 2)
    page = labelling()
    before = text(page)
    page.keyboard.press("f")
    page.keyboard.press("1")
    expect(page.get_by_text("the owner will look at it")).to_be_visible()
    saved(page)
    assert text(page) == before
    assert ItemFlag.objects.get().reason == "It is empty or broken"


def test_the_last_item_leads_to_a_page_that_says_so_and_can_be_taken_back(cast, labelling):
    make_items(cast.project, 1)
    page = labelling()
    before = text(page)
    page.keyboard.press("1")
    expect(page.get_by_text("Nothing left for you")).to_be_visible()
    page.get_by_role("button", name="Take my last label back").click()
    expect(page.locator("[data-item]")).to_contain_text(before)
    expect(page.get_by_role("radio", name="Keep")).to_be_checked()


def test_without_scripts_the_form_labels_skips_and_takes_back(cast, browser_page):
    make_items(cast.project, 3)
    page = browser_page(cast.wanda, java_script_enabled=False)
    page.goto(f"/projects/{cast.project.pk}/label/")
    first = page.locator(".item-text").inner_text()
    page.get_by_role("radio", name="Keep").check()
    page.get_by_role("button", name="Submit").click()
    assert labels(cast) == {first: "keep"}
    page.get_by_role("button", name="Undo").click()
    assert page.locator(".item-text").inner_text() == first
    page.get_by_role("radio", name="Remove").check()
    page.get_by_role("button", name="Submit").click()
    assert labels(cast) == {first: "remove"}
    page.locator("[data-panel=skip] summary").click()
    page.get_by_role("button", name="No label fits").click()
    assert Assignment.objects.filter(status="skipped").count() == 1
    page.go_back()
    page.go_back()
    assert labels(cast) == {first: "remove"}


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_axe_finds_nothing_serious(cast, labelling, axe, width, dark):
    make_items(cast.project, 3)
    page = labelling(width=width, dark=dark, bypass_csp=True)
    assert axe(page) == []
    page.keyboard.press("s")
    assert axe(page) == []
