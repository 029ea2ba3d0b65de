"""Every verb of the API needs one scope of a token, and that one is enough to be let in."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Scope
from accounts.services.tokens import token_create
from tests.permissions.entry import VERBS, World, make_world
from tests.permissions.test_matrix import TABLE

PUBLIC = {"api_reference", "api_schema"}
READ_WITH = {
    "api_members": "manage", "api_invitations": "manage", "api_pay": "manage",
    "api_exports": "export", "api_work": "label", "api_history": "label", "api_history_label": "label",
    "api_work_preferences": "label", "api_standing": "label", "api_training": "label", "api_quiz": "label",
    "api_suspicions": "manage", "api_suspicion": "manage",
    "api_account_demographics": "manage",
    "api_exclusions": "manage", "api_quality_aside": "manage", "api_people_checks": "manage", "api_reviews": "manage",
    "api_webhooks": "manage", "api_webhook": "manage", "api_webhook_deliveries": "manage",
    "api_servers": "manage", "api_server": "manage",
    "api_account_data_download": "manage", "api_account_erase": "manage",
}  # fmt: skip
WRITE_WITH = {
    "label": [
        "next",
        "submit",
        "undo",
        "skip",
        "flag",
        "renew",
        "release",
        "join",
        "leave",
        "history_label",
        "history_take_back",
        "work_preferences",
        "standing",
        "training",
        "quiz",
    ],
    "settle": ["case_next", "case_claim", "case_release", "case_settle"],
    "import": ["imports", "import_start", "import_cancel"],
    "run": [
        "runs",
        "run_pause",
        "run_resume",
        "run_cancel",
        "run_rules",
        "audits",
        "audit_cancel",
        "audit_resume",
        "prompts",
        "prompt",
        "playground",
        "validator_pause",
        "validator_resume",
    ],
}
SCOPE_OF = {f"api_{name}": scope for scope, names in WRITE_WITH.items() for name in names}
CASES = [
    (name, verb, READ_WITH.get(name, "read") if verb == "GET" else SCOPE_OF.get(name, "manage"))
    for name, entry in sorted(TABLE.items())
    for verb in VERBS
    if name.startswith("api_") and name not in PUBLIC and entry.expected(verb)
]


@pytest.fixture
def world(cast, settings) -> World:
    settings.LLM_BASE_URLS = []
    return make_world(cast)


def code(world: World, name: str, verb: str, scopes: list[str]) -> str:
    """The code of the refusal that the owner's token with these scopes hears; empty where there is none."""
    _token, secret = token_create(user=world.cast.olivia, name="x", scopes=scopes)
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    given = TABLE[name].arguments(world)
    address = reverse(name, kwargs=given) if isinstance(given, dict) else reverse(name, args=given)
    with transaction.atomic():
        response = getattr(client, verb.lower())(address, TABLE[name].send.get(verb, {}))
        transaction.set_rollback(True)
    if response.streaming or response.status_code < 400:
        return ""
    assert response.status_code < 500
    return str(response.json()["error"]["code"])


@pytest.mark.parametrize(("name", "verb", "scope"), CASES)
def test_a_verb_needs_its_scope_and_no_other(world: World, name: str, verb: str, scope: str):
    others = [other for other in Scope.values if other != scope]
    assert code(world, name, verb, others) == "scope_missing"
    assert code(world, name, verb, [scope]) != "scope_missing"
