"""The owner's command line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tools.cli import main
from tools.renewals import show_renewals
from tools.stack import Stack


class Aws:
    """A stack with an admin function, as boto3's clients show it."""

    def __init__(self, outputs: dict[str, str], *, fails: dict[str, str] | None = None) -> None:
        self.outputs, self.fails = outputs, fails
        self.events: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.parameters: dict[str, str] = {}

    def client(self, service_name: str) -> Any:  # as boto3
        return self

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803  # boto3's name
        if StackName != "evergrant":
            raise ValueError(f"Stack with id {StackName} does not exist")
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]
        parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()]
        return {"Stacks": [{"Outputs": outputs, "Parameters": parameters}]}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # boto3's names
        self.events.append(json.loads(Payload))
        made = self.answers.pop(0) if self.answers else {"workspaceId": "ws_1", "apiKeyId": "key_1", "apiKey": "evg_1"}
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(self.fails or made).encode())}
        return {**answer, "FunctionError": "Unhandled"} if self.fails else answer


OUTPUTS = {"AdminFunctionName": "admin", "ApiUrl": "https://api.example/v1"}
FAILURE = {"errorType": "NotFoundError", "errorMessage": "There is no workspace ws_1."}
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
        (Aws(OUTPUTS, fails=FAILURE), [], "/evergrant/evergrant/functions"),
        (Aws(OUTPUTS, fails=FAILURE), [], "NotFoundError There is no workspace ws_1."),
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
    code = main(["keys", "own", "ws_1", "--kms-key", "arn:theirs"], Aws(OUTPUTS, fails=FAILURE))

    assert code == 1
    assert "CustomerKeyArns" in capsys.readouterr().err


def test_a_move_that_was_stopped_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["keys", "rewrap"], Aws(OUTPUTS, fails=FAILURE))

    assert code == 1
    assert "evergrant keys rewrap" in capsys.readouterr().err


PARTS: list[dict[str, Any]] = [
    {"apps": {"acme": {"all": 2, "active": 2, "due": 1}}, "after": "here"},
    {
        "apps": {"acme": {"all": 1, "degraded": 1, "failure:provider_timeout": 1}, "xero": {"all": 1, "active": 1}},
        "after": None,
    },
]


def surveying(times: int = 1) -> Aws:
    aws = Aws(OUTPUTS)
    aws.answers = [*PARTS] * times
    return aws


def test_renewals_are_added_up_over_all_parts_and_trouble_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    aws = surveying()

    code = main(["renewals"], aws)
    said = capsys.readouterr()
    header, acme, xero = said.out.splitlines()

    assert code == 0
    assert [each["after"] for each in aws.events] == [None, "here"]
    assert header.split() == ["app", "all", "active", "degraded", "expired", "due", "renewing", "failing"]
    assert acme.split() == ["acme", "3", "2", "1", "0", "1", "0", "provider_timeout", "1"]
    assert xero.split()[0] == "xero"
    assert "\x1b" not in said.out + said.err


def test_renewals_are_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    main(["renewals", "--json"], surveying())

    assert json.loads(capsys.readouterr().out)["apps"]["acme"]["degraded"] == 1


def test_renewals_are_followed_until_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            raise KeyboardInterrupt

    code = main(["renewals", "--follow", "--every", "5", "--json"], surveying(2), pause)

    assert (code, waited, len(capsys.readouterr().out.splitlines())) == (0, [5, 5], 2)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_colour", "coloured"), [(None, True), ("1", False)])
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch,
    no_colour: str | None,
    coloured: bool,  # noqa: FBT001  # a row of the table
) -> None:
    terminal = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", no_colour)

    show_renewals(Stack(surveying(), "evergrant"), as_json=False, follow=None, pause=lambda _: None, to=terminal)

    assert ("\x1b[33m" in terminal.getvalue()) is coloured


def test_long_work_says_on_a_terminal_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    show_renewals(Stack(surveying(), "evergrant"), as_json=True, follow=None, pause=lambda _: None, to=io.StringIO())

    assert "looked at 2 credentials" in terminal.getvalue()


def test_nothing_is_restored_into_a_deployment_that_is_not_paused(capsys: pytest.CaptureFixture[str]) -> None:
    aws = Aws(OUTPUTS)
    aws.parameters = {"PauseRenewals": "false", "RestoredAt": ""}

    code = main(["restore", "--from", "restored", "--since", "2026-11-25T00:00:00Z"], aws)

    assert (code, aws.events) == (1, [])
    assert "PauseRenewals=true RestoredAt=" in capsys.readouterr().err


@pytest.mark.parametrize("since", ["yesterday", "2026-11-25", "2026-11-25T00:00:00"])
def test_nothing_is_restored_from_a_time_that_is_none(capsys: pytest.CaptureFixture[str], since: str) -> None:
    with pytest.raises(SystemExit):
        main(["restore", "--from", "restored", "--since", since], Aws(OUTPUTS))

    assert "2026-11-25T00:00:00Z" in capsys.readouterr().err.partition("error:")[2]


def test_where_nothing_runs_on_this_machine_it_says_how_to_start_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE", str(tmp_path))

    code = main(["renewals", "--local"])

    assert code == 1
    assert "make run" in capsys.readouterr().err


class Logs:
    """Two log groups, as CloudWatch shows them, which grow by a line at each look."""

    def __init__(self) -> None:
        self.looks: list[dict[str, Any]] = []
        self.kept = {
            "functions": [(5, '{"message":"second"}\n'), (6, "END RequestId: 1\n")],
            "releases": [(4, '{"message":"first"}')],
        }

    def client(self, service_name: str) -> Any:  # as boto3
        return self

    get_paginator = client

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self.looks.append(asked)
        group = asked["logGroupName"].removeprefix("/evergrant/evergrant/")
        if len(self.looks) > 2:
            self.kept["releases"] = [*self.kept["releases"], (7, '{"message":"third"}')]
        events = [{"timestamp": at, "logStreamName": "one", "message": text} for at, text in self.kept[group]]
        return [{"events": [each]} for each in events]


def stop_after(looks: int) -> Any:
    """A pause that is Ctrl-C at last."""
    left = iter(range(looks - 1))

    def pause(_: float) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    return pause


def test_logs_are_the_functions_own_lines_of_both_groups_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs = Logs()

    code = main(["logs", "req-1", "--follow"], logs, stop_after(2))
    said = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]

    assert (code, said) == (0, ["first", "second", "third"])
    assert {each["filterPattern"] for each in logs.looks} == {'"req-1"'}
