"""Where other processes of a test find what the test uses."""

from __future__ import annotations

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """The address of the database that pytest-django made, for another process."""
    parts = connection.settings_dict
    secret = f":{quote(parts['PASSWORD'], safe='')}" if parts.get("PASSWORD") else ""
    who = f"{quote(parts['USER'], safe='')}{secret}@" if parts.get("USER") else ""
    host, port = parts.get("HOST") or "localhost", parts.get("PORT")
    if host.startswith("/"):
        return f"postgresql://{who}/{parts['NAME']}?host={quote(host, safe='')}"
    return f"postgresql://{who}{host}{f':{port}' if port else ''}/{parts['NAME']}"
