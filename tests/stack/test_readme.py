"""The README's tour, as it stands: each block in one shell, and the browser's part between them."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.emulator import free_port
from tests.stack.conftest import ROOT, Stack

TOUR = (ROOT / "README.md").read_text("utf-8").partition("## A tour")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```sh\n(.*?)```", TOUR, re.DOTALL)
END = "the block's end"


class Shell:
    """A shell in a folder where `make run` has its state."""

    def __init__(self, folder: Path) -> None:
        self.port = str(free_port(0))
        self._process = subprocess.Popen(
            [shutil.which("bash") or "bash"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def paste(self, block: str) -> str:
        """What the block prints."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f'{block.replace("9999", self.port)}\necho "{END}"\n')
        self._process.stdin.flush()
        return "".join(iter(self._process.stdout.readline, f"{END}\n"))

    def close(self) -> None:
        self._process.communicate("kill $RECEIVER\n", timeout=10)


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> Iterator[Shell]:
    (tmp_path / ".evergrant").symlink_to(stack.state)
    for name in (".tools", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    shell = Shell(tmp_path)
    yield shell
    shell.close()


def allow(address: str) -> str:
    """The page at the end of the link, after going on and allowing."""
    browser = requests.Session()
    browser.headers["accept"] = "text/html"
    asked = browser.get(address, timeout=60).text
    action, identity = re.findall(r'action="([^"]+)"|name="id" value="([^"]+)"', asked)
    gone = browser.post(action[0], data={"id": identity[1]}, timeout=60).text
    (location,) = re.findall(r'location.replace\("([^"]+)"\)', gone)
    (request,) = re.findall(r'name="request" value="([^"]+)"', browser.get(location, timeout=60).text)
    form = {"request": request, "decision": "allow"}
    return browser.post(location.partition("?")[0], data=form, timeout=60).text


def test_the_tour_does_what_it_says(shell: Shell) -> None:
    key, link, token, webhook, end = BLOCKS

    used = shell.paste(key)
    connected = allow(json.loads(shell.paste(link))["oauthUrl"])
    fresh = shell.paste(token)
    told = shell.paste(webhook)
    ended = shell.paste(end)

    assert '"secret": {"apiKey": "pk_example"}' in _spaced(used)
    assert "Connected" in connected
    assert '"type": "dev-provider"' in _spaced(fresh)
    assert '"accessToken"' in fresh
    assert '"type": "credential.expired"' in _spaced(told)
    assert '"status": "delivered"' in _spaced(told)
    assert '"revoked": true' in _spaced(ended)
    assert '"action": "credential.deleted"' in _spaced(ended)


def _spaced(text: str) -> str:
    return re.sub(r'":(?! )', '": ', text)
