"""What a newcomer does with the demo: connect in a browser, revoke at the provider, see the notification."""

import json
import re
import time
from pathlib import Path

import pytest
import requests

from tests.stack.conftest import launch
from tests.stack.test_expiry import EXPIRY_SECONDS


def test_a_newcomer_connects_revokes_and_hears_of_it(tmp_path: Path) -> None:
    launched = launch(tmp_path / "state")
    if launched.complaint:
        pytest.fail(launched.complaint)
    demo = json.loads((launched.state / "local.json").read_text())["demoUrl"]
    browser = requests.Session()
    browser.get(demo, timeout=30)

    location = browser.post(f"{demo}/connect/oauth", json={}, headers={"origin": demo}, timeout=30).json()["location"]
    asked = browser.get(location, timeout=30)
    handle = re.search(r'name="request" value="([^"]+)"', asked.text)
    assert handle
    answer = {"request": handle.group(1), "decision": "allow"}
    home = browser.post(asked.url.partition("?")[0], data=answer, timeout=60)
    listed = browser.get(f"{demo}/credentials", timeout=30).json()["data"]
    body = {"credentialId": listed[0]["credentialId"]}
    revoked = browser.post(f"{demo}/credentials/revoke", json=body, headers={"origin": demo}, timeout=60).json()
    deadline, events = time.monotonic() + EXPIRY_SECONDS, list[str]()
    while "credential.expired" not in events and time.monotonic() < deadline:
        events = [each["type"] for each in browser.get(f"{demo}/events", timeout=30).json()["data"]]
        time.sleep(0.2)
    launched.stop()

    assert "Dev Provider is connected" in home.text
    assert [each["type"] for each in listed] == ["dev-provider"]
    assert revoked["status"] == "expired"
    assert "credential.created" in events
    assert "credential.expired" in events
