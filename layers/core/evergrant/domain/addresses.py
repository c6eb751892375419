"""Addresses of the web that an owner names: pages, origins, receivers. Whatever is not plainly one is refused."""

import ipaddress
import re
from dataclasses import dataclass

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?](?:(?![#\\])[!-~])*)?",
    re.IGNORECASE | re.ASCII,
)
"""No user info, no fragment, and no character that a parser somewhere would drop, fold or take for another."""
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""Its last label begins with a letter: a number there would be an IPv4 address in disguise."""
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""RFC 4291, 2.4."""
_RESERVED = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv6Network("3fff::/20"))
"""Special by IANA's registries, and global to an older Python."""
_PORTS = {"https": 443, "http": 80}
_OPEN_PORTS = range(1024, 65536)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL goes: its host in lower case, without brackets and without a dot at its end."""

    scheme: str
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether it names this machine."""
        return self.host in LOOPBACK

    @property
    def origin(self) -> str:
        """As a browser writes it (RFC 6454, 6.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    def is_same_place(self, other: "Address") -> bool:
        """However it is spelled; on loopback the port tells places apart."""
        if self.is_loopback and other.is_loopback:
            return self.port == other.port
        return self.host == other.host


def web_address(text: str) -> Address:
    """Raises: ValueError, which says what is wanted."""
    found = _URL.fullmatch(text)
    if found is None:
        raise ValueError("must be a URL of printable ASCII, without user info, fragment or backslash")
    scheme = found["scheme"].lower()
    port = int(found["port"]) if found["port"] else _PORTS[scheme]
    if not 0 < port < 65536:
        raise ValueError("must have a port from 1 to 65535, or none")
    return Address(scheme, _ipv6(found["ipv6"]) if found["ipv6"] else _host(found["name"].lower()), port)


def page_url(text: str) -> str:
    """https, or http on loopback. Raises: ValueError."""
    address = web_address(text)
    if address.scheme != "https" and not address.is_loopback:
        raise ValueError("must be an https URL (or http on loopback)")
    return text


def check_origin(text: str, *, loopback: bool) -> None:
    """Exactly as a browser writes it. Raises: ValueError."""
    address = web_address(text)
    if address.origin != text:
        raise ValueError("must be an origin: scheme, host and port in lower case, and nothing after")
    if address.scheme != "https" and not (loopback and address.is_loopback):
        raise ValueError("must be an https origin")


def check_receiver(text: str, *, loopback: bool, own: "list[Address]") -> None:
    """A public https address; with `loopback` this machine's too; never one of our `own`. Raises: ValueError."""
    address = web_address(text)
    local = loopback and address.is_loopback
    if not local and (address.scheme != "https" or not _is_public(address.host)):
        raise ValueError("must be a public https URL")
    if address.port != _PORTS["https"] and address.port not in _OPEN_PORTS:
        raise ValueError("must have port 443, or one from 1024 to 65535")
    if any(address.is_same_place(each) for each in own):
        raise ValueError("must not be this deployment itself")


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise ValueError("must have a valid IPv6 address in its brackets") from None


def _host(text: str) -> str:
    host = text.removesuffix(".")
    if len(host) <= 253 and _NAME.fullmatch(host):
        return host
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise ValueError("must have a host: a name of letters, digits and hyphens, or an address") from None


def _is_public(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    if address.is_multicast or any(address in each for each in _RESERVED):
        return False
    wraps = address.version == 6 and (address not in _UNICAST or address.sixtofour or address.teredo)
    # ipaddress takes what only wraps an IPv4 address for global.
    return address.is_global and not wraps
