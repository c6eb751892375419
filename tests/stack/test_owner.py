"""The owner's command line on the running stack."""

import json
import os
import subprocess

import requests

from tests.stack.conftest import PYTHON, ROOT, Stack


def owner(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`./evergrant`, where `make run` has this stack."""
    environment = {**os.environ, "STATE": str(stack.state), "PYTHONPATH": str(ROOT)}
    command = [PYTHON, "-m", "tools.cli", *arguments, "--local"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_workspace_made_on_this_machine_answers_where_it_says(stack: Stack) -> None:
    made = json.loads(owner(stack, "workspace", "create", "--name", "Shop", "--json").stdout)

    headers = {"authorization": f"Bearer {made['apiKey']}"}
    shown = requests.get(f"{made['apiUrl']}/workspace", headers=headers, timeout=60).json()

    assert made["apiUrl"] == stack.url
    assert (shown["workspaceId"], shown["name"]) == (made["workspaceId"], "Shop")


def test_a_workspace_that_is_not_there_is_named(stack: Stack) -> None:
    refused = owner(stack, "keys", "own", "ws_nope")

    assert refused.returncode == 1
    assert "There is no workspace ws_nope" in refused.stderr


def test_what_a_caller_quotes_finds_the_lines_behind_it(stack: Stack) -> None:
    answer = stack.request("GET", "/credentials/cred_none").json()

    (line,) = owner(stack, "logs", answer["requestId"]).stdout.splitlines()

    assert json.loads(line)["message"] == "request_answered"
