"""Browsers that are installed, driven by plain WebDriver (W3C): its commands, by name."""

import base64
import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

PATIENCE_SECONDS = int(os.environ.get("PATIENCE", "60000")) / 1000
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""By which a reply names an element (WebDriver, 12.2)."""
NOT_YET = ("no such element", "stale element reference")
MOVED = ("no such frame", "no such window")
"""A page on its way to another site may be another one to the driver, under the same handle."""


class WebDriverError(Exception):
    """What the browser answered; `code` is WebDriver's (6.6)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


T = TypeVar("T")


def until(condition: Callable[[], T | None]) -> T:
    """What it gives in the end. Raises: TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise TimeoutError


@contextmanager
def unless(*codes: str) -> Generator[None]:
    """WebDriver's errors with one of these codes are no errors here."""
    try:
        yield
    except WebDriverError as error:
        if error.code not in codes:
            raise


class Driver(AbstractContextManager["Driver"], ABC):
    """One browser with one profile; it ends with its context."""

    programs: tuple[str, ...]
    """What must be installed; without it the browser's tests are skipped."""
    packages: str
    """Debian's, that have them."""
    keeps_pages = False
    """Whether going back shows the hosted page as it was left, rather than loads it anew."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="evergrant-browser-", ignore_cleanup_errors=True)
        self.profile = Path(self._folder.name)
        self._closing = ExitStack()
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self._begin()
            self._window: str = self.ask("GetWindowHandle")
            self._inside: str | None = None
        except BaseException:
            self.__exit__(None, None, None)
            raise

    @classmethod
    def missing(cls) -> str:
        """The programs that are not installed."""
        return ", ".join(each for each in cls.programs if shutil.which(each) is None)

    @abstractmethod
    def _begin(self) -> None:
        """Start the browser and its session."""

    @abstractmethod
    def ask(self, command: str, **parameters: object) -> Any:
        """One command's value. Raises: WebDriverError."""

    def _run(self, *arguments: str, **environment: str) -> None:
        # A home of its own: nothing of whoever runs the tests is read or written.
        variables = {**os.environ, "HOME": str(self.profile), "MOZ_CRASHREPORTER_DISABLE": "1", **environment}
        with (self.profile / "log").open("ab") as log:
            started = subprocess.Popen(arguments, env=variables, stdout=log, stderr=log, start_new_session=True)
        self._processes.append(started)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()
        for process in reversed(self._processes):
            # With its children: each has a process group of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._folder.cleanup()

    def open(self, url: str) -> None:
        self.ask("Navigate", url=url)

    def find(self, xpath: str) -> str:
        """The element's id, once it is there."""

        def found() -> str | None:
            try:
                return self.ask("FindElement", using="xpath", value=xpath)[ELEMENT]
            except WebDriverError as error:
                if error.code in MOVED:
                    self._enter()
                elif error.code not in NOT_YET:
                    raise
            return None

        return until(found)

    def press(self, words: str) -> None:
        """The button with these words."""
        self.ask("ElementClick", id=self.find(f"//button[normalize-space()='{words}']"))

    def type(self, label: str, text: str) -> None:
        """Into the field of that label."""
        field = self.find(f"//*[@id=//label[normalize-space()='{label}']/@for]")
        self.ask("ElementSendKeys", id=field, text=text)

    def heading(self, words: str) -> None:
        """Wait for the step."""
        self.find(f"//h1[normalize-space()='{words}']")

    def run(self, script: str, *values: object) -> Any:
        return self.ask("ExecuteScript", script=script, args=list(values))

    def windows(self) -> set[str]:
        return set(self.ask("GetWindowHandles"))

    def picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.ask("TakeScreenshot")))

    def into(self, frame: str) -> None:
        """Into the frame at that xpath."""
        self.ask("SwitchToFrame", **self._frame(self.find(frame)))
        self._inside = frame

    def out(self) -> None:
        """Out of all frames."""
        self._inside = None
        self.ask("SwitchToFrame", id=None)

    def to(self, window: str) -> None:
        self._window, self._inside = window, None
        self.ask("SwitchToWindow", handle=window)

    def _enter(self) -> None:
        """The same window, and the same frame, as they are now."""
        with unless(*MOVED, *NOT_YET):
            self.ask("SwitchToWindow", handle=self._window)
            if self._inside:
                found = self.ask("FindElement", using="xpath", value=self._inside)[ELEMENT]
                self.ask("SwitchToFrame", **self._frame(found))

    def _frame(self, element: str) -> dict[str, object]:
        return {"id": {ELEMENT: element}}
