"""Every step in light, dark, 320 px and Arabic: pictures are kept, and axe finds nothing."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, FrameLocator, expect

from tests.browser.conftest import Merchant, finish

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
LOOKS = {
    "light": {"scheme": "light", "width": 900, "locale": "en"},
    "dark": {"scheme": "dark", "width": 900, "locale": "de"},
    "narrow": {"scheme": "light", "width": 320, "locale": "fr"},
    "arabic": {"scheme": "dark", "width": 900, "locale": "ar"},
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

SMALL = """[...document.querySelectorAll('button,input:not([type=radio]),select,a')]
  .filter((each) => each.offsetHeight && (each.offsetHeight < 44 || each.offsetWidth < 44))
  .map((each) => each.outerHTML)"""


def violations(frame: Frame) -> list[str]:
    """axe's, run inside the frame. The frame's policy knows no eval: the debugger evaluates it."""
    frame.evaluate(f"() => {{ {AXE.read_text('utf-8')} }}")
    found: dict[str, Any] = frame.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    assert len(found["passes"]) > 10
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found["violations"]]


def look_at(merchant: Merchant, name: str) -> None:
    """A picture; no violation; nothing sticks out; nothing that is pressed is too small."""
    heading = merchant.modal.get_by_role("heading", level=1)
    expect(heading).to_be_focused()
    merchant.picture(name)
    frame = merchant.page.frames[1]
    assert violations(frame) == []
    assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert frame.evaluate(SMALL) == []


def by(modal: FrameLocator, selector: str) -> None:
    modal.locator(selector).first.click()


@pytest.mark.parametrize("name", LOOKS)
def test_every_step_can_be_seen_and_used(merchant: Merchant, name: str):
    look = LOOKS[name]
    page = merchant.page
    page.emulate_media(color_scheme="dark" if look["scheme"] == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": int(look["width"]), "height": 760})
    merchant.has_key()
    merchant.session = {"locale": look["locale"]}

    modal = merchant.opens()
    expect(modal.locator("html")).to_have_attribute("dir", "rtl" if name == "arabic" else "ltr")
    expect(modal.locator("html")).to_have_attribute("lang", str(look["locale"]))
    look_at(merchant, f"{name}-1-choose")
    modal.get_by_role("searchbox").fill("dev")
    modal.get_by_role("button", name="Dev Keys").click()
    look_at(merchant, f"{name}-2-accounts")
    by(modal, ".card .square")
    merchant.picture(f"{name}-3-manage")
    by(modal, "main > button.wide")
    look_at(merchant, f"{name}-4-form")
    by(modal, "form button.primary")
    assert violations(page.frames[1]) == []
    merchant.picture(f"{name}-5-error")
    modal.locator("form input").fill("pk_seen")
    by(modal, "form button.primary")
    expect(modal.locator(".mark.good")).to_be_visible()
    look_at(merchant, f"{name}-6-connected")
    finish(modal.locator("main > button.primary"))

    modal = merchant.opens(app="dev-provider")
    look_at(merchant, f"{name}-7-oauth")
    with page.expect_popup() as opened:
        by(modal, "form button.primary")
    opened.value.wait_for_url("**/authorize?**")
    page.bring_to_front()
    look_at(merchant, f"{name}-8-waiting")
    opened.value.bring_to_front()
    opened.value.get_by_role("button", name="Deny").click()
    page.bring_to_front()
    expect(modal.locator(".mark.warn")).to_be_visible()
    look_at(merchant, f"{name}-9-denied")

    merchant.shop.token = lambda: "evs_not_a_session"
    page.evaluate("evergrant.close()")
    page.evaluate("evergrant.onTokenExpired(() => '')")
    page.click("#go")
    expect(modal.locator(".mark.bad")).to_be_visible()
    look_at(merchant, f"{name}-10-over")


def test_an_app_with_several_ways_is_explained(merchant: Merchant):
    modal = merchant.opens(app="shopify", locale="en")
    modal.get_by_label("Admin API access token").check()
    modal.get_by_label("Shop name").fill("Not a shop")
    modal.locator("input[type=password]").fill("shpat_")
    modal.get_by_role("button", name="Connect", exact=True).click()

    assert violations(merchant.page.frames[1]) == []
    merchant.picture("light-11-ways")
    expect(modal.locator("[aria-invalid=true]")).to_have_count(2)
