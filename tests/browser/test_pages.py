"""The pages outside the modal: on a pop-up's way, behind a link, and those of trouble, in the browser's language."""

import pytest

from tests.browser.conftest import Merchant
from tests.browser.sight import unusable, violations


def asking(merchant: Merchant) -> str:
    answer = merchant.stack.request("GET", f"/oauthUrl?userId={merchant.user}&app=dev-provider")
    assert answer.ok, answer.text
    return answer.json()["oauthUrl"]


def opening(merchant: Merchant) -> str:
    return f"{merchant.stack.url}/connect/opening"


def unknown_link(merchant: Merchant) -> str:
    return f"{merchant.stack.url}/oauth/start/auth_nothing"


def stray_callback(merchant: Merchant) -> str:
    return f"{merchant.stack.url}/oauth/callback/{merchant.stack.workspace_id}/dev-provider?state=nobodys&code=any"


def no_modal(merchant: Merchant) -> str:
    return f"{merchant.stack.url}/connect?workspace=ws_nobody"


PAGES = [asking, opening, unknown_link, stray_callback, no_modal]


@pytest.mark.parametrize("merchant", ["ar-EG", "fr-FR"], indirect=True)
def test_each_page_speaks_to_everybody(merchant: Merchant):
    page = merchant.page
    language: str = page.evaluate("navigator.language")
    wrong: dict[str, object] = {}

    for address in PAGES:
        page.goto(address(merchant))
        found: list[object] = []
        for scheme, width in (("light", 900), ("dark", 320)):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 600})
            found += [*violations(page.main_frame), *unusable(page.main_frame)]
        merchant.picture(f"page-{language[:2]}-{address.__name__}")
        if found or page.evaluate("document.documentElement.lang") != language[:2]:
            wrong[address.__name__] = found

    assert wrong == {}


def test_the_pop_up_speaks_what_the_frame_speaks(merchant: Merchant):
    merchant.session = {"locale": "ja"}
    modal = merchant.opens(app="dev-provider")
    with merchant.page.expect_popup() as opened:
        modal.locator("form button.primary").click()
    opened.value.wait_for_url("**/authorize?**")

    assert f"{opening(merchant)}?locale=ja" in [each.url for each in merchant.requests]
