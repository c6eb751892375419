"""`make run`'s contract: one line, a private file, the same key and data after a restart."""

import json
import signal
import socket
import time
from pathlib import Path

import requests

from tests.stack.conftest import PATIENCE_SECONDS, Launcher, launch


def test_a_restart_finds_key_and_data_again(tmp_path: Path) -> None:
    first = launch(tmp_path)
    told = first.told
    mode = (tmp_path / "local.json").stat().st_mode & 0o777
    headers = {"authorization": f"Bearer {told['apiKey']}"}
    requests.post(f"{told['apiUrl']}/users", json={"username": "kept"}, headers=headers, timeout=60)
    page = requests.get(told["demoUrl"], timeout=60)
    first_code = first.stop(signal.SIGINT)

    second = launch(tmp_path)
    found = requests.get(f"{second.told['apiUrl']}/users/kept", headers=headers, timeout=60)
    same = [second.told[name] == told[name] for name in ("apiKey", "demoUrl")]
    second.stop()

    assert (mode, first_code, found.status_code, same) == (0o600, 0, 200, [True, True])
    assert page.status_code == 200
    assert "Connect Dev Provider</button>" in page.text


def heard_of_a_new_key(launched: Launcher) -> bool:
    """Whether the demo's receiver is told of a key that its user connects."""
    url, browser = launched.told["demoUrl"], requests.Session()
    browser.get(url, timeout=60)
    made = browser.post(f"{url}/connect/key", json={"apiKey": "pk_1"}, headers={"origin": url}, timeout=60).json()
    expected = [("credential.created", made["credentialId"])]
    deadline, heard = time.monotonic() + PATIENCE_SECONDS, list[tuple[str, str]]()
    while heard != expected and time.monotonic() < deadline:
        time.sleep(0.2)
        events = browser.get(f"{url}/events", timeout=60).json()["data"]
        heard = [(each["type"], each["credentialId"]) for each in events]
    return heard == expected


def test_the_demo_hears_of_what_its_user_connects_after_a_restart_too(tmp_path: Path) -> None:
    heard: list[bool] = []

    for _ in range(2):
        launched = launch(tmp_path)
        heard.append(heard_of_a_new_key(launched))
        launched.stop()

    assert heard == [True, True]


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        launched = launch(tmp_path, port)

    assert launched.process.returncode == 2
    assert f"port {port} is busy" in launched.complaint


def test_a_state_folder_has_one_launcher(tmp_path: Path) -> None:
    first = launch(tmp_path)

    second = launch(tmp_path)
    first.stop()

    assert second.process.returncode == 2
    assert str(tmp_path) in second.complaint


def test_sam_local_finds_its_environment_and_events_with_the_stacks_own_ids(tmp_path: Path) -> None:
    launched = launch(tmp_path / "state")
    told = launched.told
    launched.stop()

    environment = json.loads((tmp_path / "state/sam-env.json").read_text())["Parameters"]
    event = json.loads((tmp_path / "state/events/users.200_create.json").read_text())

    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["CREDENTIALS_TABLE"]
    assert event["requestContext"]["authorizer"]["workspaceId"] == told["workspaceId"]
