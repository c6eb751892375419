"""`evergrant events`, against an admin function that answers from memory."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.test_cli import OUTPUTS, Aws, Terminal
from tools.cli import main

NOON = "2026-11-24T12:00:00Z"
TAIL = ["events", "tail", "--since", NOON]
REPLAY = ["events", "replay", "--since", NOON]


def event(name: str, second: int, type_: str = "credential.expired", **data: object) -> dict[str, Any]:
    """As the admin function shows it."""
    return {
        "id": f"evt_{name}",
        "type": type_,
        "timestamp": f"2026-11-24T12:00:{second:02}.000Z",
        "userId": "usr_ada",
        "userEmail": "ada@shop.example",
        "credentialId": "cred_1",
        "data": {"app": "shopify", "status": "expired", **data},
    }


def looks(*events: list[dict[str, Any]]) -> Aws:
    """One workspace, and what each look finds."""
    aws = Aws(OUTPUTS)
    aws.answers = [{"workspaces": ["ws_1"], "after": None}, *({"events": each, "after": None} for each in events)]
    return aws


def stopped_after(looks: int) -> Callable[[float], None]:
    """Ctrl-C in the pause that follows so many."""
    left = [looks]

    def pause(_: float) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    return pause


def tailed(capsys: pytest.CaptureFixture[str], aws: Aws, *more: str, looks: int = 1) -> list[str]:
    assert main([*TAIL, *more], aws, stopped_after(looks)) == 0
    return capsys.readouterr().out.splitlines()


def test_events_are_shown_once_each_in_their_order_until_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, late = event("a", 5), event("b", 9), event("late", 7)
    aws = looks([second, first], [second, late, first], [second, late, first])

    lines = tailed(capsys, aws, "--json", looks=3)

    assert [json.loads(each)["id"] for each in lines] == ["evt_a", "evt_b", "evt_late"]
    assert {json.loads(each)["workspaceId"] for each in lines} == {"ws_1"}


def test_what_was_written_late_is_looked_for_half_a_minute_back_and_no_further(
    capsys: pytest.CaptureFixture[str],
) -> None:
    aws = looks([event("a", 50)], [])

    tailed(capsys, aws, looks=2)

    assert [each["since"] for each in aws.events[1:]] == ["2026-11-24T12:00:00+00:00", "2026-11-24T12:00:20+00:00"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--type", "credential.created"),
        ("--app", "xero"),
        ("--user", "bob@shop.example"),
        ("--user", "usr_bob"),
        ("--credential", "cred_2"),
    ],
)
def test_only_what_is_asked_for_is_shown(capsys: pytest.CaptureFixture[str], option: str, value: str) -> None:
    wanted = {
        **event("wanted", 2, "credential.created", app="xero"),
        "userId": "usr_bob",
        "userEmail": "bob@shop.example",
        "credentialId": "cred_2",
    }

    lines = tailed(capsys, looks([event("other", 1), wanted]), "--json", option, value)

    assert [json.loads(each)["id"] for each in lines] == ["evt_wanted"]


def test_one_workspace_is_asked_for_without_looking_for_others(capsys: pytest.CaptureFixture[str]) -> None:
    aws = looks([event("a", 1)])
    aws.answers = aws.answers[1:]

    lines = tailed(capsys, aws, "--workspace", "ws_7", "--json")

    assert [each["workspaceId"] for each in aws.events] == ["ws_7"]
    assert len(lines) == 1


def test_a_line_names_what_a_person_looks_for_and_nothing_of_it_acts_upon_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (line,) = tailed(capsys, looks([event("a", 1, reason="refresh_token_rejected", providerError="\x1b[2Jbad\n")]))

    assert line.split() == [
        *("2026-11-24T12:00:01.000Z", "credential.expired", "shopify", "expired", "cred_1", "ada@shop.example"),
        *("refresh_token_rejected", "[2Jbad"),
    ]


@pytest.mark.parametrize(("no_colour", "coloured"), [(None, True), ("1", False)])
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch,
    no_colour: str | None,
    coloured: bool,  # noqa: FBT001  # a row of the table
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", no_colour)

    main(TAIL, looks([event("a", 1)]), stopped_after(1))

    assert ("\x1b[31mcredential.expired" in terminal.getvalue()) is coloured


def progress(state: str, scanned: int, total: int | None = 400, **more: object) -> dict[str, Any]:
    """As the admin function shows a replay."""
    ids = {"workspaceId": "ws_1", "replayId": "rpl_1", "endpointId": "ep_1"}
    return {**ids, "state": state, "reason": None, "total": total, "scanned": scanned, "replayed": scanned // 2, **more}


def replaying(*answers: dict[str, Any], status: str = "healthy") -> Aws:
    """One workspace with one endpoint, and what is said of its replay."""
    aws = Aws(OUTPUTS)
    endpoints = [{"endpointId": "ep_1", "status": status}]
    aws.answers = [{"workspaces": ["ws_1"], "after": None}, {"endpoints": endpoints}, *answers]
    return aws


def test_a_replay_is_started_with_what_was_asked_and_watched_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    aws = replaying(progress("running", 100), progress("running", 300), progress("done", 400))
    waits: list[float] = []

    code = main([*REPLAY, "--type", "credential.expired", "--endpoint", "ep_1", "--failed"], aws, waits.append)

    asked = {"action": "replay", "workspaceId": "ws_1", "endpointId": "ep_1", "since": "2026-11-24T12:00:00+00:00"}
    assert aws.events[2] == {**asked, "until": None, "types": ["credential.expired"], "onlyFailed": True}
    assert [each["action"] for each in aws.events[3:]] == ["replay_progress"] * 2
    assert (code, waits) == (0, [1, 1])
    assert capsys.readouterr().out == "ep_1: done, 200 of 400 events\n"


@pytest.mark.parametrize(
    ("total", "words"),
    [(400, ["[#######  ", " 25%", "100 events looked at, 50 sent again", "100%"]), (None, ["100 events"])],
)
def test_a_terminal_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch, total: int | None, words: list[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    main(REPLAY, replaying(progress("running", 100, total), progress("done", 400, total)), lambda _: None)

    assert [each for each in words if each not in terminal.getvalue()] == []
    assert ("[#" in terminal.getvalue().partition("\x1b[K")[0]) is (total is not None)


def test_nothing_but_a_terminal_is_shown_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    main([*REPLAY, "--json"], replaying(progress("running", 100), progress("done", 400)), lambda _: None)

    said = capsys.readouterr()
    assert json.loads(said.out)["state"] == "done"
    assert said.err == ""


def test_a_replay_that_is_left_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(REPLAY, replaying(progress("running", 100)), stopped_after(1))

    assert code == 130
    assert "in the background" in capsys.readouterr().err


def test_an_endpoint_that_is_asleep_is_to_be_resumed_first(capsys: pytest.CaptureFixture[str]) -> None:
    aws = replaying(status="disabled")

    code = main(REPLAY, aws, lambda _: None)

    assert (code, [each["action"] for each in aws.events]) == (1, ["workspaces", "endpoints"])
    assert "ep_1 is disabled: resume it first" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["yesterday", "2026-11-24T12:00:00", "h", ""])
def test_a_time_without_its_offset_is_refused(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["events", "tail", "--since", text], Aws(OUTPUTS))

    assert left.value.code == 2
    assert "is no time such as" in capsys.readouterr().err


def test_an_age_is_a_time_too() -> None:
    aws = replaying(progress("done", 1))

    main(["events", "replay", "--since", "6h", "--until", "90m"], aws, lambda _: None)

    assert aws.events[2]["since"] < aws.events[2]["until"]
