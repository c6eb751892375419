"""The files in events/: what `sam local invoke` sends is what the functions take."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from evergrant.domain.caller import SCOPES
from evergrant.domain.ids import ApiKeyId, CredentialId, UserId, WorkspaceId
from evergrant.domain.workspace import ApiKey, User, Workspace
from evergrant.runtime import wiring

from tests.functions.deployment import ROOT, Functions

FILES = sorted((ROOT / "events").glob("*.json"))
EXAMPLE = "00000000000000000000000000000000exam"
WORKSPACE, KEY, USER = WorkspaceId(f"ws_{EXAMPLE}"), ApiKeyId(f"key_{EXAMPLE}"), UserId(f"usr_{EXAMPLE}")
THEN = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def example(functions: Functions) -> Functions:
    """The rows that the files name."""
    directory = wiring.directory()
    directory.put_workspace(Workspace(WORKSPACE, "Example", "development", THEN))
    directory.put_api_key(ApiKey(WORKSPACE, KEY, "example", SCOPES, "", THEN))
    directory.create_user(User(WORKSPACE, USER, "ada@example.com", THEN))
    made = functions.invoke("create_credential", _event("create_credential.201_klaviyo"))
    store = wiring.credentials()
    read = store.get(CredentialId(json.loads(made["body"])["credentialId"]))
    assert read
    named = replace(read, credential_id=CredentialId(f"cred_{EXAMPLE}"))
    secret = wiring.sealer().open(read.sealed, read.seal_context())
    from evergrant.use_cases.recording import audit_line, credential_event

    entropy = wiring.entropy()
    store.create(
        replace(named, sealed=wiring.sealer().seal(secret, named.seal_context())),
        event=credential_event("credential.created", named, directory=directory, at=THEN, entropy=entropy),
        audit=audit_line("credential.created", named, actor="test", at=THEN, entropy=entropy),
    )
    return functions


def _event(stem: str) -> dict[str, Any]:
    return json.loads((ROOT / "events" / f"{stem}.json").read_text("utf-8"))


def test_every_function_has_an_event() -> None:
    folders = {path.parent.name for path in ROOT.glob("functions/*/app.py")}

    assert {path.name.split(".")[0] for path in FILES} == folders


@pytest.mark.parametrize("path", [each for each in FILES if each.name.split(".")[1][0].isdigit()], ids=lambda p: p.stem)
def test_a_request_is_answered_with_the_status_in_its_name(example: Functions, path: Path) -> None:
    function, case = path.stem.split(".")

    answer = example.invoke(function, _event(path.stem))

    assert answer["statusCode"] == int(case[:3]), answer["body"]
    if answer["statusCode"] >= 400:
        assert {"message", "code", "requestId", "details"} <= json.loads(answer["body"]).keys()


@pytest.mark.parametrize("path", [each for each in FILES if "Records" in each.read_text()], ids=lambda p: p.stem)
def test_a_batch_leaves_nothing_behind(example: Functions, path: Path) -> None:
    assert example.invoke(path.stem.split(".")[0], _event(path.stem)) == {"batchItemFailures": []}


@pytest.mark.parametrize("name", ["api_key_authorizer", "session_authorizer"])
def test_an_authorizer_says_the_very_word(example: Functions, name: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        example.invoke(name, _event(f"{name}.unauthorized"))


def test_the_sweep_and_the_admin_take_theirs(example: Functions) -> None:
    example.invoke("sweep", _event("sweep.each_minute"))

    assert example.invoke("admin", _event("admin.create_workspace"))["workspaceId"].startswith("ws_")
