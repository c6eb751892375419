"""The pages outside the modal speak the merchant's language: the link's, the pop-up's, and those of trouble."""

import re
from string import Formatter
from urllib.parse import urlsplit

import pytest
from evergrant.runtime import words
from evergrant.runtime.assets import root
from evergrant.runtime.words import LANGUAGES, Words

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.test_browser import a_link, finished_unbound

TEXTS = words._WORDS  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001  # What is held here.


def opening(functions: Functions, accepted: str, **query: str) -> Answer:
    headers = {"accept": "text/html", "accept-language": accepted}
    return functions.call("connect_opening", "GET", "/connect/opening", query=query, headers=headers, authorizer={})


def language(answer: Answer) -> str:
    found = re.search(r'<html lang="(\w+)" dir="\w+">', answer.body)
    assert found
    return found[1]


def test_every_language_says_all_that_english_says_about_the_same() -> None:
    def said(language: str) -> dict[str, set[str | None]]:
        return {key: {each[1] for each in Formatter().parse(text)} for key, text in TEXTS[language].items()}

    assert all(said(each) == said("en") for each in LANGUAGES)


def test_the_pages_speak_what_the_modal_speaks() -> None:
    texts = {each.stem for each in (root() / "modal/texts").iterdir()}
    listed = re.search(r"LANGUAGES = \[(.*?)\]", (root() / "modal/look.js").read_text("utf-8"))

    assert listed
    assert texts == LANGUAGES == set(re.findall(r"\w+", listed[1]))


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.3, fr;q=0.7", "fr"),
        ("nl, ja;q=0.1", "ja"),
        ("pt-BR", "pt"),
        ("ES", "es"),
        ("de;q=0, en", "en"),
        ("", "en"),
        ("*", "en"),
        ("<script>;q=x,,;;q=9", "en"),
    ],
)
def test_a_page_follows_the_browser(functions: Functions, accepted: str, wanted: str) -> None:
    assert language(opening(functions, accepted)) == wanted


def test_what_the_frame_speaks_goes_before_the_browser(functions: Functions) -> None:
    assert language(opening(functions, "de", locale="ar")) == "ar"
    assert language(opening(functions, "de", locale="xx")) == "de"
    assert 'dir="rtl"' in opening(functions, "de", locale="ar").body


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_page_says_its_words(functions: Functions, provider: FakeTokenEndpoint, language: str) -> None:
    t = Words(language)
    headers = {"accept": "text/html", "accept-language": language}
    link = urlsplit(a_link(functions)).path

    asks = functions.call("oauth_start", "GET", link, headers=headers, authorizer={})
    trouble = functions.call("oauth_start", "GET", "/oauth/start/auth_1", headers=headers, authorizer={})
    pages = [opening(functions, language), asks, trouble]
    titles = [re.findall(r"<h1>(.*?)</h1>", each.body)[0] for each in pages]

    assert titles == [t("connecting"), t("ask", app="Acme"), t("failed").replace("'", "&#x27;")]
    assert t("go_on") in asks.body
    assert '<p lang="en" dir="ltr">' in trouble.body
    assert all(f'<html lang="{language}" dir="{t.direction}">' in each.body for each in pages)


def test_who_went_on_from_a_link_is_told_in_english_where_no_language_is_asked_for(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    told = finished_unbound(functions)

    assert (language(told), Words()("is_connected") in told.body) == ("en", True)


def test_attack_67_a_name_keeps_its_direction_and_runs_nothing(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    name = "\u202e<script>alert(1)</script>"
    functions.call("workspace", "PUT", "/workspace", {"name": name, "allowUnboundOauth": True})
    headers = {"accept": "text/html", "accept-language": "ar"}

    asks = functions.call("oauth_start", "GET", urlsplit(a_link(functions)).path, headers=headers, authorizer={})

    assert "\u2068&lt;script&gt;alert(1)&lt;/script&gt;\u2069" in asks.body
    assert "\u202e" not in asks.body
    assert "<script>alert" not in asks.body
