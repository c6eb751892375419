"""Which addresses an owner may name, and how they are told apart."""

import json
from pathlib import Path

import pytest
from evergrant.domain.addresses import check_origin, check_receiver, page_url, web_address

OWN = [web_address("https://vault.example/v1"), web_address("http://127.0.0.1:8787")]

FORMS = json.loads((Path(__file__).parents[1] / "vectors/ssrf.json").read_text("utf-8"))
BY_NAME = {"names of this machine", "names that point inside"}
"""What a name points at is seen when it is called."""

BROKEN = [
    "",
    "not a url",
    "ftp://x.com/",
    "javascript:alert(1)",
    "//x.com/",
    "https://",
    "https:///a",
    "https://[::1",
    "https://[x]/",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/",
    "https://ex[ample.com",
    "https://ex\u2100mple.com",
    "https://b\u00fccher.example/",
    "https://x.com/\u00e9",
    "https://x.com/a b",
    "https://x.com/\0",
    "https://x.com/a\r\nX-I: 1",
    "https://x.com/a\n",
    " https://x.com/",
    "https://x.com/\x7f",
    "https://x.com\\@evil.example/",
    "https://user@x.com/",
    "https://:pw@x.com",
    "https://@x.com",
    "https://x.com/#a",
    "https://x.com:/",
    "https://x.com:abc/",
    "https://x.com:99999/",
    "https://x.com:0/",
    "https://-x.com/",
    "https://x..com/",
    "https://.com/",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 127 + "com/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://127.1/",
    "https://0177.0.0.1/",
    "https://*/",
    "https://a.com;b/",
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_not_plainly_an_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        web_address(text)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("HTTPS://Shop.Example./a?b={credentialId}", "https://shop.example"),
        ("https://x.com:443/", "https://x.com"),
        ("https://x.com:8443", "https://x.com:8443"),
        ("http://[0:0:0:0:0:0:0:1]:3000/", "http://[::1]:3000"),
        ("https://1.1.1.1?a", "https://1.1.1.1"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_spellings_of_one_place_are_one(text: str, origin: str) -> None:
    assert web_address(text).origin == origin


@pytest.mark.parametrize("text", ["http://shop.example/", "http://10.0.0.1/", "http://localhost.evil.example/"])
def test_a_page_elsewhere_is_https(text: str) -> None:
    with pytest.raises(ValueError, match="https"):
        page_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://*",
        "https://a.com; script-src *",
        "https://a.com 'self'",
        "https://A.com",
        "HTTPS://a.com",
        "https://a.com/",
        "https://a.com?",
        "https://a.com.",
        "https://a.com:443",
        "http://a.com",
        "http://localhost:3000",
        "null",
    ],
)
def test_attack_64_an_origin_is_exact(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_origin(text, loopback=False)


def test_an_origin_on_loopback_is_for_the_local_stack() -> None:
    check_origin("https://shop.example:8443", loopback=False)
    check_origin("http://localhost:3000", loopback=True)

    with pytest.raises(ValueError, match="must"):
        check_origin("http://localhost:3000", loopback=False)


@pytest.mark.parametrize(
    "text",
    [
        "http://x.com/",
        "http://127.0.0.1:9999/x",
        "https://127.0.0.1:9999/x",
        "https://localhost:9999/x",
        "https://a.localhost/x",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        "https://100.64.0.1/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
def test_attack_51_a_receiver_is_public(text: str) -> None:
    with pytest.raises(ValueError, match="public"):
        check_receiver(text, loopback=False, own=OWN)


@pytest.mark.parametrize("port", [1, 22, 25, 80, 444, 1023])
def test_attack_51_a_receiver_has_a_port_for_receivers(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        check_receiver(f"https://x.com:{port}/", loopback=True, own=OWN)


@pytest.mark.parametrize(
    "text",
    [
        "https://vault.example/",
        "https://VAULT.example./users",
        "https://vault.example:8443/",
        "http://localhost:8787/",
        "http://LOCALHOST:8787/x",
        "http://[::1]:8787/",
        "http://127.0.0.1:8787/",
    ],
)
def test_attack_61_no_spelling_makes_us_our_own_receiver(text: str) -> None:
    with pytest.raises(ValueError, match="itself"):
        check_receiver(text, loopback=True, own=OWN)


@pytest.mark.parametrize("text", ["https://x.com/hook", "https://x.com:1024/", "http://127.0.0.1:9999/hook"])
def test_a_receiver_elsewhere_will_do(text: str) -> None:
    check_receiver(text, loopback=True, own=OWN)

    with pytest.raises(ValueError, match="itself"):
        check_receiver(text, loopback=True, own=[web_address(text)])


@pytest.mark.parametrize(
    "host", [each for group, hosts in FORMS["hosts"].items() if group not in BY_NAME for each in hosts]
)
def test_attack_51_no_receiver_has_an_address_that_is_not_public(host: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_receiver(f"https://{host}/", loopback=False, own=OWN)
