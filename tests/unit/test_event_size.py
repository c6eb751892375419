"""An event's body has at most 20 kB, whatever it tells of."""

import json
from typing import Any

import pytest
from evergrant.domain.events import BODY_BYTES
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import an_event

SMILE = "\U0001f600"
MAIL = f"{'a' * 308}@example.com"
FIXED = ("id", "type", "timestamp", "workspaceId", "userId", "userEmail", "credentialId")
STATE = {"app": "acme", "status": "expired", "version": 7}


def size(text: str) -> int:
    return len(text.encode())


def test_what_fits_is_whole() -> None:
    event = an_event(credential_name="Acme", data={**STATE, "added": ["read"] * 1000})

    assert size(event.text()) < BODY_BYTES
    assert json.loads(event.text())["data"] == event.data
    assert "truncated" not in event.body()


@pytest.mark.parametrize(
    "long",
    [
        {"added": [f"https://scopes.example/{number}" for number in range(1000)], "removed": []},
        {"providerError": SMILE * 20_000},
        {"providerError": "\0" * 20_000},
        {"reconnectUrl": "https://shop.example/" + "x" * 20_000},
        {name: [SMILE * 500] * 500 for name in ("added", "removed", "changed")},
        {"deep": {"deeper": [{"deepest": ["x" * 30_000]}]}},
    ],
)
def test_what_is_too_long_is_cut_and_says_so(long: dict[str, Any]) -> None:
    event = an_event(user_email=MAIL, credential_name=SMILE * 10_000, data={**STATE, **long})
    body = json.loads(event.text())

    assert size(event.text()) <= BODY_BYTES
    assert body["truncated"] is True
    assert {name: body[name] for name in FIXED} == {name: event.body()[name] for name in FIXED}
    assert (body["userEmail"], body["data"].items() >= STATE.items()) == (MAIL, True)


TEXTS = st.tuples(st.sampled_from(("x", "\0", "\uffff", SMILE)), st.integers(0, 6000))
LISTS = st.tuples(TEXTS, st.integers(0, 60))


def long(text: tuple[str, int]) -> str:
    return text[0] * text[1]


@settings(deadline=None, max_examples=50)
@given(name=TEXTS, texts=st.lists(TEXTS, max_size=5), lists=st.lists(LISTS, max_size=3))
def test_no_event_is_longer(
    name: tuple[str, int], texts: list[tuple[str, int]], lists: list[tuple[tuple[str, int], int]]
) -> None:
    values = [*map(long, texts), *([long(each)] * many for each, many in lists)]
    data = {f"member{number}": each for number, each in enumerate(values)}
    event = an_event(user_email=MAIL, credential_name=long(name), data={**STATE, **data})

    assert size(event.text()) <= BODY_BYTES
    assert json.loads(event.text()) == event.body()


def test_sqs_takes_every_character() -> None:
    text = an_event(credential_name="\0\x1f\ufffe\uffff\ud7ff\U0001ffff").text()

    # XML 1.0, 2.2: what a message may hold.
    assert not [each for each in text if each < " " or each in "\ufffe\uffff"]
