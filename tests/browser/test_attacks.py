"""Attacks on whoever stands before the modal: another's links, another's pages, and texts that would like to run."""

from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Error, Route, expect

from tests.browser.conftest import Merchant
from tests.browser.modal import KEYS, OAUTH, heading, popup_of
from tests.browser.shop import Shop
from tests.browser.test_hosted import finished, link_for
from tests.stack.conftest import Stack

PAYLOADS = {
    "markup": "<img src=x onerror=alert(1)>",
    "script": "\"'></title><script>alert(1)</script>",
    "scheme": "javascript:alert(1)//https://x.example",
    "svg": "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "right-to-left": "\u202egnp.exe\u2066 javascript:alert(1)",
    "template": "{app}{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "style": "x;background:url(//x.example)}</style><svg/onload=alert(1)>",
    "long": "\uff21" * 400 + "<svg/onload=alert(1)>",
}
NAMES = {"name", "type", "kind", "status", "credentialId", "workspaceId", "userId", "locale", "expiresAt", "origins"}
"""What the modal goes by and never shows."""
BARE = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const { textContent, parentElement } = walker.currentNode;
    if (!/[\u202a-\u202e\u2066-\u2069]/.test(textContent)) continue;
    if (!parentElement.closest("bdi, [dir=auto], option")) found.push(textContent);
  }
  return found;
}"""


def hostile(value: Any, payload: str, key: str = "") -> Any:
    """The same answer, with that in the place of each text that is shown."""
    match value:
        case dict():
            return {name: hostile(each, payload, name) for name, each in cast("dict[str, Any]", value).items()}
        case list():
            # A way names its properties.
            inside = "name" if key == "properties" else key
            return [hostile(each, payload, inside) for each in cast("list[Any]", value)]
        case str() if key not in NAMES:
            return payload
        case _:
            return value


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=list(PAYLOADS))
def test_attack_67_no_text_of_a_catalogue_or_a_workspace_runs(merchant: Merchant, payload: str):
    merchant.has_key()

    def poisoned(route: Route) -> None:
        answer = route.fetch()
        content = hostile(answer.json(), payload)
        for each in content.get("credentials", []):
            each["name"] = payload
        if "branding" in content:
            content["branding"]["name"] = payload
        route.fulfill(response=answer, json=content)

    merchant.session = {"apps": ["dev-keys", "shopify"]}
    for path in ("session", "apps/*"):
        merchant.page.context.route(f"**/connect/{path}", poisoned)
    modal = merchant.opens(locale="en")
    expect(modal.get_by_role("heading", level=1)).to_have_text("Connect an app")
    frame = merchant.page.frames[1]
    bare = frame.evaluate(BARE)
    modal.locator(".row").first.click()
    modal.locator(".card .square").click()
    modal.locator(".manage .danger").click()
    bare += frame.evaluate(BARE)
    modal.locator("main > button.wide").click()
    modal.locator("form button.primary").click()
    bare += frame.evaluate(BARE)

    expect(modal.locator("[aria-invalid=true]").first).to_be_focused()
    assert bare == []
    assert (
        frame.evaluate(
            "document.querySelectorAll('main script, main svg:not(.icon), main [onerror], main [src^=data]').length"
        )
        == 0
    )
    expect(modal.locator("a[href^='javascript']")).to_have_count(0)


@pytest.mark.parametrize("payload", ["<script>alert(1)</script>", "\u202edeined", "javascript:alert(1)"])
def test_attack_15_what_a_provider_says_of_its_error_is_not_shown(merchant: Merchant, payload: str):
    def refused(route: Route) -> None:
        asked = urlsplit(route.request.url)
        ((callback,), (state,)) = (parse_qs(asked.query)[name] for name in ("redirect_uri", "state"))
        answer = {"error": payload, "error_description": payload, "error_uri": payload, "state": state}
        answer["iss"] = f"{asked.scheme}://{asked.netloc}"
        route.fulfill(status=302, headers={"location": f"{callback}?{urlencode(answer)}"})

    modal = merchant.opens(app="dev-provider")
    merchant.page.context.route("**/authorize?**", refused)
    modal.get_by_role("button", name=f"Continue to {OAUTH}").click()

    merchant.page.bring_to_front()
    expect(modal.locator(".mark.bad")).to_be_visible()
    assert payload not in modal.locator("body").inner_text()
    assert merchant.credentials() == []


def start_link(merchant: Merchant) -> str:
    query = {"userId": merchant.user, "app": "dev-provider", "returnUrl": f"{merchant.shop.url}/return"}
    answer = requests.get(
        f"{merchant.stack.url}/oauthUrl", query, headers={"authorization": f"Bearer {merchant.stack.key}"}, timeout=60
    )
    assert answer.ok, answer.text
    return answer.json()["oauthUrl"]


def hosted_link(merchant: Merchant) -> str:
    return link_for(merchant, "dev-provider")


@pytest.mark.parametrize("link", [start_link, hosted_link])
def test_attack_09_a_victim_who_follows_anothers_link_to_the_end_links_nothing(
    merchant: Merchant, link: Callable[[Merchant], str]
):
    victim = merchant.stack.user(f"victim-{merchant.user}@example.com")
    page = merchant.page
    page.goto(link(merchant))
    go_on = page.get_by_role("button", name=f"Continue to {OAUTH}")
    allow = page.get_by_role("button", name="Allow")
    expect(go_on.or_(allow)).to_be_visible()
    if go_on.is_visible():
        go_on.click()
    allow.click()

    assert finished(merchant, victim) == 403
    assert merchant.credentials() == []
    assert merchant.stack.request("GET", f"/users/{victim}/credentials").json()["data"] == []


def test_attack_09_a_victim_at_anothers_provider_page_links_nothing(merchant: Merchant):
    """The attacker traded the binder at home, and sends the provider's address alone."""
    session = {"authorization": f"Bearer {merchant.mint()}"}
    api = merchant.stack.url
    begun = requests.post(f"{api}/connect/oauth", json={"app": "dev-provider"}, headers=session, timeout=60).json()
    binder = {name: begun[name] for name in ("authorizationId", "binder")}
    own = {"origin": api, "sec-fetch-site": "same-origin"}
    bound = requests.post(f"{api}/connect/opening", json=binder, headers=own, timeout=60)
    assert bound.ok, bound.text

    merchant.page.goto(bound.json()["location"])
    with merchant.page.expect_navigation(url="**/oauth/callback/**") as refused:
        merchant.page.get_by_role("button", name="Allow").click()

    assert refused.value
    assert refused.value.status == 400
    looked = requests.get(f"{api}/connect/oauth/{begun['authorizationId']}", headers=session, timeout=60).json()
    assert "completion" not in looked
    assert merchant.credentials() == []


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Shop]:
    """A page of an origin that no workspace has registered."""
    page = Shop(stack.url, stack.workspace_id, lambda: "")
    yield page
    page.shutdown()
    page.server_close()


def test_attack_09_the_opening_page_takes_no_binder_from_another_site(merchant: Merchant, stranger: Shop):
    session = {"authorization": f"Bearer {merchant.mint()}"}
    api = merchant.stack.url
    begun = requests.post(f"{api}/connect/oauth", json={"app": "dev-provider"}, headers=session, timeout=60).json()
    merchant.page.goto(stranger.url)
    heard = "window.heard = []; addEventListener('message', (event) => window.heard.push(event.data));"
    merchant.page.evaluate(heard)

    with merchant.page.expect_popup() as opened:
        merchant.page.evaluate("(url) => { window.popup = open(url); }", f"{api}/connect/opening")
    opened.value.wait_for_load_state()
    merchant.page.evaluate(
        "(begun) => popup.postMessage({type: 'evergrant:binder', ...begun}, '*')",
        {name: begun[name] for name in ("authorizationId", "binder")},
    )
    # The pop-up has heard it by the time that its own message to itself arrives.
    opened.value.evaluate(
        "new Promise((done) => { addEventListener('message', done, {once: true}); postMessage('', '*'); })"
    )

    assert opened.value.url == f"{api}/connect/opening"
    assert [each.url for each in merchant.requests if each.method == "POST"] == []
    assert merchant.page.evaluate("heard") == []


@pytest.mark.parametrize("listed", ["listed", ""], ids=["listed", "unlisted"])
def test_attack_64_every_page_around_it_must_be_registered(merchant: Merchant, stranger: Shop, listed: str):
    """A shop's admin inside another admin."""
    around = merchant.shop if listed else stranger
    around.pages["/around"] = (
        f"<!doctype html><title>Admin</title><iframe src='{merchant.shop.url}/' width=800 height=700>"
    )
    merchant.shop.token = merchant.mint
    refusals: list[str] = []
    merchant.page.on("console", lambda message: refusals.append(message.text))

    merchant.page.goto(f"{around.url}/around")
    inner = merchant.page.frame_locator("iframe")
    inner.locator("#go").click()

    if listed:
        expect(inner.frame_locator("dialog iframe").get_by_role("heading", level=1)).to_be_visible()
    else:
        expect(inner.locator("dialog iframe")).to_be_visible()
        while not any("frame-ancestors" in each for each in refusals):
            merchant.page.wait_for_event("console")
        merchant.complaints[:] = [each for each in merchant.complaints if "frame-ancestors" not in each]
    assert any("frame-ancestors" in each for each in refusals) is not bool(listed)


def test_attack_65_no_text_becomes_markup_or_code(merchant: Merchant):
    heading(merchant.opens(app="dev-keys"), f"Connect {KEYS}")
    frame = merchant.page.frames[1]

    for attempt in ("document.body.innerHTML = '<b>'", "trustedTypes.createPolicy('x', {})"):
        with pytest.raises(Error, match="Trusted"):
            frame.evaluate(f"() => {{ {attempt} }}")
    frame.evaluate(
        "() => { const s = document.createElement('script'); s.append('window.ran = 1'); document.body.append(s); }"
    )

    assert frame.evaluate("window.ran") is None
    assert len(merchant.complaints) >= 2
    merchant.complaints.clear()


def test_attack_69_it_works_with_third_party_cookies_blocked(merchant: Merchant):
    """This browser blocks them; the one cookie there is belongs to the pop-up, where it is nobody's third party."""
    modal = merchant.opens(app="dev-provider")
    popup = popup_of(merchant, modal)
    frame = merchant.page.frames[1]
    frame.evaluate("document.cookie = 'seen=1; SameSite=None; Secure'")
    assert frame.evaluate("document.cookie") == ""
    popup.get_by_role("button", name="Allow").click()

    heading(modal, f"{OAUTH} is connected")
    assert all(
        "cookie" not in each.all_headers()
        for each in merchant.requests
        if "/connect/" in each.url and each.frame == frame
    )
