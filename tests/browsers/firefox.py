"""Firefox, without geckodriver: that only translates to Marionette, and Debian has no package of it."""

import itertools
import json
import socket
from typing import Any, cast

from tests.browsers.webdriver import PATIENCE_SECONDS, Driver, WebDriverError, until

PREFERENCES = {
    "marionette.port": 0,
    # Nothing is looked up beyond this machine.
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "",
}


class Firefox(Driver):
    """Marionette: `length:[type, id, command, parameters]`, both ways."""

    programs = ("firefox-esr",)
    packages = "firefox-esr"

    def _begin(self) -> None:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (self.profile / "user.js").write_text("".join(lines))
        self._ids = itertools.count(1)
        self._run(self.programs[0], "--headless", "--marionette", "--no-remote", "--profile", str(self.profile))
        told = self.profile / "MarionetteActivePort"
        port = until(lambda: told.exists() and told.read_text())
        connection = socket.create_connection(("127.0.0.1", int(port)), timeout=PATIENCE_SECONDS * 2)
        self._socket = self._closing.enter_context(connection)
        self._stream = self._closing.enter_context(self._socket.makefile("rb"))
        self._read()
        self.ask("NewSession", capabilities={})

    def ask(self, command: str, **parameters: object) -> Any:
        """One command's value. Raises: WebDriverError."""
        number = next(self._ids)
        sent = json.dumps([0, number, f"WebDriver:{command}", parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(sent), sent))
        answer: tuple[int, int, Any, Any] = self._read()
        _, answered, error, value = answer
        assert answered == number
        if error:
            raise WebDriverError(error["error"], error["message"])
        wrapped = cast("dict[str, Any]", value) if isinstance(value, dict) else {"value": value}
        return wrapped.get("value", wrapped)

    def _read(self) -> Any:
        length = bytearray()
        while (byte := self._stream.read(1)) != b":":
            if not byte:
                raise WebDriverError("gone", (self.profile / "log").read_text(errors="replace"))
            length += byte
        return json.loads(self._stream.read(int(length)))

    def _frame(self, element: str) -> dict[str, object]:
        return {"element": element}
