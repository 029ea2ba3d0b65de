"""An owner audits two models over HTTP, filters the leaderboard, looks at flips, and chooses one; in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, expect

from annotations.models import ModelChoice
from fairness.audits.asking import audit_for_a_while
from fairness.audits.sets import set_from_templates
from fairness.models import Audit, ProbeSet
from llm_workers.models import ModelVersion
from llm_workers.services.models import models_refresh
from tests.audits.made import audit_over, make_audit
from tests.browser.walk import Walk
from tests.factories import Cast, make_cast
from tests.llm_server import ScriptedServer

pytestmark = pytest.mark.browser

WOMEN = ("woman", "women", "female")


@pytest.fixture
def cast(live: str) -> Cast:
    return make_cast()


@pytest.fixture
def probe_set(cast: Cast) -> ProbeSet:
    return set_from_templates(
        project=cast.project, by=cast.olivia, tasks=["screening"], attributes=["gender", "origin"], families=14
    )


@pytest.fixture
def llms(cast: Cast, probe_set: ProbeSet) -> Iterator[None]:
    """One model that knows every answer, and one that turns women down."""
    truths = {probe.payload["text"]: probe.truth for probe in probe_set.probes.all()}
    names = {label["key"]: label["name"] for label in probe_set.tasks["screening"]["config"]["labels"]}

    def knows(text: str, _options: object) -> list[str]:
        return [names[truths[text]]]

    def turns_down(text: str, options: object) -> list[str]:
        return ["Falls short"] if any(word in text.lower() for word in WOMEN) else knows(text, options)

    with (
        ScriptedServer(model="careful-7b", choose=knows) as one,
        ScriptedServer(model="skewed-1b", choose=turns_down) as two,
    ):
        before, settings.LLM_BASE_URLS = settings.LLM_BASE_URLS, [one.url, two.url]
        models_refresh()
        ModelVersion.objects.filter(name="careful-7b").update(
            price_per_million_prompt=2, price_per_million_completion=6
        )
        ModelVersion.objects.filter(name="skewed-1b").update(
            price_per_million_prompt="0.2", price_per_million_completion="0.6"
        )
        yield
        settings.LLM_BASE_URLS = before


def work_on(audit: Audit) -> None:
    """What a worker would do until the audit stops, in a thread and with a connection of its own."""

    def working() -> None:
        generation: int | None = Audit.objects.get(pk=audit.pk).generation
        while generation is not None:
            follow = audit_for_a_while(audit_id=audit.pk, generation=generation)
            generation = follow.generation if follow else None
        connection.close()

    worker = threading.Thread(target=working)
    worker.start()
    worker.join()


def test_an_owner_audits_two_models_and_chooses_the_fairer(cast, llms, probe_set, browser_page: Callable[..., Page]):
    page = browser_page(cast.olivia)
    page.goto(f"/projects/{cast.project.pk}/audits/")
    page.get_by_role("link", name="Start an audit").click()
    page.get_by_label("careful-7b").check()
    page.get_by_label("skewed-1b").check()
    page.get_by_label("Asked about").select_option(f"set:{probe_set.pk}")
    page.get_by_role("button", name="Start", exact=True).click()
    live_part = page.locator("#audit-live")
    expect(live_part).to_contain_text(f"0 of {probe_set.size}")
    work_on(Audit.objects.get())
    expect(live_part).to_contain_text("Leaderboard")  # without a reload
    board = live_part.locator("table").first
    expect(board.locator("tbody tr").first).to_contain_text("careful-7b")
    expect(board.locator("tbody tr").last).to_contain_text("100")
    page.get_by_label("Disparity at most, points").fill("20")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#audit-live")).to_contain_text("1 model is beyond the limits")
    assert "max_disparity=20" in page.url
    page.get_by_role("link", name="Choose careful-7b").click()
    page.get_by_label("Why").fill("It treats all applicants alike.")
    page.get_by_role("button", name="Choose as validator").click()
    expect(page.locator("#audit-live")).to_contain_text("It treats all applicants alike.")
    assert ModelChoice.objects.get(is_current=True, role="validator").name == "careful-7b"
    page.goto(f"/projects/{cast.project.pk}/validator/")
    expect(page.locator("main")).to_contain_text("Recommended: careful-7b")
    page.goto(f"/audits/{Audit.objects.get().pk}/")
    page.get_by_role("link", name="skewed-1b", exact=True).click()
    expect(page.locator("#flips")).to_contain_text("Falls short")
    page.get_by_role("link", name="Differing in gender alone").click()
    expect(page.locator("#flips article")).not_to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_the_pages_are_sound(cast: Cast, browser_page: Callable[..., Page], axe, width: int, dark: bool):
    audit = make_audit(cast)
    again = audit_over(cast, audit.probe_set, (("fair-7b", 0.08, 0.1),))
    way = Walk(browser_page(cast.olivia, bypass_csp=True, width=width, dark=dark), axe)
    project, first = cast.project.pk, audit.candidates.get(name="skewed-1b")
    for address in (
        f"/projects/{project}/audits/",
        f"/projects/{project}/audits/new/",
        f"/projects/{project}/audits/probes/",
        f"/projects/{project}/audits/probes/{audit.probe_set_id}/",
        f"/audits/{audit.pk}/?max_error=5",
        f"/audits/{audit.pk}/models/{first.pk}/",
        f"/audits/{again.pk}/models/{again.candidates.get().pk}/",
        f"/audits/{audit.pk}/card/",
    ):
        way.go(address)
    assert way.faults == {}
