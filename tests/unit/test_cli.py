"""The owner's command line."""

import io
import json
from typing import Any

import pytest

from tools.cli import main


class Aws:
    """A stack with an admin function, as boto3's clients show it."""

    def __init__(self, outputs: dict[str, str], *, fails: bool = False) -> None:
        self.outputs, self.fails = outputs, fails
        self.events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    def client(self, service_name: str) -> Any:  # as boto3
        return self

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803  # boto3's name
        if StackName != "evergrant":
            raise ValueError(f"Stack with id {StackName} does not exist")
        return {"Stacks": [{"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]}]}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # boto3's names
        self.events.append(json.loads(Payload))
        made = self.answers.pop(0) if self.answers else {"workspaceId": "ws_1", "apiKeyId": "key_1", "apiKey": "evg_1"}
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(made).encode())}
        return {**answer, "FunctionError": "Unhandled"} if self.fails else answer


OUTPUTS = {"AdminFunctionName": "admin", "ApiUrl": "https://api.example/v1"}
CREATE = ["workspace", "create", "--name", "Shop"]


def test_a_workspace_is_made_and_its_key_shown_with_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws(OUTPUTS)

    code = main([*CREATE], aws)
    said = capsys.readouterr().out

    assert code == 0
    assert aws.events == [{"action": "create_workspace", "name": "Shop", "environment": "production"}]
    assert "evg_1" in said
    assert "https://api.example/v1/users" in said


def test_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    main([*CREATE, "--json"], Aws(OUTPUTS))

    assert json.loads(capsys.readouterr().out)["workspaceId"] == "ws_1"


@pytest.mark.parametrize(
    ("aws", "more", "words"),
    [
        (Aws(OUTPUTS), ["--stack", "other"], "--stack"),
        (Aws({}), [], "no Evergrant"),
        (Aws(OUTPUTS, fails=True), [], "/evergrant/evergrant/functions"),
    ],
)
def test_what_went_wrong_says_the_next_step(
    aws: Aws, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*CREATE, *more], aws)

    assert code == 1
    assert words in capsys.readouterr().err


def helped(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        main([*arguments, "--help"])
    return " ".join(capsys.readouterr().out.split())


def test_the_top_levels_help_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert "evergrant workspace create --name" in helped(capsys)


@pytest.mark.parametrize(
    "words",
    [
        "NAME what the workspace is called",
        "(default: production)",
        "(default: evergrant)",
        "(default: your AWS configuration's)",
        "(default: your environment's)",
        "(default: lines to read)",
    ],
)
def test_every_option_has_help_and_its_default(capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert words in helped(capsys, "workspace", "create")


RUN = {"moved": 0, "unreadable": 0, "left": 0, "after": None}


def test_keys_are_rotated_and_all_is_moved_run_by_run(capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws(OUTPUTS)
    aws.answers = [
        {"versions": {"shared": 2}, "left": [], "after": "shared"},
        {"versions": {"ws_1": 5}, "left": ["ws_2"], "after": None},
        {**RUN, "moved": 3, "after": "here"},
        {**RUN, "moved": 1, "left": 7},
    ]

    code = main(["keys", "rotate"], aws)
    said = capsys.readouterr().out

    assert code == 0
    assert [(each["action"], each.get("after")) for each in aws.events] == [
        ("rotate_keys", None),
        ("rotate_keys", "shared"),
        ("rewrap", None),
        ("rewrap", "here"),
    ]
    for words in ("shared: branch key version 2", "ws_1: branch key version 5", "ws_2: its KMS key", "moved 4, 7 stay"):
        assert words in said


def test_a_workspace_gets_a_key_of_its_own_and_what_is_there_moves_under_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    aws = Aws(OUTPUTS)
    aws.answers = [{"version": 1}, {**RUN, "moved": 3}]

    code = main(["keys", "own", "ws_1", "--kms-key", "arn:theirs"], aws)

    assert code == 0
    assert aws.events == [
        {"action": "own_key", "workspaceId": "ws_1", "kmsKey": "arn:theirs"},
        {"action": "rewrap", "after": None},
    ]
    assert "moved 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "kms_key"), [(["--own-key"], None), (["--kms-key", "arn:theirs"], "arn:theirs")], ids=["ours", "theirs"]
)
def test_a_new_workspace_begins_with_a_key_of_its_own(more: list[str], kms_key: str | None) -> None:
    aws = Aws(OUTPUTS)

    main([*CREATE, *more], aws)

    (asked,) = aws.events
    assert (asked["ownKey"], asked["kmsKey"]) == (True, kms_key)


def test_where_a_customers_key_is_not_given_it_says_what_may_be_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["keys", "own", "ws_1", "--kms-key", "arn:theirs"], Aws(OUTPUTS, fails=True))

    assert code == 1
    assert "CustomerKeyArns" in capsys.readouterr().err


def test_a_move_that_was_stopped_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["keys", "rewrap"], Aws(OUTPUTS, fails=True))

    assert code == 1
    assert "evergrant keys rewrap" in capsys.readouterr().err
