"""What a merchant does in the modal, on a page of another site, against the running stack and its provider."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Merchant, finish
from tests.browser.modal import KEYS, OAUTH, heading, popup_of, press


def test_a_key_is_given_in_a_form_and_connected(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    heading(modal, f"Connect {KEYS}")

    modal.get_by_label("API key", exact=True).fill("  pk_live_1  ")
    press(modal, "Connect")

    heading(modal, f"{KEYS} is connected")
    finish(modal.get_by_role("button", name="Done"))
    told = merchant.told
    assert [each["credentialId"] for each in merchant.credentials()] == [told["credentialId"]]


def test_an_empty_field_is_said_at_the_field(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")

    press(modal, "Connect")

    field = modal.get_by_label("API key", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Any that begins with pk_ is good. Enter API key.")
    assert merchant.credentials() == []


def test_a_double_click_connects_once(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    modal.get_by_label("API key", exact=True).fill("pk_twice")

    modal.get_by_role("button", name="Connect", exact=True).dblclick()

    heading(modal, f"{KEYS} is connected")
    assert len(merchant.credentials()) == 1


def test_an_app_is_found_by_typing(merchant: Merchant):
    modal = merchant.opens()
    heading(modal, "Connect an app")

    modal.get_by_role("searchbox", name="Search apps").fill("dev ke")
    modal.get_by_role("button", name=KEYS).click()

    heading(modal, f"Connect {KEYS}")
    press(modal, "Back")
    heading(modal, "Connect an app")
    assert "step" in merchant.page.evaluate("events.map((each) => each.type)")


def test_oauth_in_a_pop_up_connects(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")

    popup = popup_of(merchant, modal)
    with popup.expect_event("close"):
        popup.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected")
    finish(modal.get_by_role("button", name="Done"))
    assert [each["credentialId"] for each in merchant.credentials()] == [merchant.told["credentialId"]]


def test_oauth_that_is_denied_says_so_and_can_be_tried_again(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    popup_of(merchant, modal).get_by_role("button", name="Deny").click()
    heading(modal, "Access was not allowed")

    with merchant.page.expect_popup() as again:
        press(modal, "Try again")
    again.value.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected")
    assert len(merchant.credentials()) == 1


def test_a_denial_is_what_the_page_is_told_when_the_dialog_is_closed(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    popup_of(merchant, modal).get_by_role("button", name="Deny").click()
    heading(modal, "Access was not allowed")

    finish(modal.get_by_role("main").get_by_role("button", name="Close"))

    assert merchant.told["error"] == "denied"
    assert merchant.credentials() == []


def test_a_closed_pop_up_is_noticed_and_can_be_opened_again(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    popup_of(merchant, modal).close()
    expect(modal.get_by_text("Closed the window?")).to_be_visible()

    with merchant.page.expect_popup() as again:
        press(modal, "Open again")
    again.value.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected")
    assert len(merchant.credentials()) == 1


def test_what_is_connected_is_reused_without_authenticating(merchant: Merchant):
    there = merchant.has_key()
    modal = merchant.opens(app="dev-keys")
    expect(modal.get_by_role("heading", name="Already connected")).to_be_visible()

    press(modal, "Use this account")

    heading(modal, f"{KEYS} is connected")
    finish(modal.get_by_role("button", name="Done"))
    assert merchant.told["credentialId"] == there
    assert len(merchant.credentials()) == 1


def test_what_is_connected_is_renamed_and_disconnected(merchant: Merchant):
    merchant.has_key()
    modal = merchant.opens(app="dev-keys")

    modal.get_by_role("button", name="Manage").click()
    press(modal, "Rename")
    modal.get_by_label("New name").fill("The northern shop")
    press(modal, "Save")
    expect(modal.get_by_text("The northern shop")).to_be_visible()
    assert [each["name"] for each in merchant.credentials()] == ["The northern shop"]

    modal.get_by_role("button", name="Manage").click()
    press(modal, "Disconnect")
    expect(modal.get_by_text("Disconnect The northern shop?")).to_be_visible()
    press(modal, "Disconnect")
    expect(modal.get_by_label("API key", exact=True)).to_be_visible()
    assert merchant.credentials() == []


@pytest.mark.parametrize("account", ["acct_ada", "acct_grace"])
def test_reconnecting_takes_the_same_account_alone(merchant: Merchant, account: str):
    modal = merchant.opens(app="dev-provider")
    popup_of(merchant, modal).get_by_role("button", name="Allow").click()
    heading(modal, f"{OAUTH} is connected")
    there = merchant.credentials()[0]["credentialId"]
    finish(modal.get_by_role("button", name="Done"))

    modal = merchant.opens(credentialId=there)
    heading(modal, f"Reconnect {OAUTH}")
    with merchant.page.expect_popup() as opened:
        press(modal, f"Continue to {OAUTH}")
    opened.value.get_by_label("Store").select_option(account)
    opened.value.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected" if account == "acct_ada" else "That is another account")
    assert [each["credentialId"] for each in merchant.credentials()] == [there]


def test_a_key_is_reconnected_in_place(merchant: Merchant):
    there = merchant.has_key()
    modal = merchant.opens(credentialId=there)
    heading(modal, f"Reconnect {KEYS}")

    modal.get_by_label("API key", exact=True).fill("pk_before")
    press(modal, "Reconnect")

    heading(modal, f"{KEYS} is connected")
    assert [each["credentialId"] for each in merchant.credentials()] == [there]


def test_a_session_that_is_over_is_renewed_and_what_was_typed_stays(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    modal.get_by_label("API key", exact=True).fill("pk_kept")
    refused: list[str] = []

    def over(route: Route) -> None:
        if refused:
            route.fallback()
            return
        refused.append(route.request.headers["authorization"])
        route.fulfill(status=401, json={"message": "over", "code": "unauthorized"})

    merchant.page.context.route("**/connect/credentials", over)
    press(modal, "Connect")

    heading(modal, f"{KEYS} is connected")
    assert len(merchant.tokens) == 2
    assert len(refused) == 1


@pytest.mark.parametrize("answers", ["() => { throw new Error('logged out'); }", "() => undefined"])
def test_a_session_that_is_over_for_good_has_words(merchant: Merchant, answers: str):
    modal = merchant.opens(app="dev-keys")
    modal.get_by_label("API key", exact=True).fill("pk_lost")
    merchant.page.evaluate(f"evergrant.onTokenExpired({answers})")
    merchant.page.context.route("**/connect/credentials", lambda route: route.fulfill(status=401, json={}))

    press(modal, "Connect")

    heading(modal, "This session has ended")
    finish(modal.get_by_role("main").get_by_role("button", name="Close"))
    assert merchant.told["error"] == "expired_token"
    # Nothing came in the old token's place.
    merchant.page.evaluate("void evergrant.connect({app: 'dev-keys'})")
    heading(merchant.modal, f"Connect {KEYS}")


def test_a_lost_connection_has_words_and_a_way_on(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    modal.get_by_label("API key", exact=True).fill("pk_offline")

    merchant.page.context.set_offline(True)
    press(modal, "Connect")
    expect(modal.get_by_role("alert").filter(has_text="Check your internet connection")).to_be_visible()
    merchant.page.context.set_offline(False)
    press(modal, "Connect")

    heading(modal, f"{KEYS} is connected")
    assert len(merchant.credentials()) == 1


def test_a_page_that_cuts_pop_ups_off_has_a_tab_instead(merchant: Merchant):
    merchant.shop.headers = {"Cross-Origin-Opener-Policy": "same-origin"}
    modal = merchant.opens(app="dev-provider")

    with merchant.page.context.expect_page() as opened:
        press(modal, f"Continue to {OAUTH}")
    opened.value.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected")
    assert len(merchant.credentials()) == 1


def test_the_keyboard_alone_is_enough(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    heading(modal, f"Connect {KEYS}")
    keyboard = merchant.page.keyboard
    expect(modal.get_by_role("heading", level=1)).to_be_focused()

    keyboard.press("Tab")
    expect(modal.get_by_label("API key", exact=True)).to_be_focused()
    keyboard.type("pk_typed")
    keyboard.press("Enter")
    heading(modal, f"{KEYS} is connected")
    keyboard.press("Tab")
    keyboard.press("Enter")

    assert merchant.told["credentialId"]
    expect(merchant.page.locator("#go")).to_be_focused()


def test_escape_closes_gives_the_focus_back_and_leaves_nothing(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    heading(modal, f"Connect {KEYS}")
    assert merchant.page.evaluate("document.documentElement.style.overflow") == "hidden"

    merchant.page.keyboard.press("Escape")

    assert merchant.told == {"error": "closed", "requestId": None}
    expect(merchant.page.locator("#go")).to_be_focused()
    expect(merchant.page.locator("dialog")).to_have_count(0)
    assert merchant.page.evaluate("document.documentElement.style.overflow") == ""


def test_closing_closes_the_dialog(merchant: Merchant):
    merchant.opens(app="dev-keys")
    heading(merchant.modal, f"Connect {KEYS}")

    merchant.page.evaluate("evergrant.close()")

    assert merchant.told["error"] == "closed"


def test_authenticate_calls_back_as_alloys_does(merchant: Merchant):
    merchant.has_key()
    merchant.opens(app="dev-keys")
    heading(merchant.modal, f"Connect {KEYS}")
    merchant.page.evaluate("evergrant.close()")
    assert merchant.told["error"] == "closed"

    merchant.page.evaluate("evergrant.authenticate({app: 'dev-keys', callback: (data) => { window.data = data; }})")
    press(merchant.modal, "Use this account")
    finish(merchant.modal.get_by_role("button", name="Done"))

    data = merchant.page.wait_for_function("window.data").json_value()
    there = merchant.credentials()[0]["credentialId"]
    assert data == {"success": True, "credentialId": there, "connectionId": there}
