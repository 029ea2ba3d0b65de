"""The Trust page and a model's page with everything on them: by keyboard and mouse, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from llm_workers.models import StandInRules
from llm_workers.trust.computing import trust_compute
from tests.browser.walk import Walk
from tests.factories import Cast, make_annotator, make_cast
from tests.trust.people import make_labelled

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def looked(live: str) -> Cast:
    """A project with a model that was looked at and one that has said nothing yet."""
    cast = make_cast()
    make_labelled(cast.project, items=600, skill=0.7)
    make_annotator(cast.project, kind="model", name="a-model-with-quite-a-long-name-instruct.Q4_K_M@prompt-3")
    trust_compute(project_id=cast.project.pk)
    return cast


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_owners_find_the_answer_and_what_is_behind_it(
    looked: Cast, browser_page: Callable[..., Page], axe, width: int, dark: bool
):
    way = Walk(browser_page(looked.olivia, bypass_csp=True, width=width, dark=dark), axe)
    page = way.page
    way.go(reverse("trust", args=[looked.project.pk]))
    expect(page.get_by_text("By this test smollm2 should not stand in for people here")).to_be_visible()
    page.get_by_role("link", name="Calibration and test of smollm2 in full").press("Enter")
    expect(page.get_by_role("img", name="Share of right labels by confidence")).to_be_visible()
    page.get_by_text("As a table", exact=True).click()
    page.get_by_text("Person by person", exact=True).click()
    expect(page.get_by_role("region", name="Right labels by confidence")).to_be_visible()
    way.look("opened")
    page.get_by_role("link", name="All models").click()
    page.get_by_label("who labels here").select_option("expert")
    way.press("Save")
    expect(page.get_by_text("The test is done anew")).to_be_visible()
    assert StandInRules.objects.get(project=looked.project).judges == "expert"
    assert way.faults == {}
