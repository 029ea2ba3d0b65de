"""Accounts and projects in a browser: the editor of labels, the first journey of an owner and of a newcomer, axe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership
from accounts.services.invitations import invitation_create
from annotations.models import Project
from tests.factories import add_label, make_annotator, make_items, make_project, make_user

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
LOOKS = [(1280, False), (1280, True), (390, False), (390, True)]


def names(page: Page) -> list[str]:
    fields = page.locator("[data-rows=labels] [data-row] [name$=-name]")
    return [fields.nth(number).input_value() for number in range(fields.count())]


def favourable(page: Page) -> str | None:
    return page.locator("[name=favourable]:checked").get_attribute("value")


def press(page: Page, label: str, row: int) -> None:
    page.locator("[data-rows=labels] [data-row]").nth(row).get_by_label(label, exact=True).click()


@pytest.fixture
def editor(cast, browser_page):
    """The editor of labels of the cast's project: Keep (favourable), Review, Remove."""
    page = browser_page(cast.olivia)
    page.goto(reverse("project_setting_labels", args=[cast.project.pk]))
    return page


def test_labels_are_added_moved_and_removed_in_the_page(cast, editor):
    editor.get_by_role("button", name="Add a label").click()
    expect(editor.locator("#id_labels-3-name")).to_be_focused()
    editor.keyboard.type("Ask")
    press(editor, "Move up", 3)
    assert names(editor) == ["Keep", "Review", "Ask", "Remove"]
    press(editor, "Move down", 0)
    assert names(editor) == ["Review", "Keep", "Ask", "Remove"]
    assert favourable(editor) == "1", "the favourable label goes along"
    press(editor, "Remove", 0)
    assert names(editor) == ["Keep", "Ask", "Remove"]
    assert favourable(editor) == "0"
    editor.get_by_role("button", name="Save as a new version").click()
    expect(editor.get_by_text("Saved as version 2.").first).to_be_visible()
    current = Project.objects.get(pk=cast.project.pk).schemas.get(is_current=True)
    assert [label["key"] for label in current.config["labels"]] == ["keep", "ask", "remove"]


def test_removing_the_favourable_label_leaves_none_chosen(editor):
    press(editor, "Remove", 0)
    assert favourable(editor) == ""
    expect(editor.locator("#id_labels-0-name")).to_be_focused()


def test_guidelines_are_previewed_while_they_are_written(editor):
    editor.locator("#id_guidelines").fill("# Rules\n\nBe **kind**.\n\n<img src=x onerror=alert(1)>")
    preview = editor.locator("#guidelines-preview")
    expect(preview.get_by_role("heading", name="Rules")).to_be_visible()
    expect(preview.locator("strong")).to_have_text("kind")
    expect(preview.locator("img")).to_have_count(0)


def test_what_only_several_labels_need_is_shown_with_them(editor):
    at_most = editor.get_by_label("At most")
    expect(at_most).to_be_hidden()
    editor.get_by_label("Several labels per item").check()
    expect(at_most).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_owner_makes_a_project_with_the_keyboard(live, browser_page, scripts):
    page = browser_page(make_user("olivia"), java_script_enabled=scripts)
    page.goto("/")
    page.get_by_role("link", name="New project").press("Enter")
    page.locator("#id_name").fill("Helpdesk")
    for number, label in enumerate(("Calm", "Angry")):
        page.locator(f"#id_labels-{number}-name").fill(label)
    page.get_by_role("button", name="Add a label").press("Enter")
    page.locator("#id_labels-2-name").fill("Sad")
    page.locator("#id_attributes-0-name").fill("gender")
    page.locator("#id_attributes-0-name").press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    project = Project.objects.get()
    assert [label["key"] for label in project.schemas.get().config["labels"]] == ["calm", "angry", "sad"]
    assert project.attributes.get().column == "gender"


def test_a_newcomer_follows_a_link_signs_up_and_is_in(cast, browser_page):
    _invitation, secret = invitation_create(
        project_id=cast.project.pk,
        actor=cast.olivia,
        role="worker",
        expires_at=timezone.now() + timedelta(days=1),
    )
    page = browser_page()
    page.goto(reverse("join", args=[secret]))
    page.get_by_role("link", name="Create an account").click()
    page.locator("[name=email]").fill("newcomer@example.org")
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.get_by_role("button", name="Join the project").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert Membership.objects.get(user__email="newcomer@example.org").role == "worker"


def test_a_member_is_removed_only_after_a_question(cast, browser_page):
    page = browser_page(cast.olivia)
    page.goto(reverse("people", args=[cast.project.pk]))
    page.get_by_role("button", name="Remove walt@example.org").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Remove walt@example.org from the project?")
    question.get_by_role("button", name="Cancel").click()
    assert Membership.objects.filter(user=cast.walt).exists()
    page.get_by_role("button", name="Remove walt@example.org").click()
    question.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The member was removed.").first).to_be_visible()
    assert not Membership.objects.filter(user=cast.walt).exists()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_axe_finds_nothing_serious(cast, browser_page, axe, width, dark):
    items = make_items(cast.project, 3)
    for value in ("keep", "remove"):
        add_label(items[0], make_annotator(cast.project), value)
    make_project(make_user("zoe"), name="Hotel reviews", is_open=True, wage_per_hour=12)
    number = cast.project.pk
    pages = {
        None: ["/", "/accounts/login/", "/accounts/signup/"],
        cast.olivia: [
            "/",
            "/projects/new/",
            "/account/",
            "/account/tokens/",
            *(f"/projects/{number}/{tab}" for tab in ("", "people/", "settings/", "settings/labels/")),
            f"/projects/{number}/settings/attributes/",
        ],
        cast.wanda: ["/", f"/projects/{number}/"],
        cast.edgar: ["/"],
    }
    grave = {}
    for user, addresses in pages.items():
        page = browser_page(user, width=width, dark=dark, bypass_csp=True)
        for address in addresses:
            page.goto(address)
            sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            found = axe(page) + (["scrolls sideways"] if sideways else [])
            if found:
                grave[f"{address} as {user}"] = found
    assert grave == {}


@pytest.mark.parametrize("dark", [False, True])
def test_the_api_reference_is_built_under_the_sites_policy(live, browser_page, axe, dark):
    refused: list[str] = []
    page = browser_page(make_user("olivia"), dark=dark)
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    page.goto("/api/")
    expect(page.locator("#api-reference[aria-busy]")).to_have_count(0)
    page.get_by_role("button", name="projects", exact=True).or_(page.locator("#operations-tag-projects")).first.click()
    expect(page.locator(".opblock-summary-path", has_text="/api/v1/projects/").first).to_be_visible()
    assert refused == []
    assert settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["style-src"] == ["'self'"]
    checked = browser_page(dark=dark, bypass_csp=True)
    checked.goto("/api/")
    expect(checked.locator("#api-reference[aria-busy]")).to_have_count(0)
    assert axe(checked) == []
