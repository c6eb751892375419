"""What the modal and the SDK give away: nothing, to nobody."""

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Merchant
from tests.browser.shop import Shop
from tests.stack.conftest import Stack

EVIL = '<img src=x onerror=alert(1)>\u202e"><script>alert(2)</script>'


def test_attack_66_the_token_is_in_no_address_no_referrer_and_no_storage(merchant: Merchant):
    modal = merchant.opens(app="dev-provider")
    with merchant.page.expect_popup() as opened:
        modal.get_by_role("button", name="Continue to Dev Provider").click()
    opened.value.get_by_role("button", name="Allow").click()
    expect(modal.get_by_role("heading", level=1, name="Dev Provider is connected")).to_be_visible()

    storage = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    kept = [each.evaluate(storage) for each in merchant.page.frames]
    (token,) = merchant.tokens
    assert len(merchant.requests) > 10
    for each in merchant.requests:
        assert token not in each.url
        assert token not in each.headers.get("referer", "")
        assert "connect?" not in each.headers.get("referer", "")
    assert all(token not in each for each in kept)


def test_attack_64_a_page_that_is_not_registered_cannot_frame_it(browser: Browser, stack: Stack, merchant: Merchant):
    stranger = Shop(stack.url, stack.workspace_id, merchant.mint)
    page = merchant.page
    page.goto(stranger.url)
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text))

    page.click("#go")
    page.wait_for_timeout(2000)

    assert any("frame-ancestors" in each for each in refusals)
    assert page.evaluate("window.events") == []
    merchant.complaints[:] = [each for each in merchant.complaints if "frame-ancestors" not in each]
    stranger.shutdown()
    stranger.server_close()


def test_attack_63_strangers_messages_change_nothing(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    expect(modal.get_by_role("heading", level=1)).to_have_text("Connect Dev Keys")
    heard = "window.heard = []; addEventListener('message', (event) => window.heard.push(event.data));"
    merchant.page.evaluate(heard)

    merchant.page.evaluate(
        """() => {
        const frame = document.querySelector('dialog iframe');
        for (const type of ['evergrant:open', 'evergrant:completion', 'evergrant:ready', 'connected']) {
          const data = {type, token: 'evs_attacker', credentialId: 'cred_attacker', completion: 'x', options: {}};
          frame.contentWindow.postMessage(data, '*');
          window.postMessage(data, '*');
        }
        const stranger = document.createElement('iframe');
        stranger.srcdoc = `<script>parent.postMessage({type: 'evergrant:ready'}, '*');
          parent.frames[0].postMessage({type: 'evergrant:open', token: 'evs_attacker'}, '*')</` + `script>`;
        document.body.append(stranger);
        }"""
    )
    merchant.page.wait_for_timeout(1000)

    expect(modal.get_by_role("heading", level=1)).to_have_text("Connect Dev Keys")
    assert not any("evs_" in str(each) and "attacker" not in str(each) for each in merchant.page.evaluate("heard"))
    merchant.page.evaluate("evergrant.close()")
    assert merchant.told["error"] == "closed"


def test_attack_67_hostile_names_labels_and_logos_run_nothing(merchant: Merchant):
    known = merchant.stack.request("GET", "/apps/dev-keys").json()
    method = known["methods"][0]
    method = {
        **method,
        "label": EVIL[:60],
        "properties": [{**method["properties"][0], "label": EVIL[:60], "help": EVIL}],
    }
    entry = {
        "slug": "hostile",
        "name": EVIL[:60],
        "docs_url": "https://x.example/?javascript:alert(1)",
        "methods": [method],
    }
    answer = merchant.stack.request("PUT", "/apps/hostile", entry)
    assert answer.ok, answer.text
    merchant.session = {"apps": ["hostile"]}

    modal = merchant.opens()
    modal.get_by_role("button", name="Connect", exact=True).click()

    expect(modal.locator("[aria-invalid=true]")).to_have_count(1)
    expect(modal.locator("main img[src='x'], main script")).to_have_count(0)
    assert merchant.stack.request("DELETE", "/apps/hostile").ok


def test_storage_does_not_join_the_frame_and_the_pop_up(merchant: Merchant):
    """Or the tests above would pass for a wrong reason: merchants' browsers partition it."""
    modal = merchant.opens(app="dev-provider")
    expect(modal.get_by_role("heading", level=1)).to_be_visible()
    frame = merchant.page.frames[1]
    frame.evaluate("localStorage.setItem('seen', '1')")

    alone = merchant.page.context.new_page()
    alone.goto(f"{merchant.stack.url}/connect?workspace={merchant.stack.workspace_id}")

    assert alone.evaluate("localStorage.getItem('seen')") is None
