"""Where a webhook may lead. Owners of projects name addresses, so none may lead into the installation's own network."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from ledger.errors import invalid

LONGEST = 500
#: 64:ff9b::/96 carries an IPv4 address in its last four bytes.
_NAT64 = 0x64FF9B << 96


class AddressRefused(Exception):
    """The address may not be sent to; the text says why."""


def url_check(url: str) -> str:
    """The address, checked for its form; raises ``DomainError`` (400). Where its name leads to is asked when sending,
    as it may lead elsewhere by then."""
    url = url.strip()
    fault = _fault(url)
    if fault:
        raise invalid(fault, fields={"url": [fault]})
    return url


def _fault(url: str) -> str:
    if len(url) > LONGEST or any(sign.isspace() or not sign.isprintable() for sign in url):
        return _("An address has at most %(most)s characters and no spaces.") % {"most": LONGEST}
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is not a web address. Write it like https://example.org/hooks/evenhand.")
    if parts.scheme not in {"https", "http"} or not host:
        return _("This is not a web address. Write it like https://example.org/hooks/evenhand.")
    if parts.scheme == "http" and not settings.DEBUG:
        return _("What is sent must be encrypted: give an address that begins with https://.")
    if parts.username is not None or parts.password is not None:
        return _("Leave name and password out: what is sent is signed, so the receiver can tell that it is from here.")
    if parts.fragment:
        return _("Leave out what follows “#”.")
    try:
        literal = ip_address(host)
    except ValueError:
        return ""
    return "" if _may(literal) else _private()


def _private() -> str:
    return _("This address is in a private network. Only the operator of this installation can allow that.")


def resolve(parts: SplitResult) -> list[str]:
    """The numeric addresses that a name leads to now, all of them allowed; raises ``AddressRefused``.

    The caller connects to one of these and asks no name server again, so nobody can answer otherwise in between.
    """
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(_("The name could not be looked up.")) from error
    numbers = list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in found))
    if not numbers or not all(_may(ip_address(number)) for number in numbers):
        raise AddressRefused(_private())
    return numbers


def _may(address: IPv4Address | IPv6Address) -> bool:
    if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES:
        return True
    inner = _inner(address)
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one leads to, where it is such a one."""
    if isinstance(address, IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if embedded is None and int(address) >> 32 == _NAT64 >> 32:
            embedded = IPv4Address(int(address) & 0xFFFFFFFF)
        return embedded or address
    return address
