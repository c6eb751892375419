"""Outbound calls to addresses that are not public: the forms of `tests/vectors/ssrf.json`, counted at `connect`."""

import ipaddress
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from evergrant.domain.errors import ProviderError

from tests.contracts.test_transport import get, serving

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/ssrf.json").read_text("utf-8"))
HOSTS: list[str] = [each for group in VECTORS["hosts"].values() for each in group]
URLS: list[str] = [each for group in VECTORS["urls"].values() for each in group]
REBINDING: dict[str, list[list[str]]] = VECTORS["rebinding"]
PUBLIC = "93.184.215.14"
NOBODY = socket.gaierror(socket.EAI_NONAME, "unknown")


def infos(addresses: list[str], port: object) -> list[Any]:
    families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in addresses]
    return [
        (family, socket.SOCK_STREAM, 6, "", (each, port or 0, 0, 0) if ":" in each else (each, port or 0))
        for family, each in zip(families, addresses, strict=True)
    ]


@dataclass
class World:
    """All names there are, and every address that a socket was to be connected to; none ever is."""

    answers: dict[str, Iterator[list[str]]] = field(default_factory=dict[str, Iterator[list[str]]])
    looked_up: list[str] = field(default_factory=list[str])
    opened: list[str] = field(default_factory=list[str])

    def look_up(self, host: str, port: object, *more: Any, **_: Any) -> list[Any]:
        """As the C library reads numbers (127.1, 0x7f000001); of names, as the tables say."""
        try:
            family, kind = (*more, 0, 0)[:2]
            return GETADDRINFO(host, port, family, kind, 0, socket.AI_NUMERICHOST)  # type: ignore[arg-type]  # passed on
        except (OSError, UnicodeError):
            name = host.lower().removesuffix(".")
        self.looked_up.append(name)
        found = next(self.answers[name]) if name in self.answers else VECTORS["names"].get(name)
        if not found:
            raise NOBODY
        return infos(found, port)

    @property
    def inside(self) -> list[str]:
        """What was opened that is not public."""
        return [each for each in self.opened if not is_public(each)]


GETADDRINFO = socket.getaddrinfo
UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA gives out for the Internet; ipaddress takes what only wraps an IPv4 address for global too."""


def is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        wraps = address.sixtofour or address.teredo
        return address.is_global and address in UNICAST and not wraps
    return address.is_global and not address.is_multicast


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    def connect(_: object, address: Any) -> None:
        made.opened.append(str(address[0]))
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.getaddrinfo", made.look_up)
    monkeypatch.setattr("socket.socket.connect", connect)
    monkeypatch.setattr("socket.socket.connect_ex", connect)
    return made


def refused(url: str) -> bool:
    try:
        get(url, allow_loopback=False, seconds=30)
    except ProviderError:
        return True
    return False


def test_there_are_forms_enough_and_none_twice() -> None:
    forms = [*HOSTS, *URLS]

    assert len(forms) == len(set(forms)) >= 150
    assert len(REBINDING) >= 20


def test_a_public_name_is_called_at_its_address(world: World) -> None:
    assert refused("https://public.example/")
    assert world.opened == [PUBLIC]


@pytest.mark.parametrize("host", HOSTS)
def test_attack_51_no_socket_is_opened_to_an_address_that_is_not_public(world: World, host: str) -> None:
    assert [refused(f"{scheme}://{host}/") for scheme in ("https", "http")] == [True, True]
    assert world.opened == []


@pytest.mark.parametrize("url", URLS)
def test_attack_51_no_spelling_of_a_url_leads_inside(world: World, url: str) -> None:
    assert refused(url)
    assert world.inside == []


@pytest.mark.parametrize("sequence", REBINDING)
def test_attack_52_a_name_that_changes_its_answers_leads_inside_at_no_attempt(world: World, sequence: str) -> None:
    answers = [*REBINDING[sequence], REBINDING[sequence][-1], REBINDING[sequence][0]]
    world.answers["rebinding.example"] = iter(answers)

    assert all(refused("https://rebinding.example/") for _ in answers)
    # Each attempt looks once, and calls what it has seen.
    assert world.looked_up == ["rebinding.example"] * len(answers)
    assert set(world.opened) == {each[0] for each in answers if each and all(map(is_public, each))}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/elsewhere", "https://169.254.169.254/latest/meta-data/", "//127.0.0.1:1/", ""])
def test_attack_53_a_redirect_is_an_answer_and_never_followed(status: int, location: str) -> None:
    asked: list[str] = []

    def redirect(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        request.send_response(status)
        request.send_header("location", location)
        request.send_header("refresh", f"0; url={location}")
        request.end_headers()

    with serving(redirect) as url:
        answer = get(f"{url}/first")

    assert (answer.status, asked) == (status, ["/first"])


PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]


@pytest.mark.parametrize("variable", PROXIES)
def test_attack_54_no_proxy_of_the_environment_is_used(
    world: World, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in [*PROXIES, "NO_PROXY", "no_proxy"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://198.51.100.7:3128")

    assert refused("https://public.example/")
    assert os.environ[variable]
    assert world.opened == [PUBLIC]


def test_attack_54_no_credentials_of_the_machine_are_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login owner password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    sent: list[str | None] = []

    def note(request: BaseHTTPRequestHandler) -> None:
        sent.append(request.headers["authorization"])
        request.send_response(204)
        request.end_headers()

    with serving(note) as url:
        get(url)

    assert sent == [None]
