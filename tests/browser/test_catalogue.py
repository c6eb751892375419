"""The catalogue's page, as an engineer looks through it: by word, way and category, with the keyboard alone too."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Merchant
from tests.browser.steps import LOGOS
from tests.browser.test_looks import STICKS_OUT, violations

Entry = dict[str, Any]


@pytest.fixture
def page(merchant: Merchant) -> Page:
    merchant.page.goto(f"{merchant.stack.url}/docs/apps")
    expect(merchant.page).to_have_title("Apps")
    return merchant.page


@pytest.fixture
def entries(merchant: Merchant) -> list[Entry]:
    """What the API says of each app; the workspace's own are not in the catalogue."""
    found: list[Entry] = []
    cursor: str | None = ""
    while cursor is not None:
        listed = merchant.stack.request("GET", f"/metadata/credentials?limit=100&cursor={quote(cursor)}").json()
        found, cursor = found + listed["data"], listed["nextCursor"]
    return [each for each in found if not each["name"].startswith(("dev-", "acme"))]


def shown(page: Page) -> set[str]:
    return set(page.locator(".apps > li:visible code").all_inner_texts())


def names(entries: list[Entry], fits: Callable[[Entry], bool]) -> set[str]:
    return {each["name"] for each in entries if fits(each)}


def test_an_app_is_found_by_word_way_and_category(page: Page, entries: list[Entry]):
    search, way, category = (page.get_by_label(each) for each in ("Search", "Way to authenticate", "Category"))
    everything = shown(page)

    way.select_option("oauth2")
    by_way = shown(page)
    category.select_option("commerce")
    by_both = shown(page)
    search.fill("  SHOP ")
    by_all = shown(page)
    expect(page.get_by_role("status")).to_have_text(f"{len(by_all)} of {len(everything)}")
    search.fill("no such app")
    expect(page.get_by_role("status")).to_have_text(f"0 of {len(everything)}")
    nothing = shown(page)
    search.fill("")
    way.select_option("")
    category.select_option("")

    assert len(everything) >= 350
    assert by_way == names(entries, lambda each: "oauth2" in each["methods"])
    assert by_both == by_way & names(entries, lambda each: "commerce" in each["categories"])
    assert by_all == by_both & names(entries, lambda each: "shop" in f"{each['displayName']} {each['name']}".lower())
    assert (nothing, shown(page)) == (set(), everything)
    assert "shopify" in by_all


def test_the_keyboard_alone_finds_an_app_and_goes_to_its_documentation(page: Page, entries: list[Entry]):
    search, way, category = (page.get_by_label(each) for each in ("Search", "Way to authenticate", "Category"))

    page.keyboard.press("Tab")
    expect(search).to_be_focused()
    page.keyboard.type("klaviyo")
    expect(page.locator(".apps > li:visible")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(way).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(way).not_to_have_value("")
    page.keyboard.press("ArrowUp")
    expect(way).to_have_value("")
    page.keyboard.press("Tab")
    expect(category).to_be_focused()
    page.keyboard.press("Tab")

    link = page.get_by_role("link", name="Klaviyo")
    (klaviyo,) = (each for each in entries if each["name"] == "klaviyo")
    expect(link).to_be_focused()
    expect(link).to_have_attribute("href", klaviyo["docsUrl"])


@pytest.mark.parametrize(("scheme", "width"), [("light", 900), ("dark", 900), ("light", 320)])
def test_the_catalogue_can_be_seen_and_read(merchant: Merchant, page: Page, scheme: Any, width: int):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 760})
    page.evaluate(LOGOS)
    merchant.picture(f"catalogue-{scheme}-{width}")
    found = [violations(page.main_frame), page.evaluate(STICKS_OUT)]
    page.get_by_label("Search").fill("no such app")
    found += [violations(page.main_frame), page.evaluate(STICKS_OUT)]

    assert found == [[], [], [], []]
