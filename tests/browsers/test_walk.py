"""A merchant's walk in the other engines: a key form, and OAuth in a pop-up. Chromium's tier has all the rest."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser.shop import Shop
from tests.browsers.conftest import BROWSERS
from tests.browsers.webdriver import Driver, until
from tests.stack.conftest import Stack

PICTURES = Path(os.environ.get("PICTURES", ".browser/pictures"))
FRAME = "//dialog[@class='evergrant']/iframe"


@pytest.fixture(params=BROWSERS, ids=lambda each: each.__name__.lower(), scope="module")
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """A browser with an empty profile."""
    kind: type[Driver] = request.param
    if missing := kind.missing():
        pytest.skip(f"{missing} is not installed")
    with kind() as started:
        yield started


@pytest.fixture
def user(stack: Stack) -> str:
    return stack.user(f"merchant-{os.urandom(6).hex()}@example.com")


@pytest.fixture
def opens(driver: Driver, stack: Stack, site: Shop, user: str) -> Callable[..., None]:
    """The dialog of that app, opened by a click; the driver is then in its frame."""

    def mint() -> str:
        return stack.request("POST", "/connect/sessions", {"userId": user, "locale": "en"}).json()["token"]

    def open_dialog(**options: object) -> None:
        site.token = mint
        driver.open("about:blank")
        driver.open(f"{site.url}/#{quote(json.dumps(options))}")
        driver.press("Connect an app")
        driver.into(FRAME)

    return open_dialog


def told(driver: Driver) -> dict[str, str]:
    """What the product's page was told in the end."""
    driver.out()
    return json.loads(until(lambda: driver.run("return document.getElementById('told').textContent")))


def credentials(stack: Stack, user: str) -> list[str]:
    found = stack.request("GET", f"/users/{user}/credentials").json()["data"]
    return [each["credentialId"] for each in found]


def seen(driver: Driver, step: str) -> None:
    """A picture of the whole page: Firefox takes none from inside another site's frame."""
    driver.out()
    driver.picture(PICTURES / f"{type(driver).__name__.lower()}-{step}.png")
    driver.into(FRAME)


def test_a_key_is_given_in_a_form(driver: Driver, stack: Stack, user: str, opens: Callable[..., None]):
    opens(app="dev-keys")
    driver.heading("Connect Dev Keys")
    seen(driver, "1-form")
    driver.press("Connect")
    driver.find("//*[@aria-invalid='true']")
    driver.type("API key", "pk_typed")
    driver.press("Connect")
    driver.heading("Dev Keys is connected")
    seen(driver, "2-connected")
    driver.press("Done")

    assert credentials(stack, user) == [told(driver)["credentialId"]]


@pytest.mark.parametrize("opener", ["unsafe-none", "same-origin-allow-popups", "same-origin"])
def test_oauth_goes_by_a_window(
    driver: Driver, stack: Stack, site: Shop, user: str, opens: Callable[..., None], opener: str
):
    """A window of its own; a tab where the product's page would cut that off."""
    site.headers = {"Cross-Origin-Opener-Policy": opener}
    opens(app="dev-provider")
    page = driver.ask("GetWindowHandle")
    driver.heading("Connect Dev Provider")
    before = driver.windows()
    driver.press("Continue to Dev Provider")

    (popup,) = until(lambda: driver.windows() - before)
    driver.to(popup)
    driver.find("//button[@value='allow']")
    # By script: Firefox drops a click on a window that it has not painted yet, and the provider's page is not ours.
    driver.run("document.querySelector('button[value=allow]').click()")
    until(lambda: driver.windows() == before)
    driver.to(page)
    driver.into(FRAME)
    driver.heading("Dev Provider is connected")
    seen(driver, f"3-oauth-{opener}")
    driver.press("Done")

    assert credentials(stack, user) == [told(driver)["credentialId"]]


def test_what_is_connected_is_reused(driver: Driver, stack: Stack, user: str, opens: Callable[..., None]):
    body = {"userId": user, "credential": {"type": "dev-keys", "data": {"apiKey": "pk_before"}}}
    there = stack.request("POST", "/credentials", body).json()["credentialId"]

    opens(app="dev-keys")
    driver.press("Use this account")
    driver.heading("Dev Keys is connected")
    driver.press("Done")

    assert told(driver)["credentialId"] == there


def test_who_goes_back_from_the_provider_goes_on_or_is_told_what_to_do(
    driver: Driver, stack: Stack, site: Shop, user: str
):
    """A kept page can be pressed again; one that was loaded anew has lost its link, which was good once."""
    body = {"userId": user, "apps": ["dev-provider"], "returnUrl": f"{site.url}/return", "locale": "en"}
    driver.open(stack.request("POST", "/connect/sessions", body).json()["url"])
    driver.press("Continue to Dev Provider")
    driver.find("//button[@value='allow']")

    driver.ask("Back")
    words = "Continue to Dev Provider" if driver.keeps_pages else "This session has ended"
    driver.find(f"//*[self::h1 or self::button][normalize-space()='{words}']")
    if driver.keeps_pages:
        driver.press(words)
        driver.find("//button[@value='allow']")

    assert credentials(stack, user) == []
