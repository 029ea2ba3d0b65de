"""axe on every page that there is, for every role, on wide and on narrow screens, light and dark.

Which pages there are and who may open them is what the permission tables say; the matrix test holds those tables to all
addresses. A page that is added comes here by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from annotations.demographics.releasing import demographics_release
from annotations.models import Annotation, Case, ImportJob, ImportRowError
from llm_workers.costs.counting import costs_count
from llm_workers.models import Endpoint, ModelVersion, Throughput
from llm_workers.trust.computing import trust_compute
from tests.agreement.test_measures import fill
from tests.audits.made import make_audit
from tests.browser import background
from tests.browser.walk import Walk
from tests.demographics.people import ask, make_workers, tell
from tests.factories import make_cast, make_user
from tests.permissions.entry import ROLES, World, make_world
from tests.permissions.test_matrix import TABLE
from tests.trust.people import make_labelled

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Not pages: an answer for machines, a download, and what scripts put into a page.
PARTS = {
    "audit_card_json",
    "audit_card_markdown",
    "audit_csv",
    "audit_progress",
    "fairness_csv",
    "fairness_disclosure_file",
    "fairness_more",
    "healthz",
    "import_progress",
    "pay_export",
    "run_progress",
    "run_prompt",
    "run_trial_progress",
    "your_data_download",
}
PAGES = {
    name: entry
    for name, entry in sorted(TABLE.items())
    if entry.GET and name not in PARTS and (name == "api_reference" or not name.startswith("api_"))
}
LOOKS = {"nobody": (390, False), "stranger": (390, True), "worker": (390, True), "expert": (1280, True),
         "auditor": (390, False), "owner": (1280, False)}  # fmt: skip


@pytest.fixture
def world(live: str) -> World:
    """A project with enough of everything that no page is empty."""
    cast = make_cast(wage_per_hour=12, summary="Is it within the rules?")
    made = make_world(cast)
    ask(cast.project, "gender", "first_language", "religion")
    tell([*make_workers(cast.project, 12)[:7], cast.wanda], cast.project, "gender", "woman")
    demographics_release(project_id=cast.project.pk)
    for number, item in enumerate(fill(cast.project, items=80)):  # over several days: agreement has its chart
        Annotation.objects.filter(item=item).update(created_at=timezone.now() - timedelta(days=number % 5))
    groups = ({"religion": "christian"}, {"religion": "muslim"})
    _items, model = make_labelled(cast.project, items=120, skill=0.6, name="smollm2 asked another way", groups=groups)
    Annotation.objects.filter(annotator=model).update(annotator=made.run.annotator)
    trust_compute(project_id=cast.project.pk)
    background.relay()
    costs_count(project_id=cast.project.pk)
    make_audit(cast)
    return made


def addresses(world: World, role: str) -> dict[str, str]:
    """Name → address of every page that this role may open."""
    found = {}
    for name, entry in PAGES.items():
        if int(entry.GET.split()[ROLES.index(role)]) == 200:
            given: Any = entry.arguments(world)
            found[name] = reverse(name, kwargs=given) if isinstance(given, dict) else reverse(name, args=given)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_nothing_serious_on_any_page(world: World, role: str, browser_page: Callable[..., Page], axe):
    width, dark = LOOKS[role]
    way = Walk(browser_page(world.person(role), bypass_csp=True, width=width, dark=dark), axe)
    for name, address in addresses(world, role).items():
        way.go(address, name)
    assert way.faults == {}


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_pages_of_operators_are_sound(world: World, browser_page: Callable[..., Page], axe, width, dark):
    now = timezone.now()
    model = ModelVersion.objects.get()
    for number, state in enumerate(
        ({}, {"breaker": "open", "retry_at": now + timedelta(hours=1), "fault": "It burns."})
    ):
        endpoint = Endpoint.objects.create(url=f"http://gpu{number}.example.org:8000/v1", added=True, **state)
        model.endpoints.add(endpoint)
        Throughput.objects.create(
            endpoint=endpoint, model=model, prompt_tokens_per_second=4000, completion_tokens_per_second=60,
            labels_per_second=30.5, seconds=2, seen_at=now,
        )  # fmt: skip
    way = Walk(browser_page(make_user("otto", is_staff=True), bypass_csp=True, width=width, dark=dark), axe)
    for name, given in (("models", []), ("server_new", []), ("server", [endpoint.pk]), ("model", [model.pk])):
        way.go(reverse(name, args=given), name)
    assert way.faults == {}


def test_the_owner_s_pages_are_sound_on_a_phone_in_the_dark(world: World, browser_page: Callable[..., Page], axe):
    ImportRowError.objects.create(
        job=ImportJob.objects.create(
            project=world.cast.project,
            created_by=world.cast.olivia,
            filename="messages.csv",
            format="csv",
            status="done",
            rows_read=1,
            rows_bad=1,
        ),
        row_number=1,
        kind="bad",
        reason="The text is empty.",
        excerpt="x" * 300,
    )
    way = Walk(browser_page(world.cast.olivia, bypass_csp=True, width=390, dark=True), axe)
    for name, address in addresses(world, "owner").items():
        way.go(address, name)
    way.go(reverse("import_detail", args=[ImportJob.objects.get(status="done").pk]), "report")
    for status in Case.objects.values_list("status", flat=True).distinct():
        way.go(f"{reverse('cases', args=[world.cast.project.pk])}?status={status}")
    way.go("/no-such-page/")
    assert way.faults == {}
