"""WebKitGTK's own little browser, on a screen that nobody sees."""

import socket
import subprocess
from pathlib import Path
from typing import Any

import requests

from tests.browsers.webdriver import PATIENCE_SECONDS, Driver, WebDriverError, until

COMMANDS = {
    "Navigate": "POST url",
    "Back": "POST back",
    "SetWindowRect": "POST window/rect",
    "GetWindowHandle": "GET window",
    "GetWindowHandles": "GET window/handles",
    "SwitchToWindow": "POST window",
    "SwitchToFrame": "POST frame",
    "FindElement": "POST element",
    "ElementClick": "POST element/{id}/click",
    "ElementSendKeys": "POST element/{id}/value",
    "ExecuteScript": "POST execute/sync",
    "TakeScreenshot": "GET screenshot",
}
"""Method and path over HTTP (WebDriver, 6.4)."""
MINI_BROWSER = "usr/lib/*/webkit2gtk-4.*/MiniBrowser"


class WebKit(Driver):
    """WebKitGTK's own little browser, by its driver."""

    programs = ("WebKitWebDriver", "Xvfb")
    packages = "webkit2gtk-driver xvfb"
    keeps_pages = True

    def _begin(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/session"
        self._run(self.programs[0], f"--port={port}", "--host=127.0.0.1", DISPLAY=self._display())
        binary = str(min(Path("/").glob(MINI_BROWSER)))
        options = {"binary": binary, "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}

        def begun() -> Any:
            try:
                return self._send("POST", "", wanted)
            except requests.ConnectionError:
                return None

        self.url += "/" + until(begun)["sessionId"]

    def _display(self) -> str:
        """A screen that nobody sees; it says its number once it can be used."""
        told = self.profile / "display"
        with told.open("wb") as written:
            number = written.fileno()
            arguments = ("Xvfb", "-displayfd", str(number), "-nolisten", "tcp", "-screen", "0", "1280x1024x24")
            started = subprocess.Popen(
                arguments,
                pass_fds=(number,),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._processes.append(started)
        return f":{until(lambda: told.read_text().strip())}"

    def ask(self, command: str, **parameters: object) -> Any:
        """One command's value. Raises: WebDriverError."""
        method, path = COMMANDS[command].split()
        return self._send(method, "/" + path.format_map({"id": parameters.get("id")}), parameters)

    def _send(self, method: str, path: str, content: object) -> Any:
        sent = content if method == "POST" else None
        answer = requests.request(method, self.url + path, json=sent, timeout=PATIENCE_SECONDS * 2)
        value = answer.json()["value"]
        if not answer.ok:
            raise WebDriverError(value["error"], value["message"])
        return value
