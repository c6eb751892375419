"""The words that an app's entry is made of: names, lines, templates, patterns, addresses."""

import ipaddress
import re
from itertools import pairwise
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo

PLACEHOLDER = re.compile(r"\{([a-z][A-Za-z0-9]*)\}")
LISTED = re.compile(r"\^(?:[a-z0-9()|-]|\\\.)+\$")
"""A pattern that lists what it takes: no class, no repeat, nothing open."""
_PRIVATE_NAMES = (".local", ".localhost", ".internal", ".intranet", ".lan", ".home.arpa")
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def _url(text: str, info: ValidationInfo) -> str:
    """https, or http on loopback where the reader of the entry allows it (`context={"loopback": True}`)."""
    url = urlsplit(PLACEHOLDER.sub("x.example", text))
    context: dict[str, object] = info.context or {}
    local = url.scheme == "http" and url.hostname in _LOOPBACK and context.get("loopback") is True
    if not url.hostname or url.username or url.fragment or "\\" in text or not (url.scheme == "https" or local):
        raise ValueError("must be an https URL without user info or fragment")
    if not local and _is_private(url.hostname):
        raise ValueError("must be a public address")
    return text


def _is_private(host: str) -> bool:
    """What no provider is reached by. Names are looked up, and each address checked, whenever one is called."""
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        # A name of figures alone is an address in other clothes.
        return "." not in host or host.endswith(_PRIVATE_NAMES) or host.rpartition(".")[2].isdecimal()


_TOKEN = re.compile(
    r"(?P<atom>\\[dws.\-/+_:|()\[\]{}?*^$]|\[\^?(?:\\.|[^\]\\\[])+\]|[\w.:/@~%,;=!#&'\"<> \-])"
    r"|(?P<opens>\((?:\?:)?)|(?P<closes>\))|(?P<or>\|)"
    r"|(?P<varies>[*+]|\{\d+,\d*\})|(?P<fixed>\{\d+\})|(?P<optional>\?)"
)
"""All that a pattern is made of."""
MOST_VARYING, MOST_OPTIONAL = 3, 8
LONGEST_GUARDED = 256
"""A value whose pattern repeats in more than one place: so that trying all the ways to match it stays short."""


def _pattern(text: str) -> str:
    """Anchored, of a closed grammar, and quick to match: a group is never repeated, and little varies in length."""
    if not (text.startswith("^") and text.endswith("$")):
        raise ValueError("must be anchored with ^ and $")
    tokens = list(_TOKEN.finditer(text[1:-1]))
    if "".join(each.group() for each in tokens) != text[1:-1]:
        raise ValueError("has something that patterns here do not: see the catalogue's README")
    kinds = [each.lastgroup or "" for each in tokens]
    repeats = [kind for before, kind in pairwise(kinds) if before in ("closes", "or", "opens")]
    if "varies" in repeats or "fixed" in repeats or ("opens", "optional") in pairwise(kinds):
        raise ValueError("a group is not repeated")
    if kinds.count("varies") > MOST_VARYING or kinds.count("optional") > MOST_OPTIONAL:
        raise ValueError("too much of it varies in length")
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        raise ValueError("is no regular expression") from None
    return text


def varies(pattern: str) -> int:
    """In how many places its length does."""
    return sum(each.lastgroup == "varies" for each in _TOKEN.finditer(pattern[1:-1]))


class Model(BaseModel):
    """Closed, frozen, and never echoing what it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


LONGEST_ALIAS, MOST_ALIASES = 64, 20
Alias = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ALIAS)]
"""Another name of an app, as other products spell it."""
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
LONGEST_SLUG = 64
Slug = Annotated[str, StringConstraints(pattern=_SLUG, max_length=LONGEST_SLUG)]
PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,63}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(max_length=1000)]
Template = Annotated[str, StringConstraints(max_length=1000)]
"""Text with `{names}` of a credential's values."""
Path = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""Dotted, into a JSON answer: `data.0.id` is the first of a list."""
_SECRETS = re.compile(r"token|secret|passw|assertion|api_?key|private|credential", re.IGNORECASE)
"""How providers call what must not be shown."""


def plain(path: str) -> str:
    """Raises: ValueError for what holds a secret by its name: it would be shown in lists, events and addresses."""
    if _SECRETS.search(path):
        raise ValueError("what is called a token or a secret is not shown: no plain value is read from there")
    return path


PlainPath = Annotated[Path, AfterValidator(plain)]
"""To what lists, events and addresses may show."""
Member = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\[\]$-]{1,80}$")]
"""A parameter's or a body member's name; in a JSON body dots nest."""
Status = Annotated[int, Field(ge=100, le=599)]
_GATEWAYS_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "cookie"})


def _header_name(name: str) -> str:
    if name.lower() in _GATEWAYS_OWN:
        raise ValueError("this header is the connection's own")
    return name


HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,80}$"), AfterValidator(_header_name)]
Headers = dict[HeaderName, Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]]
Params = dict[Member, Template]
Url = Annotated[str, StringConstraints(max_length=500), AfterValidator(_url)]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[^\s\\#]*$", max_length=300)]
"""After a base URL."""
Pattern = Annotated[str, StringConstraints(max_length=300), AfterValidator(_pattern)]
Seconds = Annotated[int, Field(ge=1, le=31_536_000)]
Days = Annotated[int, Field(ge=1, le=3650)]


def is_slug(text: str) -> bool:
    """Whether `text` could be an app's slug."""
    return len(text) <= LONGEST_SLUG and re.fullmatch(_SLUG, text) is not None


def names_in(*templates: str | None) -> set[str]:
    """The values that templates name."""
    return {name for each in templates if each for name in PLACEHOLDER.findall(each)}


def host_in(url: str) -> str:
    """The part of an address, or of its template, between the scheme and the path."""
    return re.split(r"[/?#]", url.split("://", 1)[-1], maxsplit=1)[0]
