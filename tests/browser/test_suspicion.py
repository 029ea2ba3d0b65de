"""An owner goes from the people to the evidence of a suspicion and decides, on a wide screen and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Annotator, Suspicion
from annotations.suspicion.checking import project_check
from tests.browser.walk import Walk
from tests.factories import make_cast
from tests.suspicion.conftest import Stored

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def stored(live: str) -> Stored:
    cast = make_cast()
    made = Stored(cast, [Annotator.objects.create(project=cast.project, kind="human") for _ in range(8)])
    made.label()
    project_check(project_id=cast.project.pk)
    return made


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_an_owner_reads_the_evidence_and_pauses_one_of_two(
    stored: Stored, browser_page: Callable[..., Page], axe, width: int, dark: bool
):
    way = Walk(browser_page(stored.cast.olivia, bypass_csp=True, width=width, dark=dark), axe)
    way.go(f"/projects/{stored.cast.project.pk}/people/checks/")
    way.click("link", "Look at the evidence")
    way.look()
    way.click("link", "The same answers against all others")
    way.look()
    evidence = way.page.get_by_role("region", name="The evidence")
    assert evidence.get_by_role("row").count() > 10
    card = way.page.get_by_role("region", name="Pause", exact=True)
    card.get_by_label("Reason").fill("Your answers are the same as somebody else's, also where both err.")
    card.get_by_role("button", name="Pause").click()
    expect(way.page.get_by_text("Name whom of the people")).to_be_visible()
    card = way.page.get_by_role("region", name="Pause", exact=True)
    card.get_by_label(stored.people[7].pseudonym).check()
    card.get_by_role("button", name="Pause").click()
    expect(way.page.get_by_text("Paused. They read your reason")).to_be_visible()
    way.look("after the decision")
    assert way.faults == {}
    assert Suspicion.objects.get(kind="copying").status == "acted"
    assert Annotator.objects.get(pk=stored.people[7].pk).standing == "paused"
    assert Annotator.objects.get(pk=stored.people[5].pk).standing == "active"
