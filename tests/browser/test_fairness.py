"""The live page in a real browser: labels arrive without a reload, and nothing that the reader did is undone."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import Membership
from annotations.models import Annotation, Checkpoint, Project, ProtectedAttribute, Run
from evenhand.relay.loop import IDLE_SECONDS, Relay
from fairness.services.agreement import agreement_compute
from fairness.services.recount import recount
from tests.agreement.test_measures import fill
from tests.factories import Cast, add_label, make_annotator, make_cast
from tests.fairness.conftest import fold_all, label_group
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_sockets import open_one

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("EVENHAND_SCREENSHOTS", "")


@pytest.fixture
def cast(live: str) -> Cast:
    return make_cast()


@pytest.fixture
def relay(live: str) -> Iterator[None]:
    """The relay's turns, in a thread of this process."""
    stop = threading.Event()

    def turns() -> None:
        running = Relay()
        while not stop.is_set():
            running.turn()
            time.sleep(IDLE_SECONDS)
        connection.close()

    thread = threading.Thread(target=turns)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=20)


def address(cast: Cast) -> str:
    return f"/projects/{cast.project.pk}/fairness/"


def opened(page: Page, cast: Cast) -> Page:
    page.goto(address(cast))
    expect(page.locator("[data-live]")).to_contain_text("Live")
    return page


def fill_fairness(project: Project) -> None:
    """Three groups with enough labels and one without, two models, one of them far from people."""
    chance = random.Random(7)
    models = [make_annotator(project, kind="model", name=name) for name in ("smollm2-135m", "qwen2-0.5b")]
    for group, share, n in (("christian", 0.62, 60), ("jewish", 0.55, 48), ("muslim", 0.3, 55), ("sikh", 0.5, 12)):
        label_group(project, group, round(share * n), n, beside=("north", "south"))
    people = make_annotator(project)
    for number, item in enumerate(project.items.order_by("pk")):
        add_label(item, people, "keep" if chance.random() < 0.5 else "remove")
        for which, model in enumerate(models):
            if number % 5 or not which:
                add_label(item, model, "keep" if chance.random() < (0.4, 0.7)[which] else "remove")
    fold_all()
    spread_over_time(project)


def spread_over_time(project: Project) -> None:
    """The labels came in over five days, with a run's checkpoints and a change of the labels between."""
    now = timezone.now()
    ProtectedAttribute.objects.get_or_create(project=project, name="origin", defaults={"column": "origin"})
    for number, label in enumerate(Annotation.objects.filter(project=project).order_by("item_id", "pk")):
        Annotation.objects.filter(pk=label.pk).update(created_at=now - timedelta(hours=5 * (number % 24)))
    recount(project=project, mend=True)
    model = project.annotators.filter(kind="model").first()
    run = Run.objects.create(
        project=project, annotator=model, schema=project.schemas.get(), started_by=project.created_by, status="done",
        total=140, labelled=133, unanswered=7, prompt_tokens=52_000, completion_tokens=1_900, model_seconds=212,
    )  # fmt: skip
    for number, decision in enumerate(("go_on", "go_on", "pause"), start=1):
        step = Checkpoint.objects.create(
            run=run, number=number, labelled=45 * number, decision=decision,
            reason="" if decision == "go_on" else "The difference passed the limit.",
        )  # fmt: skip
        Checkpoint.objects.filter(pk=step.pk).update(created_at=now - timedelta(hours=90 - 25 * number))
    agreement_compute(project_id=project.pk)


def test_a_label_appears_within_a_second_without_a_reload(cast, browser_page, relay):
    (item,) = fresh_items(cast.project, 1)
    page = opened(browser_page(cast.olivia), cast)
    tile = page.locator("#tile-completeness")
    expect(tile).to_contain_text("0 of 3 labels")
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    started = time.monotonic()
    add_label(item, make_annotator(cast.project), "keep")
    expect(tile).to_contain_text("1 of 3 labels", timeout=2000)
    assert time.monotonic() - started < 1.0
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"


def test_an_update_leaves_focus_and_opened_tables_alone(cast, browser_page, relay):
    fill_fairness(cast.project)
    page = opened(browser_page(cast.olivia), cast)
    page.locator("#rate-data > summary").click()
    link = page.locator("#rate-data a").first
    link.focus()
    page.locator("#tile-dpd summary").click()
    page.locator("#rate-data a").first.focus()
    for item in fresh_items(cast.project, 2):
        add_label(item, make_annotator(cast.project), "keep")
    expect(page.locator("#tile-completeness")).to_contain_text("of 531 labels")
    expect(page.locator("#rate-data")).to_have_attribute("open", "")
    expect(link).to_be_focused()


def test_it_connects_again_by_itself_and_shows_what_it_missed(cast, browser_page, relay):
    (item,) = fresh_items(cast.project, 1)
    page = browser_page(cast.olivia)
    opened(page, cast)
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    # The network goes: the socket closes, as seen by the page.
    page.evaluate(
        "htmx.ext.ws.getRegistry().get(document.querySelector('#fairness-socket').getAttribute('hx-ws:connect')).socket.close()"
    )
    expect(page.locator("[data-live]")).to_contain_text("Reconnecting")
    add_label(item, make_annotator(cast.project), "keep")
    expect(page.locator("[data-live]")).to_contain_text("Live")
    expect(page.locator("#tile-completeness")).to_contain_text("1 of 3 labels")
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"


@pytest.mark.parametrize("late", ["**/ext/hx-ws-4.min.js", "**/js/base.js", "**/js/live.js"])
def test_a_script_that_comes_late_is_waited_for(cast, browser_page, late):
    page = browser_page(cast.olivia)

    def delayed(route: Route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    page.route(late, delayed)
    opened(page, cast)


def test_who_loses_the_role_is_told_and_not_retried(cast, browser_page, relay):
    page = opened(browser_page(cast.audrey), cast)
    Membership.objects.filter(project=cast.project, user=cast.audrey).delete()
    expect(page.locator("[data-live]")).to_contain_text("No longer live", timeout=40_000)


def test_without_scripts_the_page_still_answers(cast, browser_page):
    fill_fairness(cast.project)
    page = browser_page(cast.olivia, java_script_enabled=False)
    page.goto(address(cast))
    expect(page.locator("#fairness-answer")).to_contain_text("Across religion")
    expect(page.locator("[data-live]")).to_be_hidden()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_axe_finds_nothing_serious(cast, browser_page, axe, width, dark):
    empty = browser_page(cast.olivia, bypass_csp=True, width=width, dark=dark)
    for path in (address(cast), f"/projects/{cast.project.pk}/agreement/"):
        empty.goto(path)
        assert axe(empty) == []
    fill_fairness(cast.project)
    fill(cast.project, items=60)
    fold_all()
    page = browser_page(cast.olivia, bypass_csp=True, width=width, dark=dark)
    for path in (address(cast), f"{address(cast)}report/", f"/projects/{cast.project.pk}/agreement/"):
        page.goto(path)
        for details in page.locator("main details:not([data-menu])").all():
            details.evaluate("element => { element.open = true }")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.skipif(not SHOTS, reason="EVENHAND_SCREENSHOTS names no folder")
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_screenshots(cast, browser_page: Callable[..., Page], width, dark):
    page = browser_page(cast.olivia, width=width, dark=dark)
    mode = "dark" if dark else "light"

    def shot(name: str, path: str) -> None:
        page.goto(path)
        page.wait_for_timeout(400)
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{mode}.png", full_page=True)

    for item in fresh_items(cast.project, 40)[:17]:
        add_label(item, make_annotator(cast.project), "keep")
    fold_all()
    shot("fairness-early", address(cast))
    fill_fairness(cast.project)
    fill(cast.project, items=60)
    fold_all()
    shot("fairness", address(cast))
    shot("fairness-report", f"{address(cast)}report/")
    shot("agreement", f"/projects/{cast.project.pk}/agreement/")


def test_every_chart_is_saved_as_a_picture(cast, browser_page):
    fill_fairness(cast.project)
    page = opened(browser_page(cast.olivia), cast)
    for drawing in ("rate-plot", "gap-plot", "time-plot", "heat-plot", "complete-plot"):
        with page.expect_download() as waited:
            page.locator(f'[data-save-png="#{drawing}"]').click()
        saved = Path(waited.value.path()).read_bytes()
        assert saved.startswith(b"\x89PNG"), drawing
        assert waited.value.suggested_filename.endswith(".png")
        width, height = (int.from_bytes(saved[start : start + 4], "big") for start in (16, 20))
        assert width > 250
        assert height > 150
        # More than one colour: something is drawn.
        assert len(set(saved)) > 100


def test_tables_and_the_report_follow_the_filter(cast, browser_page):
    fill_fairness(cast.project)
    page = opened(browser_page(cast.audrey), cast)
    page.get_by_label("Labels of").select_option("people")
    page.wait_for_url("**by=people**")
    with page.expect_download() as waited:
        page.locator("#rate-chart").get_by_role("link", name="CSV").click()
    lines = Path(waited.value.path()).read_text().splitlines()
    assert {line.split(",")[1] for line in lines[1:]} == {"people"}
    page.get_by_role("link", name="Report to print").click()
    page.wait_for_url("**/report/?**by=people**")
    page.emulate_media(media="print")
    expect(page.locator(".site-header")).to_be_hidden()
    expect(page.locator("#rate-data table")).to_be_visible()


def test_what_no_socket_brings_is_read_anew_after_a_change(cast, browser_page, relay):
    fill_fairness(cast.project)
    page = browser_page(cast.olivia)
    # A minute passes in half a second.
    page.add_init_script(
        "const wait = window.setTimeout; window.setTimeout = (f, ms, ...more) => wait(f, Math.min(ms, 500), ...more)"
    )
    opened(page, cast)
    expect(page.locator("#heat-plot")).to_contain_text("sikh")
    assert page.locator("#heat-plot .heat-value", has_text="–").count() == 2
    label_group(cast.project, "sikh", 30, 40, beside=("north",))
    expect(page.locator("#fairness-tiles")).to_contain_text("of 645 labels")
    expect(page.locator("#heat-plot .heat-value", has_text="–")).to_have_count(1, timeout=15_000)


def test_a_finding_arrives_is_announced_once_and_goes_when_decided_in_another_tab(cast, browser_page, relay):
    owner = cast.olivia
    page, other = opened(browser_page(owner), cast), browser_page(owner)
    page.evaluate("document.body.dataset.sameDocument = 'yes'")
    other.goto(f"/projects/{cast.project.pk}/")
    open_one(cast)
    heading = "A limit is certainly passed"
    for one in (page, other):
        expect(one.get_by_role("heading", name=heading)).to_be_visible()
        expect(one.locator("[data-live-notice]")).to_contain_text("A finding waits for a decision.")
    page.get_by_role("link", name="Decide").focus()
    assert page.get_by_role("link", name="What can be done").get_attribute("href").endswith("#remedies-title")
    other.get_by_role("link", name="Decide").press("Enter")
    other.wait_for_url("**/findings/**")
    other.get_by_label("Collect more people’s labels in that group").check()
    other.get_by_role("button", name="Decide").press("Enter")
    expect(other.get_by_text("Decided.")).to_be_visible()
    expect(page.get_by_role("heading", name=heading)).to_have_count(0)
    expect(page.locator("[data-live-notice]")).to_have_text("No finding waits for a decision.")
    assert page.evaluate("document.body.dataset.sameDocument") == "yes"


def test_filters_are_links_by_keyboard_and_back_leads_to_the_filter_that_was_there(cast, browser_page, relay):
    fill_fairness(cast.project)
    page = opened(browser_page(cast.olivia), cast)
    page.get_by_label("Labels of").focus()
    page.get_by_label("Labels of").select_option("people")
    page.wait_for_url("**by=people**")
    page.get_by_label("How often the label is").select_option("remove")
    page.wait_for_url("**label=remove**")
    expect(page.locator("#fairness-answer")).to_contain_text("“Remove”")
    page.locator("#rate-data > summary").press("Enter")
    page.locator("#rate-data a").first.press("Enter")
    page.wait_for_url("**/items/?group=religion%3Achristian&given=remove&by=people")
    page.go_back()
    expect(page.get_by_label("Labels of")).to_have_value("people")
    expect(page.locator("#fairness-answer")).to_contain_text("“Remove”")
    page.go_back()
    expect(page.get_by_label("How often the label is")).to_have_value("keep")
    expect(page.get_by_label("Labels of")).to_have_value("people")
    expect(page.locator("[data-live]")).to_contain_text("Live")
    page.locator("#since-when details.chart-data > summary").first.press("Enter")
    page.locator("#since-when td, #since-when th").locator("a").first.press("Enter")
    page.wait_for_url("**since=**until=**")
    expect(page.get_by_text("Only labels given in this time.")).to_be_visible()


def test_a_lost_network_is_said_wherever_one_has_scrolled_to(cast, browser_page, relay):
    fill_fairness(cast.project)
    page, heard = browser_page(cast.olivia), []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
    opened(page, cast)
    before = -1
    while before != len(heard):  # a message that still comes would say that the page is live
        before = len(heard)
        page.wait_for_timeout(1000)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    stale = page.locator("[data-live]")
    expect(stale).not_to_be_in_viewport()
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(stale).to_contain_text("the numbers stand still")
    expect(stale).to_be_in_viewport()
    (item,) = fresh_items(cast.project, 1)
    add_label(item, make_annotator(cast.project), "keep")
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(stale).to_contain_text("Live")
    expect(page.locator("#tile-completeness")).to_contain_text("of 528 labels")
