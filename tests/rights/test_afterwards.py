"""Once a worker, an expert and a co-owner have gone: everything still opens, and none of it says who they were."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Membership
from accounts.rights.services import person_erase
from annotations.models import Review, Settlement
from tests.permissions.entry import ROLES, World, make_world
from tests.permissions.test_matrix import TABLE
from tests.rights.conftest import EMAIL, NAME, WORDS, Life

# Addresses of the world are made by these of its people; what only a worker has of their own is gone with them.
OWN = {"history", "history_label", "api_history", "api_history_label"}


@pytest.fixture
def world(life: Life, settings) -> World:
    """Paula (co-owner, settled and labelled), Edgar (expert) and Wanda (worker, holds an item) are gone."""
    settings.LLM_BASE_URLS = []
    made = make_world(life.cast)
    Membership.objects.filter(user=life.cast.edgar).update(role="expert")
    for user in (life.paula, life.cast.edgar, life.cast.wanda):
        user.refresh_from_db()
        person_erase(user=user)
    made.assignment.refresh_from_db()
    made.assignment.annotator.refresh_from_db()
    return made


def opened(client: Client, name: str, given: Any, query: dict[str, str]) -> tuple[int, str]:
    address = reverse(name, kwargs=given) if isinstance(given, dict) else reverse(name, args=given)
    answer = client.get(address, query)
    if answer.streaming:
        return answer.status_code, b"".join(answer.streaming_content).decode("latin-1")
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("role", ["owner", "auditor"])
def test_every_page_and_every_list_still_opens_without_a_trace(world: World, life: Life, role: str):
    gone = (NAME, EMAIL, WORDS, "edgar@example.org", "wanda@example.org", "@erased.invalid")
    wrong, seen = [], 0
    for name, entry in sorted(TABLE.items()):
        expected = entry.expected("GET")
        if expected is None or name in OWN or entry.foreign:
            continue
        client = APIClient() if name.startswith("api_") else Client()
        client.raise_request_exception = False
        client.force_login(world.person(role))
        status, text = opened(client, name, entry.arguments(world), entry.send.get("GET", {}))
        seen += 1
        if status != expected[role]:
            wrong.append(f"{name} as {role}: {status} instead of {expected[role]}")
        wrong += [f"{name} as {role} says {word!r}" for word in gone if word in text]
    assert wrong == []
    assert seen > 60
    assert role in ROLES


def test_the_people_page_pays_and_checks_a_pseudonym(world: World, life: Life, page_client):
    client = page_client(life.cast.olivia)
    project = [life.cast.project.pk]
    for name, where in (("pay", project), ("people_checks", project), ("people_check", [*project, life.annotator.pk])):
        assert life.annotator.pseudonym in client.get(reverse(name, args=where)).content.decode()
    line = next(
        line
        for line in b"".join(client.get(reverse("pay_export", args=project)).streaming_content).decode().splitlines()
        if line.startswith(life.annotator.pseudonym)
    )
    assert line.split(",")[1:5] == ["", "", "False", "EUR"]
    assert line.endswith("0.10,1.50,1.60")
    members = client.get(reverse("people", args=project)).content.decode()
    assert "Erased" not in members
    assert members.count("role-form") == 3  # Olivia, Walt, Audrey


def test_an_owner_may_still_decide_about_a_pseudonym(world: World, life: Life, page_client):
    client = page_client(life.cast.olivia)
    address = reverse("people_check", args=[life.cast.project.pk, life.annotator.pk])
    assert client.post(address, {"do": "pause", "reason": "Looks odd."}).status_code == 302
    review = Review.objects.filter(annotator=life.annotator).latest("pk")
    assert review.status == "open"


def test_a_flag_without_its_words_says_why(world: World, life: Life, page_client):
    flagged = life.annotator.flags.first()
    page = page_client(life.cast.olivia).get(reverse("item_detail", args=[flagged.item_id])).content.decode()
    assert "words deleted with the account" in page


def test_the_settlement_is_still_read_by_all(world: World, life: Life, api, page_client):
    case = Settlement.objects.get(settled_by=life.paula).case_id
    told = api(life.cast.olivia).get(f"/api/v1/cases/{case}/").json()
    assert told["settlement"]["reason"] == "Rule 3 says so."
    assert "Rule 3 says so." in page_client(life.cast.olivia).get(reverse("case_detail", args=[case])).content.decode()
