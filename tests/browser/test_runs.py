"""An owner starts a run and watches it, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, expect

from annotations.models import Run
from llm_workers.models import RunLane
from llm_workers.services.labelling import label_for_a_while
from llm_workers.services.models import models_refresh
from tests.factories import Cast, add_label, make_annotator, make_cast, make_items
from tests.llm_server import ScriptedServer

pytestmark = pytest.mark.browser


@pytest.fixture
def cast(live: str) -> Cast:
    cast = make_cast()
    items = make_items(cast.project, 60)
    for item in items[:20]:
        for _ in range(2):
            add_label(item, make_annotator(cast.project), "keep")
    return cast


@pytest.fixture
def llm(cast: Cast) -> Iterator[ScriptedServer]:
    with ScriptedServer(latency=0.1) as server:
        before, settings.LLM_BASE_URLS = settings.LLM_BASE_URLS, [server.url]
        models_refresh()
        yield server
        settings.LLM_BASE_URLS = before


def work_on(run: Run) -> None:
    """What a worker would do until the run stops, in a thread and with a connection of its own."""

    def working() -> None:
        for lane in RunLane.objects.filter(run=run):
            generation: int | None = lane.generation
            while generation is not None:
                follow = label_for_a_while(run_id=run.pk, lane=lane.number, generation=generation)
                generation = follow.generation if follow else None
        connection.close()

    worker = threading.Thread(target=working)
    worker.start()
    worker.join()


def test_an_owner_starts_a_run_watches_it_pauses_and_resumes(cast, llm, browser_page: Callable[..., Page]):
    page = browser_page(cast.olivia)
    page.goto(f"/projects/{cast.project.pk}/runs/")
    expect(page.locator("#prompt")).not_to_contain_text('"reason"')
    page.get_by_label("Ask for a short reason").check()
    expect(page.locator("#prompt")).to_contain_text('"reason"')
    page.get_by_label("Ask for a short reason").uncheck()
    page.get_by_label("Items per step").fill("25")
    page.get_by_role("button", name="Start", exact=True).click()
    live_part = page.locator("#run-live")
    expect(live_part).to_contain_text("0 of 60")
    run = Run.objects.get()
    llm.faults.extend(["401"] * 80)  # the run pauses by itself …
    work_on(run)
    expect(live_part).to_contain_text("refuses access (401")  # … and the open page says so without a reload
    llm.faults.clear()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    work_on(run)
    expect(live_part).to_contain_text("Reckoned from 20 items for the 40 that are left.")
    page.get_by_role("button", name="Label the rest").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    work_on(run)
    expect(live_part).to_contain_text("60 of 60")
    expect(live_part.get_by_role("button", name="Pause")).to_have_count(0)
    expect(live_part.locator("svg .bar")).to_have_count(1)
    expect(live_part).to_contain_text("of 20")  # labels compared with what people agreed on


def test_cancelling_asks_first(cast, llm, browser_page: Callable[..., Page]):
    page = browser_page(cast.olivia)
    page.goto(f"/projects/{cast.project.pk}/runs/")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#run-live")).to_contain_text("Cancelled")
    assert Run.objects.get().status == "cancelled"


@pytest.mark.parametrize("look", [{}, {"dark": True}, {"width": 390, "height": 844}])
def test_pages_of_models_and_runs_are_accessible(cast, llm, browser_page, axe, look):
    items = list(cast.project.items.all())
    llm.fault_for = lambda text: "outside" if text == items[5].payload["text"] else None
    page = browser_page(cast.olivia, bypass_csp=True, **look)
    page.goto(f"/projects/{cast.project.pk}/runs/")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#run-live")).to_be_visible()
    work_on(Run.objects.get())
    run = Run.objects.get()
    for address in (
        "/models/",
        f"/projects/{cast.project.pk}/runs/",
        f"/runs/{run.pk}/",
        f"/runs/{run.pk}/unanswered/",
    ):
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach((part) => (part.open = true))")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
