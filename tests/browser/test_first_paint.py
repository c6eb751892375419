"""What is waited for before something is seen: the page alone, then all its parts at once, and few bytes."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import Merchant
from tests.browser.modal import KEYS, heading

MODAL = Path(__file__).parents[2] / "connect/modal"
FIRST_WINDOW_BYTES = 10 * 1460
"""What a server may send before it has heard anything back (RFC 6928)."""
PARTS = "**/connect/assets/**"
PAINTED = """new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().map(({name}) => name)))
    .observe({type: 'paint', buffered: true});
  setTimeout(done, 60_000, []);
})"""
SPINNER = "(({borderTopWidth, width}) => [borderTopWidth, width])(getComputedStyle(document.querySelector('.spinner')))"


def part(request: Request) -> str:
    return urlsplit(request.url).path.partition("/connect/assets/")[2].partition("/")[2]


def test_the_first_paint_waits_for_the_page_alone(merchant: Merchant):
    merchant.page.context.route(PARTS, lambda _: None)
    address = f"{merchant.stack.url}/connect?workspace={merchant.stack.workspace_id}"
    merchant.page.goto(address, wait_until="commit")

    painted: list[str] = merchant.page.evaluate(PAINTED)

    assert "first-paint" in painted
    assert merchant.page.evaluate(SPINNER) == ["3px", "36px"]
    assert {urlsplit(each.url).path for each in merchant.requests if "/assets/" not in each.url} <= {
        urlsplit(address).path,
        "/favicon.ico",
    }


@pytest.mark.parametrize(("merchant", "language"), [("en-GB", "en"), ("ja-JP", "ja")], indirect=["merchant"])
def test_all_its_parts_come_in_the_one_round_after_it(merchant: Merchant, language: str):
    """A part that is found only when another has arrived would be waited for in vain here."""
    scripts = {each.relative_to(MODAL).as_posix() for each in MODAL.rglob("*.js")}
    wanted = {each for each in scripts if not each.startswith("texts/") or each == f"texts/{language}.js"}
    found: set[str] = set()
    merchant.page.context.route(PARTS, lambda _: None)

    def is_last(request: Request) -> bool:
        found.add(part(request))
        return found >= wanted

    with merchant.page.expect_event("request", is_last):
        merchant.opens(app="dev-keys")
    # Those that were held go on, too.
    merchant.page.context.unroute(PARTS)

    expect(merchant.modal.locator("html")).to_have_attribute("lang", language)
    expect(merchant.modal.get_by_role("textbox")).to_be_visible()
    asked = [urlsplit(each.url).path for each in merchant.requests]
    assert found - {""} == wanted
    assert [each for each in asked if each.startswith("/connect/") and "/assets/" not in each] == [
        "/connect/session",
        "/connect/apps/dev-keys",
    ]


def test_what_travels_is_small(merchant: Merchant):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")

    ours = [each for each in merchant.requests if urlsplit(each.url).path.startswith(("/connect", "/sdk"))]
    static = [each for each in ours if "/assets/" in each.url or "/sdk/" in each.url or "/connect?" in each.url]
    (page,) = (each.sizes() for each in static if "/connect?" in each.url)
    answers = [each.response() for each in static]
    assert {each and each.headers.get("content-encoding") for each in answers} == {"gzip"}
    assert sum(each.sizes()["responseBodySize"] for each in static) < 50 * 1024
    assert 0 < page["responseBodySize"] + page["responseHeadersSize"] < FIRST_WINDOW_BYTES
