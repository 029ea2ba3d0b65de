"""A worker's home, history and care, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from annotations.labelling.services import claim, submit
from annotations.models import Annotation, Annotator, AssistanceRules, WorkerPreferences
from tests.browser.test_labelling import ready
from tests.factories import Cast, add_label, make_annotator, make_cast, make_items

pytestmark = pytest.mark.browser


@pytest.fixture
def cast(live: str) -> Cast:
    return make_cast(wage_per_hour=12, expected_seconds=30, is_open=True, content_warning="Some messages are hostile.")


def tab_to(page: Page, role: str, name: str, most: int = 60) -> None:
    """Press Tab until the control has the keyboard: what cannot be reached so fails."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    expect(wanted).to_be_visible()
    for _ in range(most):
        if wanted.evaluate("control => control === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The {role} {name!r} cannot be reached by Tab.")


def label_two(cast: Cast) -> None:
    annotator = Annotator.objects.get_or_create(project=cast.project, user=cast.wanda, defaults={"kind": "human"})[0]
    for value in ("keep", "remove"):
        lease = claim(annotator=annotator, project=cast.project)
        assert lease is not None
        submit(annotator=annotator, assignment_id=lease.pk, value=value)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_an_answer_is_changed_in_the_history(cast, browser_page: Callable[..., Page], axe, width, dark):
    make_items(cast.project, 4)
    label_two(cast)
    page = browser_page(cast.wanda, width=width, dark=dark, bypass_csp=True)
    page.goto(f"/projects/{cast.project.pk}/history/")
    assert axe(page) == []
    tab_to(page, "link", "Change Remove")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your label", exact=True)).to_be_visible()
    assert axe(page) == []
    tab_to(page, "radio", "Remove")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Review")).to_be_checked()
    tab_to(page, "button", "Change my label")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your label was changed.")).to_be_visible()
    current = Annotation.objects.filter(status="current").order_by("pk")
    assert list(current.values_list("value", flat=True)) == ["keep", "review"]
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert over <= 1


def test_a_label_is_taken_back_and_given_again(cast, browser_page):
    make_items(cast.project, 2)
    label_two(cast)
    page = browser_page(cast.wanda)
    page.goto(f"/projects/{cast.project.pk}/history/")
    tab_to(page, "link", "Change Keep")
    page.keyboard.press("Enter")
    tab_to(page, "button", "Take it back and label again")
    page.keyboard.press("Enter")
    tab_to(page, "button", "I understand, go on")
    page.keyboard.press("Enter")
    ready(page)
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    expect(page.get_by_text("Nothing left for you")).to_be_visible()
    assert set(Annotation.objects.filter(status="current").values_list("value", flat=True)) == {"remove", "review"}


def test_an_open_project_is_joined_from_home_and_care_is_chosen(cast, browser_page, axe):
    make_items(cast.project, 2)
    page = browser_page(cast.stan, width=390, dark=True, bypass_csp=True)
    page.goto("/")
    assert axe(page) == []
    tab_to(page, "button", "Join Moderation")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Welcome to “Moderation”.")).to_be_visible()
    assert Membership.objects.get(user=cast.stan).role == "worker"
    page.goto("/account/work/")
    assert axe(page) == []
    tab_to(page, "spinbutton", "Propose a break")
    page.keyboard.type("25")
    tab_to(page, "button", "Save my preferences")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your preferences were saved.")).to_be_visible()
    assert WorkerPreferences.objects.get(user=cast.stan).break_minutes == 25


def test_a_suggestion_comes_and_goes_with_its_item_and_chooses_nothing(cast, browser_page, axe):
    cast.project.content_warning = ""
    cast.project.save()
    model = make_annotator(cast.project, kind="model", name="small-2")
    first, _second = make_items(cast.project, 2)
    add_label(first, model, "remove")
    AssistanceRules.objects.create(project=cast.project, is_on=True, model=model, holdout_share=0.05, seed=_seed(cast))
    page = browser_page(cast.wanda, bypass_csp=True)
    page.goto(f"/projects/{cast.project.pk}/label/")
    ready(page)
    shown = {}
    for _ in range(2):
        text = page.locator("[data-item]").inner_text()
        suggestion = page.locator("[data-suggestion]")
        shown[text] = suggestion.inner_text() if suggestion.is_visible() else ""
        assert page.locator("input:checked").count() == 0
        assert axe(page) == []
        page.keyboard.press("1")
        page.wait_for_timeout(600)
    said = "Suggested by model small-2: Remove. It may be wrong: decide for yourself."
    assert sorted(shown.values()) == ["", said]


def _seed(cast: Cast) -> int:
    """A seed with which Wanda is shown the label of every item here."""
    from annotations.assistance.coin import held_out

    annotator = Annotator.objects.get_or_create(project=cast.project, user=cast.wanda, defaults={"kind": "human"})[0]
    items = list(cast.project.items.values_list("pk", flat=True))
    return next(seed for seed in range(999) if not any(held_out(seed, annotator.pk, item, 0.05) for item in items))
