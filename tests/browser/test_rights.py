"""One's own data with the keyboard alone: the download, and erasing oneself while another tab still labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from annotations.models import Annotation
from tests.browser.test_labelling import ready
from tests.browser.test_working import tab_to
from tests.factories import Cast, make_cast, make_items
from tests.rights.conftest import PASSWORD, unpacked

pytestmark = pytest.mark.browser


@pytest.fixture
def cast(live: str) -> Cast:
    return make_cast()


def test_the_download_by_keyboard(cast, browser_page):
    page = browser_page(cast.wanda, width=390)
    page.goto(reverse("your_data"))
    tab_to(page, "link", "Download everything")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename == "my-evenhand-data.zip"
    files = unpacked([Path(started.value.path()).read_bytes()])
    assert files["profile.json"]["email"] == "wanda@example.org"


def test_erasing_oneself_by_keyboard_ends_the_other_tab(cast, browser_page, axe):
    make_items(cast.project, 3)
    cast.wanda.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")  # the server knows no quicker one
    cast.wanda.save()
    page = browser_page(cast.wanda, bypass_csp=True)
    other = page.context.new_page()
    other.goto(f"/projects/{cast.project.pk}/label/")
    ready(other)
    page.goto(reverse("your_data"))
    tab_to(page, "link", "Erase my account…")
    page.keyboard.press("Enter")
    tab_to(page, "button", "Erase my account for good")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Confirm that you know what goes and what stays.").first).to_be_visible()
    assert axe(page) == []
    tab_to(page, "checkbox", "I have read what goes")
    page.keyboard.press("Space")
    tab_to(page, "textbox", "Your password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your account was erased")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    other.keyboard.press("1")
    expect(other.get_by_text("You are signed out.")).to_be_visible()
    assert not Annotation.objects.exists()
    assert User.objects.get(pk=cast.wanda.pk).erased_at is not None
