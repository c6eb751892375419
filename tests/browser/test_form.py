"""A form made from the catalogue: one way of several, values seen or not, mistakes said where they are made."""

from playwright.sync_api import expect

from tests.browser.conftest import Merchant


def test_what_does_not_fit_is_said_on_leaving_the_field_and_taken_back_while_typing(merchant: Merchant):
    modal = merchant.opens(app="shopify")
    modal.get_by_role("radio").last.check()
    shop = modal.locator("form input[type=text]")

    shop.press_sequentially("Not a shop")
    expect(shop).not_to_have_attribute("aria-invalid", "true")
    shop.press("Tab")
    expect(shop).to_have_attribute("aria-invalid", "true")
    expect(modal.locator(".field .error").first).not_to_be_empty()
    shop.fill("acm")
    shop.press_sequentially("e")

    expect(shop).not_to_have_attribute("aria-invalid", "true")
    expect(modal.locator(".field .error").first).to_be_empty()


def test_a_secret_is_hidden_until_it_is_asked_for(merchant: Merchant):
    modal = merchant.opens(app="dev-keys")
    key = modal.get_by_label("API key", exact=True)
    key.fill("pk_seen")
    before = key.get_attribute("type")

    modal.get_by_role("button", name="Show API key").click()

    expect(key).to_have_attribute("type", "text")
    modal.get_by_role("button", name="Hide API key").click()
    expect(key).to_have_attribute("type", "password")
    assert before == "password"


def test_each_way_has_its_own_fields_and_button(merchant: Merchant):
    modal = merchant.opens(app="shopify")
    ways = modal.get_by_role("radio")
    expect(ways.first).to_be_checked()

    seen: list[list[str]] = []
    for way in ways.all():
        way.check()
        seen.append([*modal.locator("form .field label").all_inner_texts(), modal.locator(".primary").inner_text()])

    assert len(seen) > 1
    assert len({tuple(each) for each in seen}) == len(seen)


def test_help_and_the_place_where_a_value_is_found_come_from_the_catalogue(merchant: Merchant):
    merchant.session = {"locale": "de"}
    modal = merchant.opens(app="shopify")
    modal.get_by_role("radio").last.check()

    expect(modal.locator(".help").first).to_have_attribute("lang", "en")
    where = modal.get_by_role("link", name="Wo finde ich das?")
    expect(where).to_have_attribute("href", merchant.stack.request("GET", "/apps/shopify").json()["docs_url"])
    expect(where).to_have_attribute("rel", "noreferrer")
