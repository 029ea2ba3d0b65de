"""The four roles in a real browser, each from its front door to the end of its work; axe looks at every page."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings, settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership
from accounts.services.invitations import invitation_create
from annotations.models import Annotation, Case, ImportJob, Project, Run, Settlement
from llm_workers.services.models import models_refresh
from tests.agreement.test_measures import fill
from tests.browser import background
from tests.browser.walk import Walk
from tests.factories import Cast, make_cast, make_user
from tests.llm_server import ScriptedServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "correct horse battery"


@pytest.fixture
def walk(browser_page: Callable[..., Page], axe: Callable[[Page], list[str]]) -> Callable[..., Walk]:
    """``walk(user)``: somebody's way through the site, signed in; ``walk()``: nobody's yet."""

    def begun(user: Any = None, **options: Any) -> Walk:
        return Walk(browser_page(user, bypass_csp=True, **options), axe)

    return begun


@pytest.fixture
def cast(live: str) -> Cast:
    """A project in full swing: most items have four of five labels, half of them are disputed, a model has answered."""
    cast = make_cast(redundancy=5, min_support=3, is_open=True, wage_per_hour=12, summary="Is it within the rules?")
    fill(cast.project, items=90)
    background.relay()
    return cast


@pytest.fixture
def llm(live: str) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        before, settings.LLM_BASE_URLS = settings.LLM_BASE_URLS, [server.url]
        models_refresh()
        yield server
        settings.LLM_BASE_URLS = before


def sign_up(walk: Walk, name: str) -> None:
    page = walk.page
    walk.look()
    page.locator("[name=email]").fill(f"{name}@example.org")
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    walk.press("Create the account")


def sign_in(walk: Walk, name: str) -> None:
    page = walk.page
    walk.go("/accounts/login/")
    page.locator("[name=login]").fill(f"{name}@example.org")
    page.locator("[name=password]").fill("not the password")
    walk.press("Sign in")
    expect(page.get_by_text("not correct")).to_be_visible()
    walk.look("refused")
    page.locator("[name=password]").fill(PASSWORD)
    walk.press("Sign in")
    expect(page.get_by_role("heading", name="Your projects")).to_be_visible()
    walk.look()


def downloaded(page: Page, link: str) -> list[dict[str, Any]]:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=link).click()
    return [json.loads(line) for line in Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()]


# --- the owner --------------------------------------------------------------------------------------------------------
def messages() -> bytes:
    """Eighty messages about two religions with three people's labels, one of them empty and one there twice."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["text", "religion", "rater_1", "rater_2", "rater_3"])
    for number in range(80):
        second = "Remove" if number % 5 == 0 else "Keep"
        writer.writerow([f"Message {number}", ["muslim", "christian"][number % 2], "Keep", second, "Keep"])
    writer.writerow(["", "muslim", "Keep", "Keep", ""])
    writer.writerow(["Message 3", "christian", "Keep", "", ""])
    return text.getvalue().encode()


def test_an_owner_goes_from_nothing_to_labels_that_are_watched(live, llm, walk, settings):
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS  # the server's, which reads what is stored here
    make_user("olivia")
    way = walk()
    sign_in(way, "olivia")
    _makes_a_project(way)
    project = Project.objects.get()
    _brings_data_in(way, project)
    _invites_people_and_opens_it(way, project)
    _lets_a_model_label(way, project)
    _watches(way, project)
    _takes_it_home(way)
    assert way.faults == {}
    assert len(way.seen) > 25


def _makes_a_project(way: Walk) -> None:
    page = way.page
    page.get_by_role("link", name="New project").click()
    way.look()
    page.locator("#id_name").fill("Forum")
    way.press("Make the project")
    expect(page.locator("main [role=alert]").first).to_be_visible()
    way.look("with what is missing")
    for number, label in enumerate(("Keep", "Remove")):
        page.locator(f"#id_labels-{number}-name").fill(label)
    page.locator("#id_guidelines").fill("# Rules\n\nRemove what attacks people.")
    page.locator("#id_attributes-0-name").fill("religion")
    way.press("Make the project")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    way.look("of an empty draft")


def _brings_data_in(way: Walk, project: Project) -> None:
    page = way.page
    way.tab("Import")
    page.locator("input[type=file]").set_input_files(
        {"name": "forum.csv", "mimeType": "text/csv", "buffer": messages()}
    )
    way.press("Upload and choose columns")
    expect(page.get_by_role("heading", name="Which column means what?")).to_be_visible()
    expect(page.get_by_label("One column per person")).to_be_checked()
    way.look("columns")
    page.locator("#mapping-form button[type=submit]").first.click()
    expect(page.get_by_role("heading", name="About this file")).to_be_visible()
    way.look("waiting")
    background.imports()
    expect(page.get_by_role("heading", name="Rows that were not taken")).to_be_visible()  # by itself
    way.look("done")
    job = ImportJob.objects.get(project=project)
    assert (job.items_added, job.labels_added, job.rows_bad, job.rows_duplicate) == (80, 240, 1, 1)
    way.tab("Import")


def _invites_people_and_opens_it(way: Walk, project: Project) -> None:
    page = way.page
    way.tab("People")
    page.locator("main form select[name=role]").last.select_option("expert")
    way.press("Make the link")
    expect(page.locator("#new-link")).to_contain_text("/join/")
    way.look("with a link")
    way.tab("Settings")
    for section in ("Labels and guidelines", "Protected attributes"):
        page.get_by_role("navigation", name="Settings").get_by_role("link", name=section).click()
        way.look()
    way.tab("Overview")
    way.press("Activate")
    expect(page.get_by_text("Active").first).to_be_visible()
    way.look("active")
    project.refresh_from_db()
    assert project.status == "active"


def _lets_a_model_label(way: Walk, project: Project) -> None:
    page = way.page
    way.tab("Model runs")
    way.press("Start")
    expect(page.locator("#run-live")).to_contain_text("0 of 80")
    way.look("begun")
    background.runs()
    expect(page.get_by_role("heading", name="What the rest would take")).to_be_visible()
    way.look("probed")
    way.press("Label the rest")
    background.runs()
    expect(page.locator("#run-live")).to_contain_text("80 of 80")
    way.look("done")
    assert Annotation.objects.filter(project=project, source="model").count() == 80
    background.relay()
    page.get_by_role("link", name="Models", exact=True).click()
    way.look()
    page.go_back()


def _watches(way: Walk, project: Project) -> None:
    page = way.page
    way.tab("Fairness")
    expect(page.locator("[data-live]")).to_contain_text("Live")
    expect(page.locator("#rate-chart")).to_be_visible()
    way.look("live")
    way.tab("Agreement")
    expect(page.locator("main")).to_contain_text("Fleiss")
    way.tab("Cases")
    opened = Case.objects.filter(project=project, status="open").count()
    assert opened >= 16  # where the second rater disagreed, and more where the model did
    page.locator(".case-queue a").first.click()
    expect(page.get_by_role("heading", name="Your verdict")).to_be_visible()
    way.look()
    way.tab("Items")
    page.locator("main table a").first.click()
    expect(page.locator("h1")).to_be_visible()
    way.look()
    way.tab("Ledger")
    expect(page.locator("main")).to_contain_text("case.claimed")


def _takes_it_home(way: Walk) -> None:
    page = way.page
    way.tab("Export")
    rows = downloaded(page, "JSON Lines – Annotations")
    assert len(rows) == 240 + 80
    assert {row["source"] for row in rows} == {"imported", "model"}
    for address in ("/account/", "/account/tokens/", "/api/"):
        way.go(address)
    page.goto("/")
    way.look("with a project")


# --- the expert -------------------------------------------------------------------------------------------------------
def test_an_expert_comes_by_a_link_and_settles_by_keyboard(cast, walk):
    _invitation, secret = invitation_create(
        project_id=cast.project.pk, actor=cast.olivia, role="expert", expires_at=timezone.now() + timedelta(days=1)
    )
    way = walk()
    page = way.page
    way.go(reverse("join", args=[secret]), "signed out")
    page.get_by_role("link", name="Create an account").click()
    sign_up(way, "emma")
    way.look("signed in")
    way.press("Join the project")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    way.look()
    way.tab("Cases")
    page.keyboard.press("n")
    settled = [_settles(way, "h"), _settles(way, "m")]
    way.go(reverse("case_detail", args=[settled[0]]), "settled")
    expect(page.get_by_role("heading", name="Who said what")).to_be_visible()
    way.go(reverse("cases", args=[cast.project.pk]) + "?status=settled")
    expect(page.locator(".case-row")).to_have_count(2)
    for tab in ("Items", "Agreement", "Fairness"):
        way.tab(tab)
    for forbidden in ("project_settings", "imports", "people", "exports"):
        way.go(reverse(forbidden, args=[cast.project.pk]), "refused")
        expect(page.locator("main")).to_contain_text("owner")
    emma = Membership.objects.get(user__email="emma@example.org")
    assert emma.role == "expert"
    verdicts = Settlement.objects.filter(settled_by=emma.user).order_by("pk")
    assert [(verdict.case_id, verdict.cause, verdict.recurrent) for verdict in verdicts] == [
        (settled[0], "human_error", False),
        (settled[1], "model_error", True),
    ]
    assert way.faults == {}


def _settles(way: Walk, cause: str) -> int:
    """The case at hand, by keys alone; its id."""
    page = way.page
    expect(page.get_by_role("heading", name="Your verdict")).to_be_visible()
    expect(page.get_by_text("Who said what")).to_have_count(0)
    way.look()
    here = page.url
    page.keyboard.press("1")
    page.keyboard.press(cause)
    if cause == "m":
        page.keyboard.press("r")
    page.keyboard.press("w")
    page.keyboard.type("The guidelines are plain about it.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != here)
    return int(here.rstrip("/").rsplit("/", 1)[-1])


# --- the worker -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_worker_joins_an_open_project_and_labels(cast, walk, width, dark):
    cast.project.content_warning = "Some messages are hostile."
    cast.project.save()
    way = walk(width=width, dark=dark)
    page = way.page
    way.go("/", "signed out")
    page.goto("/accounts/signup/")
    sign_up(way, "wilma")
    way.go("/")
    page.get_by_role("link", name="Moderation", exact=True).click()
    expect(page.get_by_role("heading", name="Moderation")).to_be_visible()
    way.look("before joining")
    way.press("Join and label")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    way.look()
    way.tab("Label")
    way.press("I understand, go on")
    expect(page.locator("[data-card]")).to_be_focused()
    way.look("an item")
    given = _labels(page, ["1", "3", "2", "1"])
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    way.look("the keys")
    page.keyboard.press("Escape")
    way.go("/", "a member")
    expect(page.get_by_text("4 of 88 items")).to_be_visible()
    for address in (reverse("project", args=[cast.project.pk]), reverse("profile")):
        way.go(address)
    for refused in ("items", "cases", "fairness", "agreement", "ledger", "exports", "people", "runs"):
        assert page.goto(reverse(refused, args=[cast.project.pk])).status == 403
    way.look("refused")
    way.go(reverse("project", args=[cast.project.pk + 1]), "somebody else's")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    labels = Annotation.objects.filter(annotator__user__email="wilma@example.org", status="current")
    assert {label.item.payload["text"]: label.value for label in labels.select_related("item")} == given
    assert way.faults == {}


def _labels(page: Page, keys: list[str]) -> dict[str, str]:
    given = {}
    for key in keys:
        page.wait_for_timeout(350)  # a key that comes sooner is taken for one meant for the item before
        if page.locator("[data-card].is-hidden").count():
            page.keyboard.press("Enter")  # the project warns of its content: an item is blurred until it is asked for
            expect(page.locator("[data-card]")).not_to_have_class(re.compile("is-hidden"))
        text = page.locator("[data-item] .item-text").inner_text()
        page.keyboard.press(key)
        expect(page.locator("[data-item]")).not_to_contain_text(text)
        given[text] = {"1": "keep", "2": "review", "3": "remove"}[key]
    expect(page.locator(".label-top [data-counts]")).to_contain_text(re.compile(f"^{len(keys)} labels now"))
    for _ in range(200):
        if not page.evaluate("Object.keys(localStorage).some(key => key.endsWith('.outbox'))"):
            break
        page.wait_for_timeout(50)
    return given


# --- the auditor ------------------------------------------------------------------------------------------------------
def test_an_auditor_reads_everything_and_finds_nothing_to_change(cast, walk):
    way = walk(cast.audrey)
    page = way.page
    way.go("/")
    page.get_by_role("link", name="Moderation").first.click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    way.look()
    tabs = page.get_by_role("navigation", name="Project").get_by_role("link")
    names = [re.sub(r"\s*\d+$", "", " ".join(name.split())) for name in tabs.all_inner_texts()]
    assert names == [
        "Overview", "Items", "Import", "Audits", "Model runs", "Trust", "Cases", "Agreement", "Consensus",
        "Validation", "Fairness", "Ledger", "Export",
        "Suspicions",
    ]  # fmt: skip
    for name in names[1:]:
        way.tab(name)
        changing = page.locator("main form[method=post]")
        assert changing.count() == 0, f"{name} offers an auditor something to change"
    way.go(reverse("case_detail", args=[Case.objects.filter(status="open").first().pk]))
    expect(page.locator("main form[method=post]")).to_have_count(0)
    way.tab("Export")
    rows = downloaded(page, "JSON Lines – Consensus")
    assert len(rows) == cast.project.items.filter(consensus__isnull=False).count() > 0
    assert not Run.objects.exists()
    assert way.faults == {}
