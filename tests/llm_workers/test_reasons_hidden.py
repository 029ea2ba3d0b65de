"""A model's reason is for experts; no worker finds it anywhere before their own label."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from annotations.models import Annotation, Case
from tests.factories import add_label, make_annotator
from tests.permissions.entry import ROLES, World, make_world
from tests.permissions.test_matrix import TABLE

SECRET = "Zanzibar is why"
WORKER = ROLES.index("worker")
OPEN_TO_WORKERS = {
    name: entry for name, entry in sorted(TABLE.items()) if entry.GET and entry.GET.split()[WORKER] == "200"
}


@pytest.fixture
def world(cast, settings) -> World:
    """The worker holds an item that a model has labelled with a reason."""
    settings.LLM_BASE_URLS = []
    made = make_world(cast)
    for item in cast.project.items.all():
        add_label(item, make_annotator(cast.project, kind="model"), "remove", reason=SECRET, confidence=0.9)
    return made


@pytest.mark.parametrize("name", OPEN_TO_WORKERS)
def test_no_address_that_a_worker_may_read_has_the_reason(world: World, name: str, page_client):
    given: Any = OPEN_TO_WORKERS[name].arguments(world)
    address = reverse(name, kwargs=given) if isinstance(given, dict) else reverse(name, args=given)
    answer = page_client(world.cast.wanda).get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert SECRET.encode() not in content


def test_claiming_an_item_does_not_tell_the_reason(world: World, api):
    answer = api(world.cast.wanda).post(f"/api/v1/projects/{world.cast.project.pk}/next/")
    assert answer.status_code == 200
    assert SECRET not in answer.content.decode()


def test_an_expert_reads_the_reason_on_the_case(world: World, page_client, api):
    case = Case.objects.get(item=world.item)
    assert Annotation.objects.filter(item=world.item, reason=SECRET).exists()
    page = page_client(world.cast.edgar).get(reverse("case_detail", args=[case.pk])).content.decode()
    assert SECRET in page
