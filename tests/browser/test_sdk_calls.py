"""The SDK as an engineer calls it, and as somebody would who tampers with it."""

import pytest
import requests
from playwright.sync_api import Route, expect

from tests.browser.conftest import Merchant
from tests.browser.modal import KEYS, heading

CONNECT = "(wanted) => { window.made = evergrant.connect(wanted).then(() => '', (error) => window.error = error); }"


def test_a_signal_closes_the_dialog_and_its_reason_is_told(merchant: Merchant):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")
    merchant.page.evaluate("evergrant.close()")
    merchant.page.evaluate(
        "() => { window.stop = new AbortController(); const { signal } = stop;"
        " evergrant.connect({app: 'dev-keys', signal}).catch((error) => { window.reason = error; }); }"
    )
    heading(merchant.modal, f"Connect {KEYS}")

    merchant.page.evaluate("stop.abort('enough')")

    merchant.page.wait_for_function("window.reason")
    assert merchant.page.evaluate("reason") == "enough"
    expect(merchant.page.locator("dialog")).to_have_count(0)


def test_alloys_callback_hears_a_word_when_a_signal_closes_the_dialog(merchant: Merchant):
    """An AbortError's own `code` is the number 20."""
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")
    merchant.page.evaluate("evergrant.close()")
    merchant.page.evaluate(
        "() => { const stop = new AbortController(); evergrant.authenticate({app: 'dev-keys', signal: stop.signal,"
        " callback: (outcome) => { window.outcome = outcome; }}); stop.abort(); }"
    )

    told = merchant.page.wait_for_function("window.outcome").json_value()

    assert told == {"success": False, "error": "closed", "requestId": None}


def test_a_listener_that_throws_keeps_the_outcome_from_nobody(merchant: Merchant):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")
    merchant.page.evaluate("evergrant.close()")
    merchant.page.evaluate(
        "(wanted) => { evergrant.onEvent(({ type }) => { if (type === 'closed') throw new Error('Of the host'); });"
        " evergrant.connect(wanted).catch((error) => { window.error = error; });"
        " try { evergrant.close(); } catch { window.thrown = true; } }",
        {"app": "dev-keys"},
    )

    assert merchant.page.wait_for_function("window.error && error.code", timeout=10_000).json_value() == "closed"


@pytest.mark.parametrize("what", ["dialog", "body > *"])
def test_a_page_that_takes_the_dialog_away_has_closed_it(merchant: Merchant, what: str):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")
    merchant.page.evaluate("evergrant.close()")
    merchant.page.evaluate(CONNECT, {"app": "dev-keys"})
    heading(merchant.modal, f"Connect {KEYS}")

    merchant.page.evaluate("(what) => document.querySelectorAll(what).forEach((each) => each.remove())", what)

    told = merchant.page.wait_for_function("window.error && error.code", timeout=10_000).json_value()
    assert (told, merchant.page.evaluate("document.documentElement.style.overflow")) == ("closed", "")
    merchant.page.evaluate(CONNECT, {"app": "dev-keys"})
    heading(merchant.modal, f"Connect {KEYS}")


def test_a_page_without_a_body_yet_has_its_dialog(merchant: Merchant):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")
    merchant.page.evaluate("evergrant.close()")
    merchant.page.evaluate("document.body.remove()")

    merchant.page.evaluate(CONNECT, {"app": "dev-keys"})

    expect(merchant.modal.get_by_role("heading", level=1, name=f"Connect {KEYS}")).to_be_visible(timeout=60_000)


def test_the_dialog_is_called_as_asked_and_hides_its_heading(merchant: Merchant):
    modal = merchant.opens(app="dev-keys", title="Connect your till", hide=True)
    heading(modal, f"Connect {KEYS}")

    expect(merchant.page.get_by_role("dialog", name="Connect your till")).to_be_visible()
    expect(merchant.page.locator("dialog iframe")).to_have_attribute("title", "Connect your till")
    expect(modal.locator("header .brand")).to_have_text("")


def test_a_category_narrows_the_choice(merchant: Merchant):
    modal = merchant.opens(category="accounting")
    heading(modal, "Connect an app")

    expect(modal.get_by_role("button", name="Xero", exact=True)).to_be_visible()
    expect(modal.get_by_role("button", name="Shopify", exact=True)).to_have_count(0)


@pytest.mark.parametrize(("region", "moves"), [("EU", False), ("", False), ("http://eu.example/v1", True)])
def test_a_region_is_an_address_or_nothing(merchant: Merchant, region: str, moves: bool):  # noqa: FBT001
    merchant.shop.token = merchant.mint
    merchant.page.context.route("http://eu.example/**", lambda route: route.fulfill(body="", content_type="text/html"))
    merchant.page.goto(f"{merchant.shop.url}/#%7B%7D")

    is_itself = merchant.page.evaluate("(region) => evergrant.setRegion(region) === evergrant", region)
    merchant.page.click("#go")

    base = "http://eu.example/v1" if moves else merchant.stack.url
    address = f"{base}/connect?workspace={merchant.stack.workspace_id}#host={merchant.shop.url}"
    expect(merchant.page.locator("dialog iframe")).to_have_attribute("src", address)
    assert is_itself
    merchant.page.evaluate("evergrant.close()")


def test_what_happens_is_told_in_order(merchant: Merchant):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")
    merchant.page.evaluate("evergrant.close()")

    told = merchant.page.evaluate("events")

    assert told == [{"type": "opened"}, {"type": "step", "step": "connect", "app": "dev-keys"}, {"type": "closed"}]


def test_nothing_is_listened_to_after_the_dialog(merchant: Merchant):
    """Each listener that the page was given is taken back."""
    merchant.page.add_init_script(
        """window.heard = 0;
        const add = EventTarget.prototype.addEventListener, remove = EventTarget.prototype.removeEventListener;
        EventTarget.prototype.addEventListener = function (type, listener, options) {
          if (this === window || this === document) {
            window.heard += 1;
            options?.signal?.addEventListener("abort", () => { window.heard -= 1; });
          }
          return add.call(this, type, listener, options);
        };
        EventTarget.prototype.removeEventListener = function (type, listener, options) {
          if (this === window || this === document) window.heard -= 1;
          return remove.call(this, type, listener, options);
        };"""
    )
    merchant.shop.token = merchant.mint
    merchant.page.goto(f"{merchant.shop.url}/#%7B%22app%22:%22dev-keys%22%7D")
    before = merchant.page.evaluate("heard")
    merchant.page.click("#go")
    heading(merchant.modal, f"Connect {KEYS}")
    during = merchant.page.evaluate("heard")

    merchant.page.evaluate("evergrant.close()")

    assert (before, during > before, merchant.page.evaluate("heard")) == (0, True, 0)


def test_two_dialogs_at_once_are_refused(merchant: Merchant):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")

    merchant.page.evaluate(CONNECT, {})

    assert merchant.page.wait_for_function("window.error && error.code").json_value() == "invalid_request"


def test_a_dialog_that_does_not_load_says_so(merchant: Merchant):
    merchant.page.clock.install()
    merchant.page.context.route("**/connect?**", lambda route: route.fulfill(body="Nothing", content_type="text/plain"))
    merchant.opens(app="dev-keys")
    expect(merchant.page.locator("dialog iframe")).to_be_visible()

    merchant.page.clock.run_for(21_000)

    assert merchant.told["error"] == "unavailable"


def test_attack_68_nothing_of_the_sdk_can_be_changed_or_slips_in(merchant: Merchant):
    merchant.page.goto(merchant.shop.url)
    before = "(() => { const frame = document.body.appendChild(document.createElement('iframe')); "
    made = merchant.page.evaluate(
        before + "const bare = Object.keys(frame.contentWindow); frame.remove();"
        " return Object.keys(window).filter((each) => !bare.includes(each)); })()"
    )
    polluted = merchant.page.evaluate(
        """() => {
        const wanted = JSON.parse('{"app": "dev-keys", "__proto__": {"polluted": true}}');
        evergrant.connect(wanted).catch(() => {});
        evergrant.setToken = () => 'mine';
        return [{}.polluted ?? null, Object.isFrozen(evergrant), `${evergrant.setToken}`.includes('mine')];
        }"""
    )

    assert {"Evergrant"} <= set(made) <= {"Evergrant", "EvergrantError", "evergrant", "events"}
    assert polluted == [None, True, False]


def test_attack_68_a_tampered_sdk_does_not_run(merchant: Merchant):
    published = requests.get(f"{merchant.stack.url}/sdk/integrity.json", timeout=60).json()
    script = f'<script src="{published["url"]}" integrity="{published["integrity"]}" crossorigin></script>'
    merchant.shop.pages["/pinned"] = f"<!doctype html><title>Pinned</title>{script}"
    page = merchant.page
    page.goto(f"{merchant.shop.url}/pinned")
    as_published = page.evaluate("typeof Evergrant")

    def tampered(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text() + "\n")

    page.context.route("**/sdk/**", tampered)
    page.goto("about:blank")
    page.goto(f"{merchant.shop.url}/pinned")

    assert as_published == "function"
    assert page.evaluate("typeof Evergrant") == "undefined"
    merchant.complaints[:] = [each for each in merchant.complaints if "integrity" not in each]
