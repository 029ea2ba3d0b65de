"""Every address × role × verb answers as its table says; an address without a line in a table fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from rest_framework.test import APIClient

from tests.permissions import (
    table_accounts,
    table_audits,
    table_labelling,
    table_live,
    table_projects,
    table_quality,
    table_runs,
    table_validation,
    table_work,
    table_working,
)
from tests.permissions.entry import ROLES, VERBS, Entry, World, make_world

TABLES = (
    table_accounts,
    table_projects,
    table_labelling,
    table_work,
    table_runs,
    table_live,
    table_working,
    table_quality,
    table_validation,
    table_audits,
)
TABLE: dict[str, Entry] = {name: entry for module in TABLES for name, entry in module.TABLE.items()}
MAY_NOT = {302, 401, 403, 405}  # what somebody signed out may hear of a verb that an address does not know


def names() -> Iterator[str | None]:
    """The name of every address, also of those without one."""
    waiting: list[Any] = list(get_resolver().url_patterns)
    while waiting:
        pattern = waiting.pop()
        if isinstance(pattern, URLPattern):
            yield pattern.name
        else:
            waiting += pattern.url_patterns


def test_every_address_has_a_name_of_its_own_and_a_line_in_one_table():
    counts = Counter(names())
    assert None not in counts
    assert [name for name, number in counts.items() if number > 1] == []
    assert sorted(set(counts) - set(TABLE)) == [], "these addresses are in no table"
    assert sorted(set(TABLE) - set(counts)) == [], "these lines are about no address"
    assert len(TABLE) == sum(len(module.TABLE) for module in TABLES), "an address is in two tables"


@pytest.fixture
def world(cast, settings) -> World:
    settings.LLM_BASE_URLS = []
    return make_world(cast)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_address_answers_each_role_as_its_table_says(name: str, world: World, client_of):
    entry, wrong = TABLE[name], []
    given = entry.arguments(world)
    address = reverse(name, kwargs=given) if isinstance(given, dict) else reverse(name, args=given)
    for role in ROLES:
        client = client_of(world.person(role), name)
        for verb in VERBS:
            expected = entry.expected(verb)
            if expected is None and entry.foreign:
                continue
            status = answer(client, verb, address, entry.send.get(verb))
            wanted = expected[role] if expected else 405
            if status != wanted and not (expected is None and role == "nobody" and status in MAY_NOT):
                wrong.append(f"{verb} {address} as {role}: {status} instead of {wanted}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.fixture
def client_of():
    """``client_of(user, name)``: a browser, or for the API a REST client, signed in as ``user``."""

    def made(user: Any, name: str) -> Client:
        client: Client = APIClient() if name.startswith("api_") else Client()
        client.raise_request_exception = False
        if user is not None:
            client.force_login(user)
        return client

    return made


def answer(client: Client, verb: str, address: str, body: dict[str, Any] | None) -> int:
    """The status, with everything that the request changed taken back."""
    with transaction.atomic():
        response = getattr(client, verb.lower())(address, body or {})
        if response.streaming:
            b"".join(response.streaming_content)  # what streams reads within the transaction, and ends here
        transaction.set_rollback(True)
    return int(response.status_code)
