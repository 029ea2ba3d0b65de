"""Which addresses a server may have. Only operators name servers, and models live in private networks: those may be."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

LONGEST = 300
METADATA = {"metadata.google.internal", "metadata"}  # where clouds tell a machine its own credentials


def address_fault(url: str) -> str:
    """What is wrong with ``url`` as the address of a server; empty where nothing is."""
    if len(url) > LONGEST or any(sign.isspace() or not sign.isprintable() for sign in url):
        return _("An address has at most %(most)s characters and no spaces.") % {"most": LONGEST}
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is not a web address. Write it like http://gpu1.example.org:8000/v1.")
    if parts.scheme not in {"http", "https"} or not host:
        return _("This is not a web address. Write it like http://gpu1.example.org:8000/v1.")
    if parts.username is not None or parts.password is not None:
        return _("An address is shown to everybody: leave name and password out, and give the key in its own field.")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return _("Leave out what follows “?” or “#”. The address ends in /v1.")
    if _is_metadata(host):
        return _("That is where a cloud tells its machines their credentials, not a language model server.")
    return ""


def _is_metadata(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower().rstrip(".") in METADATA
    mapped = getattr(address, "ipv4_mapped", None)
    found = mapped or address
    return bool(found.is_link_local or found.is_multicast or found.is_unspecified)
