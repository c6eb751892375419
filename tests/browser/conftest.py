"""A real browser, the running stack, and a product's page on another site. Pictures of the steps are kept."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    FrameLocator,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.browser.chromium import ARGUMENTS, NOT_AS_MERCHANTS, executable
from tests.browser.shop import Shop
from tests.stack.conftest import Stack, stack

__all__ = ["stack"]

if os.environ.get("RUNNING"):

    @pytest.fixture(scope="session")
    def stack() -> Iterator[Stack]:
        """One that runs already: `RUNNING` is its state folder."""
        state = Path(os.environ["RUNNING"])
        told = json.loads((state / "local.json").read_text())
        yield Stack(told["apiUrl"], told["apiKey"], told["workspaceId"], state)


PICTURES = Path(os.environ.get("PICTURES", ".browser/pictures"))
PATIENCE_MILLISECONDS = int(os.environ.get("PATIENCE", "60000"))
expect.set_options(timeout=PATIENCE_MILLISECONDS)
EXPECTED_NOISE = ("favicon", "net::ERR_", "the server responded with a status of")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all; each test has a profile of its own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=executable(), args=ARGUMENTS, ignore_default_args=NOT_AS_MERCHANTS
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(stack: Stack) -> Iterator[Shop]:
    """The product's page, registered with the workspace."""
    shop = Shop(stack.url, stack.workspace_id, lambda: "")
    workspace = stack.request("GET", "/workspace").json()
    wanted = {
        **workspace,
        "origins": [*workspace["origins"], shop.url],
        "branding": {"accent": "#1f6f54", "radius": 12},
    }
    wanted["returnUrls"] = [*workspace["returnUrls"], f"{shop.url}/return"]
    known = ("name", "origins", "returnUrls", "reconnectUrl", "allowUnboundOauth", "branding")
    answer = stack.request("PUT", "/workspace", {name: wanted[name] for name in known})
    assert answer.ok, answer.text
    yield shop
    shop.shutdown()
    shop.server_close()


def finish(button: Locator) -> None:
    """Press what closes the dialog: the frame is gone before a real click would have been answered."""
    try:
        button.evaluate("(button) => setTimeout(() => button.click())")
    except Error as error:
        # The dialog may be gone before the browser has said that the timer is set.
        if "detached" not in error.message:
            raise


@dataclass
class Merchant:
    """Somebody at the product's page, and what their browser did."""

    page: Page
    shop: Shop
    stack: Stack
    user: str
    session: dict[str, Any] = field(default_factory=dict[str, Any])
    tokens: list[str] = field(default_factory=list[str])
    requests: list[Request] = field(default_factory=list[Request])
    complaints: list[str] = field(default_factory=list[str])

    def mint(self) -> str:
        """As the product's server does for whoever is logged in."""
        answer = self.stack.request("POST", "/connect/sessions", {"userId": self.user, **self.session})
        assert answer.status_code == 201, answer.text
        self.tokens.append(answer.json()["token"])
        return self.tokens[-1]

    def opens(self, **options: object) -> FrameLocator:
        """The dialog, opened by a click."""
        self.shop.token = self.mint
        self.page.goto("about:blank")
        self.page.goto(f"{self.shop.url}/#{quote(json.dumps(options))}")
        self.page.click("#go")
        return self.modal

    @property
    def modal(self) -> FrameLocator:
        return self.page.frame_locator("dialog.evergrant iframe")

    @property
    def told(self) -> dict[str, Any]:
        """What the product's page was told in the end."""
        self.page.wait_for_function("document.getElementById('told').textContent !== ''")
        return json.loads(self.page.inner_text("#told"))

    def credentials(self) -> list[dict[str, Any]]:
        return self.stack.request("GET", f"/users/{self.user}/credentials").json()["data"]

    def has_key(self, value: str = "pk_before", app: str = "dev-keys") -> str:
        """A credential that is there already."""
        body = {"userId": self.user, "credential": {"type": app, "data": {"apiKey": value}}}
        return self.stack.request("POST", "/credentials", body).json()["credentialId"]

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture
def merchant(request: pytest.FixtureRequest, browser: Browser, stack: Stack, site: Shop) -> Iterator[Merchant]:
    """A new user in a new profile; nothing may be refused by a policy, and no script may fail.

    Their browser speaks British English, unless a test says otherwise.
    """
    locale: str = getattr(request, "param", "en-GB")
    context = browser.new_context(locale=locale, viewport={"width": 900, "height": 800})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    made = Merchant(page, site, stack, stack.user(f"merchant-{os.urandom(6).hex()}@example.com"))
    context.on("request", lambda request: made.requests.append(request))

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in EXPECTED_NOISE):
            made.complaints.append(message.text)

    context.on("console", hear)
    context.on("weberror", lambda error: made.complaints.append(str(error.error)))
    context.on("dialog", lambda dialog: made.complaints.append(f"dialog {dialog.message}"))
    yield made
    site.headers = {}
    context.close()
    assert made.complaints == []
