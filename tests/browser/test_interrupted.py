"""What merchants do besides: go back, open two tabs, lose the network, and press keys alone."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Merchant, finish
from tests.browser.modal import KEYS, OAUTH, heading, popup_of, press
from tests.browser.test_hosted import finished, link_for


def allow(page: Page) -> None:
    page.get_by_role("button", name="Allow").click()


def test_who_goes_back_from_the_provider_to_a_used_link_is_told_what_to_do(merchant: Merchant):
    """A browser that keeps pages does better: `tests/browsers` has it. This one, steered, keeps none."""
    page = merchant.page
    page.goto(link_for(merchant, "dev-provider"))
    page.get_by_role("button", name=f"Continue to {OAUTH}").click()
    page.wait_for_url("**/authorize?**")

    page.go_back()

    expect(page.get_by_role("heading", level=1, name="This session has ended")).to_be_visible()
    expect(page.get_by_text("Go back to the page that you came from and start again.")).to_be_visible()
    assert merchant.credentials() == []


def test_back_in_the_pop_up_leads_nowhere_and_reloading_it_does_no_harm(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    popup = popup_of(merchant, modal)

    assert popup.evaluate("history.length") == 1
    popup.reload()
    allow(popup)

    heading(modal, f"{OAUTH} is connected")
    assert len(merchant.credentials()) == 1


def test_a_page_that_is_reloaded_while_the_window_is_open_begins_anew(merchant: Merchant):
    popup = popup_of(merchant, merchant.opens(app="dev-provider"))
    merchant.page.reload()
    allow(popup)
    merchant.page.bring_to_front()
    merchant.page.click("#go")

    allow(popup_of(merchant, merchant.modal))

    heading(merchant.modal, f"{OAUTH} is connected")
    assert len(merchant.credentials()) == 1


def test_two_tabs_at_once_each_get_their_own(merchant: Merchant):
    first, second = merchant.page, merchant.page.context.new_page()
    popups: list[Page] = []
    for page in (first, second):
        merchant.page = page
        popups.append(popup_of(merchant, merchant.opens(app="dev-provider")))

    # The later one first, and each as another store.
    told: list[str] = []
    for page, popup, store in ((second, popups[1], "acct_grace"), (first, popups[0], "acct_ada")):
        merchant.page = page
        popup.get_by_label("Store").select_option(store)
        allow(popup)
        heading(merchant.modal, f"{OAUTH} is connected")
        finish(merchant.modal.get_by_role("button", name="Done"))
        told.append(merchant.told["credentialId"])

    names = {each["credentialId"]: each["name"] for each in merchant.credentials()}
    assert [names[each] for each in told] == [f"{OAUTH} Grace's Store", f"{OAUTH} Ada's Store"]


def test_the_network_may_go_while_the_window_is_open(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    popup = popup_of(merchant, modal)
    asked = "**/connect/oauth/*"
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    merchant.page.context.route(asked, lose)
    merchant.page.context.wait_for_event("requestfailed")
    merchant.page.context.unroute(asked)

    allow(popup)

    heading(modal, f"{OAUTH} is connected")
    assert lost
    assert len(merchant.credentials()) == 1


def test_an_app_is_chosen_found_and_connected_by_keys_alone(merchant: Merchant):
    modal = merchant.opens()
    heading(modal, "Connect an app")
    keyboard = merchant.page.keyboard

    keyboard.press("Tab")
    expect(modal.get_by_role("searchbox")).to_be_focused()
    keyboard.type("dev prov")
    row = modal.get_by_role("button", name=OAUTH)
    for _ in range(3):
        keyboard.press("Tab")
        if row.evaluate("(each) => each === document.activeElement"):
            break
    keyboard.press("Enter")
    heading(modal, f"Connect {OAUTH}")
    keyboard.press("Tab")
    with merchant.page.expect_popup() as opened:
        keyboard.press("Enter")
    allow(opened.value)

    merchant.page.bring_to_front()
    heading(modal, f"{OAUTH} is connected")
    assert len(merchant.credentials()) == 1


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_focus_does_not_reach_the_page_behind(merchant: Merchant, key: str):
    modal = merchant.opens(app="dev-keys")
    heading(modal, f"Connect {KEYS}")
    seen: set[str] = set()

    for _ in range(12):
        merchant.page.keyboard.press(key)
        seen.add(merchant.page.evaluate("document.activeElement.tagName"))

    assert "IFRAME" in seen
    assert seen <= {"IFRAME", "DIALOG", "BODY"}
    assert merchant.page.evaluate("document.activeElement.id") != "go"


def test_a_dialog_may_send_the_whole_page_and_gets_it_back(merchant: Merchant):
    merchant.session = {"returnUrl": f"{merchant.shop.url}/return"}
    modal = merchant.opens(app="dev-provider", mode="redirect")
    press(modal, f"Continue to {OAUTH}")
    merchant.page.wait_for_url("**/authorize?**")

    merchant.page.go_back()
    merchant.page.click("#go")
    press(merchant.modal, f"Continue to {OAUTH}")
    allow(merchant.page)

    merchant.page.wait_for_url("**/return?**")
    assert "completion" in parse_qs(urlsplit(merchant.page.url).query)
    assert finished(merchant, merchant.user) == 201
