"""`make run`'s contract: one line, a private file, the same key and data after a restart."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from local.emulator import REGION
from tests.stack.conftest import PATIENCE_SECONDS, ROOT, Launcher, launch
from tests.stack.listening import listening, tree


def test_a_restart_finds_key_and_data_again(tmp_path: Path) -> None:
    first = launch(tmp_path)
    told = first.told
    mode = (tmp_path / "local.json").stat().st_mode & 0o777
    headers = {"authorization": f"Bearer {told['apiKey']}"}
    requests.post(f"{told['apiUrl']}/users", json={"username": "kept"}, headers=headers, timeout=60)
    page = requests.get(told["apiUrl"], timeout=60)
    first_code = first.stop(signal.SIGINT)

    second = launch(tmp_path)
    found = requests.get(f"{second.told['apiUrl']}/users/kept", headers=headers, timeout=60)
    same = [second.told[name] == told[name] for name in ("apiKey", "demoUrl")]
    second.stop()

    assert (mode, first_code, found.status_code, same) == (0o600, 0, 200, [True, True])
    assert (page.status_code, page.url) == (200, told["demoUrl"])
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
        heard = [(each["type"], each["credentialId"]) for each in events if each["receivedAt"]]
    return heard == expected


def test_the_demo_hears_of_what_its_user_connects_after_a_restart_too(tmp_path: Path) -> None:
    heard: list[bool] = []

    for _ in range(2):
        launched = launch(tmp_path)
        heard.append(heard_of_a_new_key(launched))
        launched.stop()

    assert heard == [True, True]


@pytest.mark.skipif(sys.platform != "linux", reason="It reads /proc.")
def test_it_never_listens_beyond_loopback(tmp_path: Path) -> None:
    launched = launch(tmp_path)
    told = launched.told
    headers = {"authorization": f"Bearer {told['apiKey']}"}
    requests.post(f"{told['apiUrl']}/users", json={"username": "warm"}, headers=headers, timeout=60)

    found, processes = listening(told["pid"]), tree(told["pid"])
    launched.stop()

    doors = {urlsplit(url).port for url in (str(told["apiUrl"]), str(told["demoUrl"]))}
    emulator = int((tmp_path / "emulator.port").read_text())
    assert len(processes) > 1
    assert {*doors, emulator} <= {port for _, port in found}
    assert [f"{address} {port}" for address, port in found if not address.is_loopback] == []


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        launched = launch(state, port)

    assert launched.process.returncode == 2
    assert f"port {port} is busy" in launched.complaint
    assert not state.exists()


@pytest.mark.parametrize("port", ["abc", "70000", "-1", "²"])
def test_what_is_no_port_is_said_in_a_line_and_nothing_is_left_behind(tmp_path: Path, port: str) -> None:
    state = tmp_path / "state"

    launched = launch(state, port)

    assert launched.process.returncode == 2
    assert f"PORT={port}" in launched.complaint
    assert launched.complaint.count("\n") == 1
    assert not state.exists()


@pytest.mark.parametrize("folder", ["/proc/nope", "{file}", "{file}/below"])
def test_a_state_folder_that_cannot_be_made_is_said_in_a_line(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    folder = folder.format(file=tmp_path / "file")

    launched = launch(Path(folder))

    assert launched.process.returncode == 2
    assert f"the state folder {folder} cannot be made" in launched.complaint
    assert launched.complaint.count("\n") == 1


def test_a_state_folder_has_one_launcher(tmp_path: Path) -> None:
    first = launch(tmp_path)

    second = launch(tmp_path)
    first.stop()

    assert second.process.returncode == 2
    assert str(tmp_path) in second.complaint


RESOLVE = """
import json, sys, tomllib
from samcli.cli.types import CfnParameterOverridesType
from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

section, env_vars = sys.argv[1:]
given = tomllib.load(open("samconfig.toml", "rb"))["default"][section]["parameters"]
overrides = CfnParameterOverridesType().convert([given["parameter_overrides"]], None, None)
functions = SamFunctionProvider(SamLocalStackProvider.get_stacks("template.yaml", parameter_overrides=overrides)[0])
runner = LocalLambdaRunner(
    None, functions, ".", real_path=".", aws_region=given["region"], env_vars_values=json.load(open(env_vars))
)
resolved = runner._make_env_vars(functions.get("UsersFunction")).resolve()
print(json.dumps({"given": given["env_vars"], "variables": resolved}))
"""
"""What SAM itself would hand to the function's container."""


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a stack that ran."""
    folder = tmp_path_factory.mktemp("left")
    launch(folder).stop()
    return folder


@pytest.mark.parametrize("section", ["local_invoke", "local_start_api"])
def test_sam_local_hands_the_stacks_own_environment_to_the_container(left: Path, section: str) -> None:
    written = json.loads((left / "sam-env.json").read_text())["Parameters"]

    command = [ROOT / ".tools/sam/bin/python", "-c", RESOLVE, section, left / "sam-env.json"]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)

    variables = told["variables"]
    assert told["given"] == ".evergrant/sam-env.json"
    assert variables["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{(left / 'emulator.port').read_text()}"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == REGION
    assert variables["AWS_ACCESS_KEY_ID"]
    assert variables["CREDENTIALS_TABLE"] == written["CREDENTIALS_TABLE"]
    assert variables["ALLOW_LOOPBACK"] == "true"


def test_sam_local_finds_events_with_the_stacks_own_ids(left: Path) -> None:
    event = json.loads((left / "events/users.200_create.json").read_text())

    seeded = json.loads((left / "seed.json").read_text())
    assert event["requestContext"]["authorizer"]["workspaceId"] == seeded["workspaceId"]
