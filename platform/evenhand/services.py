"""Where database, broker and language models are: from the environment, else from a running `evenhand up`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evenhand.env import Environment, env
from evenhand.local.state import running_services

UNREACHABLE_REDIS = "redis://127.0.0.1:6379/0"


def _environment(home: Path) -> Environment:
    """The environment, with the addresses of this home's running embedded services as defaults."""
    return Environment({**running_services(home), **{k: v for k, v in env.overridden().items() if v.strip()}})


def database_settings(home: Path) -> dict[str, Any]:
    """Django's ``DATABASES["default"]``: PostgreSQL, with kept connections that are checked before use."""
    url = _environment(home).database()
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "evenhand",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        # For prepared statements alone (ledger/statements.py): plan each once, not anew for each array's length.
        "OPTIONS": {"options": "-c plan_cache_mode=force_generic_plan"},
    }
    if url:
        settings |= {"NAME": url.name, "USER": url.user, "PASSWORD": url.password, "HOST": url.host, "PORT": url.port}
    return settings


def broker_url(home: Path) -> str:
    """The Redis or Valkey address that queue, channel layer and cache share."""
    return _environment(home).redis() or UNREACHABLE_REDIS


def llm_base_urls(home: Path) -> list[str]:
    """Base addresses of the OpenAI-compatible servers; empty where there is none."""
    return _environment(home).web_urls("LLM_BASE_URL")
