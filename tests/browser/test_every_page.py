"""Every page that a role's navigation offers: it opens, axe finds nothing serious, an auditor can change nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page

from accounts.models import User
from annotations.models import Case
from ledger.services import record
from tests.factories import Cast, add_label, make_annotator, make_cast, make_items

pytestmark = pytest.mark.browser

ROLES = ("olivia", "edgar", "wanda", "audrey")
EVERYWHERE = ("/", "/models/", "/api/", "/account/", "/account/tokens/")


@pytest.fixture
def cast(live: str) -> Cast:
    """A project with something on every page: labels, an open case, events."""
    cast = make_cast()
    model = make_annotator(cast.project, kind="model", name="a model")
    for item in make_items(cast.project, 3):
        for value in ("keep", "remove"):
            add_label(item, make_annotator(cast.project), value)
        add_label(item, model, "remove", confidence=0.9)
    with transaction.atomic():
        record(kind="thing.happened", actor="system", subject="thing:1", project_id=cast.project.pk, data={"a": 1})
    return cast


def pages_of(page: Page, cast: Cast, user: User) -> list[str]:
    """The addresses that this person is offered: the project's tabs, and an item and a case behind them."""
    page.goto(f"/projects/{cast.project.pk}/")
    tabs = page.eval_on_selector_all("nav.tabs a, .tabs a", "links => links.map(link => link.getAttribute('href'))")
    assert tabs, "The project shows no tabs."
    behind = []
    if user != cast.wanda:
        case = Case.objects.filter(project=cast.project).earliest("pk")
        behind = [f"/items/{case.item_id}/", f"/cases/{case.pk}/"]
    return [*EVERYWHERE, *dict.fromkeys(tabs), *behind]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_and_axe_finds_nothing_serious(
    cast: Cast, browser_page: Callable[..., Page], axe: Callable[[Page], list[str]], role: str, dark: bool
):
    user = getattr(cast, role)
    page = browser_page(user, dark=dark, width=390 if dark else 1280, bypass_csp=True)
    for address in pages_of(page, cast, user):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{address} scrolls sideways"


def test_an_auditor_finds_nothing_to_change(cast: Cast, browser_page: Callable[..., Page]):
    page = browser_page(cast.audrey)
    for address in pages_of(page, cast, cast.audrey):
        if not address.startswith("/account"):  # one's own account is one's own
            page.goto(address)
            forms = page.eval_on_selector_all(
                "main form", "forms => forms.filter(form => form.method === 'post').map(form => form.action)"
            )
            assert forms == [], address
