"""Which addresses a server may have. Only operators name servers, and models live in private networks: those may be."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

LONGEST = 300
METADATA = {"metadata.google.internal", "metadata"}  # where clouds tell a machine its own credentials
# The same by number, beside the link-local ones: of AWS over IPv6, Alibaba Cloud and Azure.
METADATA_NUMBERS = {ip_address(number) for number in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")}


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
        return metadata_words()
    return ""


def metadata_words() -> str:
    return _("That is where a cloud tells its machines their credentials, not a language model server.")


def is_refused(number: str) -> bool:
    """Whether a numeric address, as a name was found to lead to, is one that nothing is sent to."""
    address = ip_address(number.partition("%")[0])
    found = getattr(address, "ipv4_mapped", None) or address
    return bool(found.is_link_local or found.is_multicast or found.is_unspecified or found in METADATA_NUMBERS)


def leads_to_refused(url: str) -> bool:
    """Whether the name in ``url`` leads to such an address now; False where it leads nowhere."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError):
        return False
    return any(is_refused(str(row[4][0])) for row in found)


def _is_metadata(host: str) -> bool:
    number = _number(host)
    return host.lower().rstrip(".") in METADATA if number is None else is_refused(str(number))


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """The address that ``host`` writes as a number, in any form that a resolver takes: 2852039166, 0xa9fea9fe."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
