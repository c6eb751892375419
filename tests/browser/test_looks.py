"""Every step in light, dark, 320 px and right to left: pictures are kept, axe finds nothing, nothing sticks out."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import Merchant
from tests.browser.steps import every_step

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
LOOKS = {
    "light": ("light", 900, "en"),
    "dark": ("dark", 900, "de"),
    "narrow": ("light", 320, "fr"),
    "arabic": ("dark", 900, "ar"),
    "japanese": ("light", 320, "ja"),
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL = """[...document.querySelectorAll('button,input:not([type=radio]),select,a')]
  .filter((each) => each.offsetHeight && (each.offsetHeight < 44 || each.offsetWidth < 44))
  .map((each) => each.outerHTML)"""
STICKS_OUT = """[document.documentElement, ...document.querySelectorAll('main, main *, header, footer')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline'
    && !each.matches('.unseen, input, select, svg *'))
  .map((each) => each.outerHTML.slice(0, 200))"""


def violations(frame: Frame) -> list[str]:
    """axe's, run inside the frame. The frame's policy knows no eval: the debugger evaluates it."""
    frame.evaluate(f"() => {{ {AXE.read_text('utf-8')} }}")
    found: dict[str, Any] = frame.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    assert len(found["passes"]) > 10
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found["violations"]]


@pytest.mark.parametrize("name", LOOKS)
def test_every_step_can_be_seen_and_used(merchant: Merchant, name: str):
    scheme, width, locale = LOOKS[name]
    merchant.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    merchant.page.set_viewport_size({"width": width, "height": 760})
    merchant.session = {"locale": locale}
    wrong: dict[str, object] = {}

    for number, step in enumerate(every_step(merchant), 1):
        merchant.picture(f"{name}-{number:02}-{step}")
        frame = merchant.page.frames[1]
        found = [violations(frame), frame.evaluate(STICKS_OUT), frame.evaluate(SMALL)]
        if any(found):
            wrong[step] = found
        if step == "choose":
            expect(merchant.modal.locator("html")).to_have_attribute("dir", "rtl" if locale == "ar" else "ltr")
            expect(merchant.modal.locator("html")).to_have_attribute("lang", locale)

    assert wrong == {}
