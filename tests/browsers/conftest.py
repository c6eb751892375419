"""The stack, the product's page, and each browser that is installed."""

import pytest

from tests.browser.conftest import site, stack
from tests.browsers.firefox import Firefox
from tests.browsers.webdriver import Driver
from tests.browsers.webkit import WebKit

__all__ = ["site", "stack"]
BROWSERS: tuple[type[Driver], ...] = (Firefox, WebKit)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A browser that is not there is no browser that passed."""
    for each in BROWSERS:
        if missing := each.missing():
            line = f"NOT RUN IN {each.__name__.upper()}: no {missing}. On Debian: apt-get install {each.packages}"
            terminalreporter.write_sep("!", line, red=True, bold=True)
