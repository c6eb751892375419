"""The hosted link: the same page alone, for a merchant who got it by mail or chat."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Merchant


def link_for(merchant: Merchant, app: str) -> str:
    body = {"userId": merchant.user, "apps": [app], "returnUrl": f"{merchant.shop.url}/return", "locale": "en"}
    answer = merchant.stack.request("POST", "/connect/sessions", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


def finished(merchant: Merchant, user: str) -> int:
    """As the owner's server does, for whoever is logged in there."""
    merchant.page.wait_for_url("**/return?**")
    (completion,) = parse_qs(urlsplit(merchant.page.url).query)["completion"]
    return merchant.stack.request("POST", "/connect/complete", {"completion": completion, "userId": user}).status_code


def give_a_key(merchant: Merchant) -> None:
    merchant.page.get_by_label("API key", exact=True).fill("pk_hosted")
    merchant.page.get_by_role("button", name="Connect", exact=True).click()


def test_a_hosted_key_form_is_finished_by_the_owners_server(merchant: Merchant):
    merchant.page.goto(link_for(merchant, "dev-keys"))
    give_a_key(merchant)
    merchant.page.wait_for_url("**/return?**")
    before = merchant.credentials()

    status = finished(merchant, merchant.user)

    assert (before, status, len(merchant.credentials())) == ([], 201, 1)


def test_hosted_oauth_goes_by_redirect(merchant: Merchant):
    merchant.page.goto(link_for(merchant, "dev-provider"))
    merchant.page.get_by_role("button", name="Continue to Dev Provider").click()
    merchant.page.get_by_role("button", name="Allow").click()

    assert finished(merchant, merchant.user) == 201


def test_attack_09_a_victim_who_opens_an_attackers_link_ends_with_nothing_linked(merchant: Merchant):
    victim = merchant.stack.user("victim-of-a-link@example.com")
    merchant.page.goto(link_for(merchant, "dev-keys"))
    give_a_key(merchant)

    assert finished(merchant, victim) == 403
    assert merchant.credentials() == []


def test_a_hosted_link_is_good_once_and_stays_in_no_address(merchant: Merchant):
    link = link_for(merchant, "dev-keys")
    merchant.page.goto(link)
    expect(merchant.page.get_by_role("heading", level=1, name="Connect Dev Keys")).to_be_visible()
    assert "#" not in merchant.page.url

    merchant.page.goto("about:blank")
    merchant.page.goto(link)

    expect(merchant.page.get_by_role("heading", level=1, name="This session has ended")).to_be_visible()
