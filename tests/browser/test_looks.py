"""Every step in every language: light, dark, narrow, enlarged, in forced colours and odd accents. Pictures are kept."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Merchant
from tests.browser.sight import (
    CUT_OFF,
    FOCUSED,
    MOVES,
    OUT_OF_REACH,
    SAME,
    SMALL,
    STICKS_OUT,
    WITHOUT_EDGES,
    unusable,
    violations,
)
from tests.browser.steps import every_step
from tests.stack.conftest import Stack

ENLARGED = {"200 %": (640, 360), "400 %": (320, 180)}
"""WCAG 1.4.4 and 1.4.10: what a window of 1280 by 720 has left, in CSS pixels."""
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
  p { margin-block-end: 2em !important; }"""
"""WCAG 1.4.12: as a reader may have it."""
TABS = 4
SPOIL = """(style) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet]; }"""
SPOILT = {
    SMALL: "button.wide { min-height: 40px; padding: 0; }",
    STICKS_OUT: "main > ul { width: 120vw; }",
    CUT_OFF: ".badge { overflow: hidden; width: 2em; white-space: nowrap; }",
    OUT_OF_REACH: "header { position: fixed; inset: 50% 0 0; background: Canvas; }",
    MOVES: ".card { animation: turn 9s infinite; }",
    WITHOUT_EDGES: "button { border: 0; }",
    SAME: "button.primary { border-width: 1px; }",
    FOCUSED: ":focus-visible { outline: 0; }",
}


@dataclass(frozen=True)
class Look:
    """One walk through all steps."""

    locale: str
    scheme: Literal["light", "dark"] = "light"
    width: int = 900
    accent: str | None = None
    forced: bool = False


LOOKS = {
    "light": Look("en"),
    "dark": Look("de", "dark"),
    "forced": Look("fr", "dark", forced=True),
    "spanish": Look("es", "light", 320, "#ffff00"),
    "portuguese": Look("pt", "dark", 320, "#111111"),
    "japanese": Look("ja", "light", 320, "#777777"),
    "arabic": Look("ar", "dark", accent="#777777"),
}


@contextmanager
def branded(stack: Stack, accent: str | None) -> Generator[None]:
    """The workspace in another colour, for a while."""
    workspace = stack.request("GET", "/workspace").json()
    kept = {
        name: workspace[name]
        for name in ("name", "origins", "returnUrls", "reconnectUrl", "allowUnboundOauth", "branding")
    }
    wanted = {**kept, "branding": {**kept["branding"], "accent": accent or kept["branding"]["accent"]}}
    assert stack.request("PUT", "/workspace", wanted).ok
    yield
    assert stack.request("PUT", "/workspace", kept).ok


def test_each_check_sees_what_it_is_for(merchant: Merchant):
    """One thing at a time is spoilt, and found."""
    merchant.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    merchant.has_key()
    merchant.has_key("pk_another")
    expect(merchant.opens(app="dev-keys").locator(".card")).to_have_count(2)
    merchant.page.keyboard.press("Tab")
    frame = merchant.page.frames[1]
    blind: list[str] = []

    for check, style in SPOILT.items():
        whole = frame.evaluate(check)
        frame.evaluate(SPOIL, style)
        if whole or not frame.evaluate(check):
            blind.append(f"{style}: {whole}")
        frame.evaluate(SPOIL, "")

    assert blind == []


@pytest.mark.parametrize("name", LOOKS)
def test_every_step_can_be_seen_and_used(merchant: Merchant, stack: Stack, name: str):
    look, page = LOOKS[name], merchant.page
    page.emulate_media(
        color_scheme=look.scheme, reduced_motion="reduce", forced_colors="active" if look.forced else "none"
    )
    page.set_viewport_size({"width": look.width, "height": 760})
    merchant.session = {"locale": look.locale}
    wrong: dict[str, list[str]] = {}

    with branded(stack, look.accent):
        for number, step in enumerate(every_step(merchant), 1):
            merchant.picture(f"{name}-{number:02}-{step}")
            frame = page.frames[1]
            found = [*violations(frame), *unusable(frame)]
            if look.forced:
                found += [*frame.evaluate(WITHOUT_EDGES), *frame.evaluate(SAME)]
                for _ in range(TABS):
                    page.keyboard.press("Tab")
                    found += frame.evaluate(FOCUSED)
            for size, (width, height) in ENLARGED.items():
                page.set_viewport_size({"width": width, "height": height})
                found += [f"{size}: {each}" for each in unusable(frame)]
            page.set_viewport_size({"width": look.width, "height": 760})
            frame.evaluate(SPOIL, SPACED)
            found += [f"spaced: {each}" for each in unusable(frame)]
            frame.evaluate(SPOIL, "")
            if found:
                wrong[step] = found
            if step == "choose":
                expect(merchant.modal.locator("html")).to_have_attribute("dir", "rtl" if look.locale == "ar" else "ltr")
                expect(merchant.modal.locator("html")).to_have_attribute("lang", look.locale)

    assert wrong == {}
