"""Answering questions about oneself, by keyboard and on a phone, without any script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.demographics.boxes import box_of
from tests.demographics.people import ask
from tests.factories import make_cast

pytestmark = [pytest.mark.browser]
PAGE = "/account/demographics/"


def test_a_worker_answers_by_keyboard_and_deletes_it_again(live: str, browser_page: Callable[..., Page]):
    cast = make_cast()
    ask(cast.project, "gender", "first_language")
    page = browser_page(cast.wanda, width=390, dark=True)
    page.goto(f"/projects/{cast.project.pk}/")
    page.get_by_role("link", name="See the questions").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("About you")
    expect(page.get_by_role("radio", name="Prefer not to say")).to_be_checked()
    page.get_by_role("checkbox", name="Moderation").press("Space")
    page.get_by_role("radio", name="Prefer not to say").press("ArrowDown")
    page.get_by_role("checkbox", name="Hindi").press("Space")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_text("Your answers were saved")).to_be_visible()
    box = box_of(cast.wanda.pk)
    assert box.usable(cast.project.pk, "gender") == ("woman",)
    assert box.usable(cast.project.pk, "first_language") == ("hindi",)
    page.get_by_role("button", name="Delete my answers").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(page.get_by_text("were deleted")).to_be_visible()
    assert box_of(cast.wanda.pk).is_empty


def test_without_scripts_the_forms_do_the_same(live: str, browser_page: Callable[..., Page]):
    cast = make_cast()
    page = browser_page(cast.olivia, java_script_enabled=False)
    page.goto(f"/projects/{cast.project.pk}/settings/demographics/")
    page.get_by_role("checkbox", name="Religion").check()
    page.get_by_label("Why we ask").fill("To see who is heard.")
    page.get_by_role("button", name="Save the questions").click()
    expect(page.get_by_text("The questions were saved.")).to_be_visible()
    worker = browser_page(cast.wanda, java_script_enabled=False)
    worker.goto(PAGE)
    expect(worker.get_by_text("Why we ask: To see who is heard.")).to_be_visible()
    worker.get_by_role("radio", name="Sikhism").check()
    worker.get_by_role("button", name="Save", exact=True).click()
    assert box_of(cast.wanda.pk).answers == {"religion": ("sikh",)}
    worker.get_by_role("button", name="Delete my answers").click()
    assert box_of(cast.wanda.pk).is_empty
