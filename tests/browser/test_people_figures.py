"""Groups of people beside everyone else, on the fairness page."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotations.demographics.releasing import demographics_release
from annotations.models import Annotator
from fairness.services.raters import raters_compute
from tests.browser.walk import Walk
from tests.demographics.people import ask, make_workers, tell
from tests.factories import add_label, make_cast
from tests.fairness.test_fold import fresh_items

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_tables_are_sound(live: str, browser_page: Callable[..., Page], axe, width: int, dark: bool):
    cast, chance = make_cast(), random.Random(5)
    ask(cast.project, "gender")
    users = make_workers(cast.project, 14)
    tell(users[:7], cast.project, "gender", "woman")
    people = [Annotator.objects.get(project=cast.project, user=user) for user in users]
    for item in fresh_items(cast.project, 40):
        for number, person in enumerate(people):
            if chance.random() < 0.8:
                add_label(item, person, "keep" if chance.random() < (0.8 if number < 7 else 0.4) else "remove")
    demographics_release(project_id=cast.project.pk)
    raters_compute(project_id=cast.project.pk)
    page = browser_page(cast.audrey, bypass_csp=True, width=width, dark=dark)
    way = Walk(page, axe)
    way.go(f"/projects/{cast.project.pk}/fairness/?label=keep")
    assert way.faults == {}
    table = page.get_by_role("region", name="Each group beside everyone else")
    expect(table).to_contain_text("Woman")
    expect(table).to_contain_text("α")
