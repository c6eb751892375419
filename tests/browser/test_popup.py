"""The pop-up where something is in its way, with a real OAuth server (oidc-provider) where its pages matter."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Merchant, finish
from tests.browser.modal import OAUTH, heading, popup_of, press
from tests.browser.steps import BLOCKED
from tests.stack.conftest import Stack
from tests.stack.provider import CLIENT_SECRET, Provider, providing

APP = "isolated"


@pytest.fixture(scope="module")
def provider(stack: Stack) -> Iterator[Provider]:
    with providing(f"{stack.url}/oauth/callback/{stack.workspace_id}/{APP}") as running:
        assert stack.request("PUT", f"/apps/{APP}", running.entry(APP)).ok
        client = {"clientId": "evergrant", "clientSecret": CLIENT_SECRET}
        assert stack.request("PUT", f"/apps/{APP}/client", client).ok
        yield running
    stack.request("DELETE", f"/apps/{APP}")


def sign_in(page: Page) -> None:
    page.locator("input[name=login]").fill("ada")
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.locator("form:has(input[value=consent]) button[type=submit]").click()


@pytest.mark.parametrize("host", ["unsafe-none", "same-origin-allow-popups", "same-origin"])
@pytest.mark.parametrize("openers", ["unsafe-none", "same-origin"])
def test_pages_that_are_isolated_connect_too(merchant: Merchant, provider: Provider, host: str, openers: str):
    provider.control(openerPolicy=openers)
    merchant.shop.headers = {"Cross-Origin-Opener-Policy": host}
    # Its sign-in page asks for a font.
    merchant.page.context.route("https://**", lambda route: route.abort())
    modal = merchant.opens(app=APP)

    with merchant.page.context.expect_page() as opened:
        press(modal, f"Continue to {APP.capitalize()}")
    with opened.value.expect_event("close"):
        sign_in(opened.value)

    heading(modal, f"{APP.capitalize()} is connected")
    assert [each["type"] for each in merchant.credentials()] == [APP]


def test_a_blocked_window_is_said_and_a_tab_does(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    heading(modal, f"Connect {OAUTH}")
    merchant.page.frames[1].evaluate(BLOCKED)

    press(modal, f"Continue to {OAUTH}")
    heading(modal, "The window was blocked")
    with merchant.page.context.expect_page() as opened:
        press(modal, "Open in a tab")
    opened.value.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected")
    assert len(merchant.credentials()) == 1


def test_a_blocked_window_is_what_the_page_is_told(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    heading(modal, f"Connect {OAUTH}")
    merchant.page.frames[1].evaluate(BLOCKED)
    press(modal, f"Continue to {OAUTH}")

    finish(modal.get_by_role("main").get_by_role("button", name="Close"))

    assert merchant.told["error"] == "popup_blocked"
    # Nothing was begun that nobody would end.
    assert [each.url for each in merchant.requests if each.url.endswith("/connect/oauth")] == []


def test_a_provider_that_is_down_has_words_and_a_reference(merchant: Merchant, provider: Provider):
    provider.control(mode="down", openerPolicy="unsafe-none")
    merchant.page.context.route("https://**", lambda route: route.abort())
    modal = merchant.opens(app=APP)
    with merchant.page.expect_popup() as opened:
        press(modal, f"Continue to {APP.capitalize()}")
    sign_in(opened.value)

    heading(modal, f"{APP.capitalize()} has a problem")
    expect(modal.get_by_text("Reference for support: ")).to_be_visible()
    finish(modal.get_by_role("main").get_by_role("button", name="Close"))

    provider.control(mode="plain")
    assert merchant.told["error"] == "provider_error"
    assert merchant.told["requestId"]
    assert merchant.credentials() == []


def test_a_double_click_opens_one_window(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    windows: list[Page] = []
    merchant.page.context.on("page", lambda page: windows.append(page))

    with merchant.page.context.expect_page() as opened:
        modal.get_by_role("button", name=f"Continue to {OAUTH}").dblclick()
    opened.value.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected")
    assert len(windows) == 1
    assert len(merchant.credentials()) == 1


def test_reuse_with_too_few_scopes_asks_again(merchant: Merchant):
    popup_of(merchant, merchant.opens(app="dev-provider")).get_by_role("button", name="Allow").click()
    heading(merchant.modal, f"{OAUTH} is connected")
    finish(merchant.modal.get_by_role("button", name="Done"))
    there = merchant.told["credentialId"]

    merchant.session = {"scopes": ["profile:read"]}
    modal = merchant.opens(app="dev-provider")
    expect(modal.get_by_role("button", name="Use this account")).to_be_visible()
    merchant.page.evaluate("evergrant.close()")
    merchant.session = {"scopes": ["profile:read", "orders:write"]}
    modal = merchant.opens(app="dev-provider")

    expect(modal.get_by_text("More permissions are needed.")).to_be_visible()
    expect(modal.get_by_role("button", name="Use this account")).to_have_count(0)
    press(modal, "Reconnect")
    heading(modal, f"Reconnect {OAUTH}")
    assert [each["credentialId"] for each in merchant.credentials()] == [there]
