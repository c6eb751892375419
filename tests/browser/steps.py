"""All that the modal shows, one step after the other, in any language."""

from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Merchant, finish

BLOCKED = "window.open = () => null"
"""As a blocker has it; a headless browser has none."""

LOGOS = """() => Promise.allSettled([...document.images]
  .filter((each) => each.getBoundingClientRect().top < innerHeight)
  .map((each) => { each.loading = 'eager'; return each.decode(); }))"""
"""Those in sight are there: a lazy one may else never come."""


def every_step(merchant: Merchant) -> Iterator[str]:
    """The name of each step while it is shown, its heading focused or its field in error."""
    yield from _choosing(merchant)
    yield from _a_key(merchant)
    yield from _oauth(merchant)
    yield from _reconnecting(merchant)
    yield from _several_ways(merchant)
    yield from _over(merchant)


def _choosing(merchant: Merchant) -> Iterator[str]:
    merchant.has_key()
    modal = merchant.opens()
    expect(_heading(merchant)).to_be_focused()
    merchant.page.frames[1].evaluate(LOGOS)
    yield "choose"
    said, none = modal.locator("#said"), modal.locator("main > p.quiet")
    modal.get_by_role("searchbox").fill("dev ")
    expect(said).not_to_be_empty()
    yield "search"
    modal.get_by_role("searchbox").fill("no such app")
    expect(none).to_be_visible()
    expect(said).to_have_text(none.inner_text())
    yield "none-found"
    modal.get_by_role("searchbox").fill("dev keys")
    _step(merchant, modal.locator(".row:visible"))
    yield "accounts"
    toggle = modal.locator(".card .square")
    toggle.click()
    yield "manage"
    modal.locator(".manage > button").first.click()
    yield "rename"
    modal.locator(".manage .actions button").last.click()
    modal.locator(".manage > button.danger").click()
    yield "disconnect"
    _step(merchant, modal.locator("main > button.wide"))


def _a_key(merchant: Merchant) -> Iterator[str]:
    modal = merchant.modal
    submit = modal.locator("form button.primary")
    yield "form"
    submit.click()
    expect(modal.locator("[aria-invalid=true]")).to_be_focused()
    yield "missing"
    modal.locator("form input").fill("sk_refused")
    submit.click()
    expect(modal.locator("form .error:visible")).to_be_visible()
    yield "refused"
    modal.locator("form input").fill("pk_seen")
    _step(merchant, submit, ".mark.good")
    yield "connected"
    finish(modal.locator("main > button.primary"))


def _oauth(merchant: Merchant) -> Iterator[str]:
    modal = merchant.opens(app="dev-provider")
    expect(_heading(merchant)).to_be_focused()
    yield "oauth"
    popup = _popup(merchant, modal.locator("form button.primary"))
    yield "waiting"
    popup.bring_to_front()
    popup.get_by_role("button", name="Deny").click()
    _turned(merchant, ".mark.warn")
    yield "denied"
    popup = _popup(merchant, modal.locator("main button.primary"))
    popup.close()
    expect(modal.locator("main [role=status]")).not_to_be_empty()
    yield "window-closed"
    merchant.page.frames[1].evaluate(BLOCKED)
    _step(merchant, modal.locator(".actions button").first, ".mark.bad")
    yield "blocked"
    merchant.page.context.route(
        "**/connect/oauth",
        lambda route: route.fulfill(status=502, json={"code": "provider_error", "requestId": "req-1"}),
    )
    modal = merchant.opens(app="dev-provider")
    _step(merchant, modal.locator("form button.primary"), ".mark.bad")
    yield "provider-problem"
    merchant.page.context.unroute("**/connect/oauth")


def _reconnecting(merchant: Merchant) -> Iterator[str]:
    modal = merchant.opens(app="dev-provider")
    _allowed(_popup(merchant, modal.locator("form button.primary")), "acct_ada")
    _turned(merchant, ".mark.good")
    finish(modal.locator("main > button.primary"))
    there = next(each for each in merchant.credentials() if each["type"] == "dev-provider")
    merchant.session["scopes"] = ["profile:read", "orders:write"]
    modal = merchant.opens(app="dev-provider")
    expect(modal.locator(".badge.warn")).to_be_visible()
    yield "scopes-missing"
    merchant.session.pop("scopes")
    modal = merchant.opens(credentialId=there["credentialId"])
    expect(_heading(merchant)).to_be_focused()
    yield "reconnect"
    _allowed(_popup(merchant, modal.locator("form button.primary")), "acct_grace")
    _turned(merchant, ".mark.bad")
    yield "wrong-account"


def _several_ways(merchant: Merchant) -> Iterator[str]:
    modal = merchant.opens(app="shopify")
    modal.locator("input[type=radio]").last.check()
    yield "ways"
    modal.locator("form input[type=text]").fill("Not a shop")
    modal.locator("input[type=password]").fill("shpat_")
    modal.locator("form button.primary").click()
    expect(modal.locator("[aria-invalid=true]")).to_have_count(2)
    yield "not-like"


def _over(merchant: Merchant) -> Iterator[str]:
    page = merchant.page
    page.evaluate("evergrant.close()")
    merchant.shop.token = lambda: "evs_not_a_session"
    page.evaluate("evergrant.onTokenExpired(() => '')")
    page.click("#go")
    expect(merchant.modal.locator(".mark.bad")).to_be_visible()
    yield "over"


def _heading(merchant: Merchant) -> Locator:
    return merchant.modal.locator("h1")


def _step(merchant: Merchant, pressed: Locator, sign: str = "h1") -> None:
    pressed.click()
    _turned(merchant, sign)


def _turned(merchant: Merchant, sign: str) -> None:
    """A closed pop-up leaves its page in the background, where nothing has the focus."""
    merchant.page.bring_to_front()
    expect(merchant.modal.locator(sign)).to_be_visible()
    expect(_heading(merchant)).to_be_focused()


def _popup(merchant: Merchant, pressed: Locator) -> Page:
    merchant.page.bring_to_front()
    with merchant.page.expect_popup() as opened:
        pressed.click()
    opened.value.wait_for_url("**/authorize?**")
    merchant.page.bring_to_front()
    return opened.value


def _allowed(popup: Page, account: str) -> None:
    popup.bring_to_front()
    popup.get_by_label("Store").select_option(account)
    popup.get_by_role("button", name="Allow").click()
