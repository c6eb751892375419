"""What stands in the modal, and what a merchant does there."""

from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import Merchant

KEYS, OAUTH = "Dev Keys", "Dev Provider"


def heading(modal: FrameLocator, text: str) -> None:
    """The step that is shown has the focus at its heading."""
    expect(modal.get_by_role("heading", level=1, name=text)).to_be_visible(timeout=60_000)


def press(modal: FrameLocator, name: str) -> None:
    """A closed pop-up has left its page in the background, where a headless browser takes no clicks."""
    modal.owner.page.bring_to_front()
    modal.get_by_role("button", name=name, exact=True).click()


def popup_of(merchant: Merchant, modal: FrameLocator) -> Page:
    with merchant.page.expect_popup() as opened:
        press(modal, f"Continue to {OAUTH}")
    opened.value.wait_for_url("**/authorize?**")
    return opened.value
