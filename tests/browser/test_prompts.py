"""An owner writes a prompt, tries it and starts a run with it, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, expect

from annotations.models import Run
from llm_workers.models import Trial
from llm_workers.services.models import models_refresh
from llm_workers.services.trials import trial_run
from tests.browser.walk import Walk
from tests.factories import Cast, add_label, make_annotator, make_cast, make_items
from tests.llm_server import ScriptedServer

pytestmark = pytest.mark.browser


@pytest.fixture
def cast(live: str) -> Cast:
    cast = make_cast()
    make_items(cast.project, 6, gold="keep")
    make_items(cast.project, 6, gold="remove")
    for item in make_items(cast.project, 8):
        for _ in range(2):
            add_label(item, make_annotator(cast.project), "keep")
    return cast


@pytest.fixture
def llm(cast: Cast) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        before, settings.LLM_BASE_URLS = settings.LLM_BASE_URLS, [server.url]
        models_refresh()
        yield server
        settings.LLM_BASE_URLS = before


def work_on(trial: Trial) -> None:
    """What a worker would do, in a thread and with a connection of its own."""

    def working() -> None:
        trial_run(trial_id=trial.pk)
        connection.close()

    worker = threading.Thread(target=working)
    worker.start()
    worker.join()


def test_an_owner_writes_a_prompt_tries_it_and_starts_a_run(
    cast: Cast, llm: ScriptedServer, browser_page: Callable[..., Page], axe
):
    page = browser_page(cast.olivia, bypass_csp=True)
    way = Walk(page, axe)
    page.goto(f"/projects/{cast.project.pk}/runs/")
    page.get_by_role("link", name="Prompts", exact=True).click()
    way.look("no prompt yet")
    page.get_by_role("link", name="New prompt").click()
    page.get_by_label("Name").fill("Careful")
    page.get_by_label("Reasoning").select_option("after")
    page.get_by_label("Examples with their right label").select_option("balanced")
    page.get_by_label("Samples in each order").fill("2")
    way.press("Save")
    expect(page.locator("#prompt")).to_contain_text("Right answer: ")
    way.look("a prompt")
    way.press("Try on ten items")
    expect(page.get_by_text("0 of 10")).to_be_visible()
    way.look("a trial that goes on")
    work_on(Trial.objects.get())
    expect(page.get_by_text("Tokens of a whole run")).to_be_visible()
    expect(page.get_by_text("The rules say so.").first).to_be_visible()
    page.get_by_text("The prompt as sent").first.click()
    expect(page.get_by_text("=== system ===").first).to_be_visible()
    way.look("a trial")
    page.get_by_role("link", name="Open the prompt").click()
    page.get_by_role("link", name="Start a run with it").click()
    expect(page.get_by_role("combobox", name="Prompt", exact=True)).to_have_value(str(Trial.objects.get().prompt_id))
    way.press("Start")
    expect(page.get_by_text("Careful")).to_be_visible()
    assert Run.objects.get().annotator.model_annotator.prompt.number == 1
    assert way.faults == {}
