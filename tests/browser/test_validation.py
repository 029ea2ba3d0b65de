"""The pages of validation with scores that were learnt and ratings that are compared: sound, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotations.models import Case
from llm_workers.models import ModelVersion
from llm_workers.validating.models import Rating, Validator, ValidatorRules, VerifierRules
from llm_workers.validating.verifying import project_verify
from tests.browser.walk import Walk
from tests.factories import Cast, make_cast
from tests.validating.test_verifying import crowd

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def cast(live: str) -> Cast:
    made = make_cast(min_support=1)
    items, now = crowd(made, items=240, gold=200), timezone.now()
    model = ModelVersion.objects.create(name="careful-7b", first_seen_at=now, last_seen_at=now)
    ValidatorRules.objects.create(project=made.project, enabled=True, model=model)
    validator = Validator.objects.create(
        project=made.project, schema=made.schema, model=model, prompt="Is it right?", prompt_hash="0",
        rated=240, agreed=150, disagreed=90, prompt_tokens=24_000, completion_tokens=2400, seconds=95,
    )  # fmt: skip
    Rating.objects.bulk_create(
        Rating(
            validator=validator, item=item, value=said, value_md5=str(number), status="done", finished_at=now,
            verdict="agree" if said == ["keep", "remove"][number % 2] else "disagree", confidence=0.8,
            reason="The guidelines say so.",
        )
        for number, item in enumerate(items)
        for said in [item.annotations.order_by("id")[0].value]
    )  # fmt: skip
    VerifierRules.objects.create(project=made.project, opens_cases="always", threshold=0.6, share=0.5)
    project_verify(project_id=made.project.pk)
    return made


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_the_pages_are_sound(cast: Cast, browser_page: Callable[..., Page], axe, width: int, dark: bool):
    page = browser_page(cast.olivia, bypass_csp=True, width=width, dark=dark)
    way = Walk(page, axe)
    way.go(f"/projects/{cast.project.pk}/verifier/")
    expect(page.get_by_text("of 100 cases")).to_be_visible()
    way.go(f"/projects/{cast.project.pk}/validator/")
    expect(page.get_by_text("240 labels of items rated")).to_be_visible()
    case = Case.objects.filter(kind="low_score", status="open")[0]
    way.go(f"/cases/{case.pk}/")
    expect(page.get_by_text("A model that checks labels says")).to_be_visible()
    way.go(f"/items/{case.item_id}/")
    assert way.faults == {}
