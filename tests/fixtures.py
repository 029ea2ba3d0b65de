"""Shared fixtures: the cast, a project with labels, API clients."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.factories import Cast, make_cast


@pytest.fixture(autouse=True)
def fast_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def clean_cache():
    from django.core.cache import cache

    yield
    cache.clear()


@pytest.fixture
def cast(db) -> Cast:
    """Olivia (owner), Edgar (expert), Wanda and Walt (workers), Audrey (auditor) of a project; Stan, a stranger."""
    return make_cast()


@pytest.fixture
def api():
    """``api(user)`` is a REST client signed in as ``user``; ``api()`` is nobody."""

    def client(user=None) -> APIClient:
        made = APIClient()
        if user is not None:
            made.force_login(user)
        return made

    return client


@pytest.fixture
def page_client(client):
    """``page_client(user)`` is a browser-like client signed in as ``user``; ``page_client()`` is nobody."""
    from django.test import Client

    def made(user=None) -> Client:
        fresh = Client()
        if user is not None:
            fresh.force_login(user)
        return fresh

    return made
