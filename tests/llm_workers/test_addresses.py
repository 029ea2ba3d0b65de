"""Where servers may be, and how their keys are kept."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest

from llm_workers.addresses import address_fault
from llm_workers.client import probe, transport
from llm_workers.services.keys import KeyLost, key_open, key_seal


@pytest.mark.parametrize(
    "url",
    ["http://gpu1:8000/v1", "https://llm.example.org/v1", "http://127.0.0.1:8000/v1", "http://10.0.0.5:8000/v1",
     "http://[fd00::5]:8000/v1"],
)  # fmt: skip
def test_addresses_of_servers_in_private_networks_too_are_taken(url):
    assert address_fault(url) == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "not a web address"),
        ("gpu1:8000/v1", "not a web address"),
        ("ftp://gpu1/v1", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("http:///v1", "not a web address"),
        ("http://gpu1:port/v1", "not a web address"),
        ("http://[::1/v1", "not a web address"),
        ("http://me:secret@gpu1/v1", "leave name and password out"),
        ("http://me@gpu1/v1", "leave name and password out"),
        ("http://gpu1/v1?key=1", "Leave out what follows"),
        ("http://gpu1/v1#x", "Leave out what follows"),
        ("http://gpu1 /v1", "no spaces"),
        ("http://gpu1/v1\nHost: x", "no spaces"),
        ("http://169.254.169.254/latest", "credentials"),
        ("http://[::ffff:169.254.169.254]/v1", "credentials"),
        ("http://metadata.google.internal/v1", "credentials"),
        ("http://0.0.0.0:8000/v1", "credentials"),
        ("http://2852039166/v1", "credentials"),  # the same in other words
        ("http://0xa9fea9fe/v1", "credentials"),
        ("http://169.254.43518/v1", "credentials"),
        ("http://[fd00:ec2::254]/v1", "credentials"),
        ("http://100.100.100.200/v1", "credentials"),
        ("http://" + "a" * 300, "at most 300"),
    ],
)
def test_other_addresses_are_refused_with_the_reason(url, why):
    assert why in address_fault(url)


def test_a_name_that_leads_to_where_credentials_are_is_asked_nothing(monkeypatch):
    """Also where it led elsewhere when it was written down."""
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)
    assert "credentials" in probe("http://gpu1.example.org/v1").problem


def test_a_connection_to_such_an_address_is_closed_before_anything_is_sent(llm, monkeypatch):
    monkeypatch.setattr(transport, "is_refused", lambda number: number == "127.0.0.1")

    async def asked() -> None:
        client = transport.LeanClient(connect=1.0)
        headers = {"Authorization": "Bearer sesame"}
        with pytest.raises(httpx.ConnectError, match="credentials"):
            await client.post(f"{llm.url}/chat/completions", json={}, headers=headers, timeout=1.0)
        await client.aclose()

    asyncio.run(asked())
    assert llm.requests == []


def test_a_key_opens_for_its_own_address_and_secret_alone(settings):
    sealed = key_seal("sesame", url="http://a/v1")
    assert b"sesame" not in sealed
    assert key_open(sealed, url="http://a/v1") == "sesame"
    with pytest.raises(KeyLost):
        key_open(sealed, url="http://b/v1")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another secret " * 5
    assert key_open(sealed, url="http://a/v1") == "sesame"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(KeyLost):
        key_open(sealed, url="http://a/v1")
