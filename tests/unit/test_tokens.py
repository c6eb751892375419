"""What a token endpoint answers, read strictly."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from evergrant.domain.app import App, OAuth2Method
from evergrant.domain.errors import ClientRefusedError, GrantRefusedError, ProviderError
from evergrant.domain.tokens import LONGEST_LIFE, SHORTEST_LIFE, Reading, Tokens, read_tokens

from tests.builders import NOON


def a_method(**fields: Any) -> OAuth2Method:
    method = {
        "kind": "oauth2",
        "authorization_endpoint": "https://x.example/authorize",
        "token_endpoint": "https://x.example/token",
        **fields,
    }
    app = App.model_validate({"slug": "x", "name": "X", "docs_url": "https://x.example/docs", "methods": [method]})
    found = app.oauth2()
    assert found
    return found


def read(answer: object, *, status: int = 200, **fields: Any) -> Tokens:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return read_tokens(Reading.of_grant(a_method(**fields)), status, body, at=NOON)


def test_a_plain_answer_is_kept() -> None:
    tokens = read(
        {"access_token": "a", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r", "scope": "x y"}
    )

    assert (tokens.access_token.get_secret_value(), tokens.scopes) == ("a", ("x", "y"))
    assert tokens.expires_at == NOON + timedelta(hours=1)
    assert "a" not in repr(tokens).replace("access_token", "").replace("datetime", "").split("SecretStr")[1][:6]


@pytest.mark.parametrize(
    ("expires_in", "life"),
    [
        (3600, timedelta(hours=1)),
        ("3600", timedelta(hours=1)),
        (3600.0, timedelta(hours=1)),
        (0, SHORTEST_LIFE),
        (-1, SHORTEST_LIFE),
        (10**18, LONGEST_LIFE),
        ("9" * 400, LONGEST_LIFE),
        (None, None),
        (True, None),
        ("soon", None),
        ([], None),
    ],
)
def test_attack_18_expires_in_in_any_clothes_becomes_a_sane_end(expires_in: object, life: timedelta | None) -> None:
    tokens = read({"access_token": "a", "expires_in": expires_in})

    assert tokens.expires_at == (None if life is None else NOON + life)


def test_attack_18_a_number_beyond_all_numbers_is_the_longest_life() -> None:
    assert read(b'{"access_token": "a", "expires_in": 1e400}').expires_at == NOON + LONGEST_LIFE


def test_without_expires_in_the_apps_default_counts_and_a_jwts_exp_before_it() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": NOON.timestamp() + 600}).encode()).rstrip(b"=").decode()

    assert read({"access_token": "a"}, default_expires_in=7200).expires_at == NOON + timedelta(hours=2)
    assert read({"access_token": f"e30.{claims}.x"}, default_expires_in=7200).expires_at == NOON + timedelta(minutes=10)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"token"',
        b"null",
        b'{"access_token": "a", "access_token": "b"}',
        b'{"access_token": NaN}',
        b"[" * 100_000,
        b"access_token=a&token_type=bearer",
        b"\xff\xfe",
        b'{"access_token": ""}',
        b'{"access_token": ["a"]}',
        b'{"access_token": {"a": 1}}',
        b'{"access_token": "a\\r\\nb"}',
        b'{"access_token": "a", "token_type": "mac"}',
        b'{"access_token": "a", "token_type": 1}',
        b'{"access_token": "' + b"a" * 40_000 + b'"}',
    ],
    ids=range(17),
)
def test_attack_17_nonsense_is_the_providers_trouble(body: bytes) -> None:
    with pytest.raises(ProviderError):
        read(body)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read(b'\xef\xbb\xbf{"access_token": "a"}').access_token.get_secret_value() == "a"


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (200, "invalid_grant"), (401, "expired")])
def test_a_refusal_is_the_providers_word(status: int, error: str) -> None:
    with pytest.raises(GrantRefusedError) as refused:
        read({"error": error, "error_description": "<script>secret</script>"}, status=status)

    assert refused.value.error == error
    assert "script" not in refused.value.message


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_scope"])
def test_what_is_wrong_with_our_client_says_nothing_of_the_grant(error: str) -> None:
    with pytest.raises(ClientRefusedError):
        read({"error": error}, status=401)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_bad_day_is_no_refusal(status: int) -> None:
    with pytest.raises(ProviderError) as trouble:
        read({"error": "invalid_grant"}, status=status)

    assert not isinstance(trouble.value, GrantRefusedError)


def test_an_error_word_that_is_none_is_not_repeated() -> None:
    with pytest.raises(GrantRefusedError) as refused:
        read({"error": "<img src=x onerror=alert(1)>"}, status=400)

    assert refused.value.error == "unknown_error"


def test_attack_05_a_token_is_nothing_plain_wherever_an_entry_looks_for_it() -> None:
    answer = {"access_token": "at-0123456789", "refresh_token": "rt-0123456789", "name": "x rt-0123456789", "says": "y"}
    kept = [{"name": "leak", "source": "token", "path": "name", "pattern": "^.+$", "required": False}]
    told = [{"name": "told", "source": "token", "path": "says", "pattern": "^.+$"}]

    tokens = read(answer, kept=[*kept, *told], token_answer={"scope": "name"})

    assert (tokens.kept, tokens.scopes) == ({"told": "y"}, None)


def test_values_are_kept_as_the_entry_says() -> None:
    kept = [
        {
            "name": "instance",
            "source": "token",
            "path": "instance_url",
            "pattern": "^https://([a-z0-9-]+)\\.x\\.example$",
        }
    ]

    tokens = read({"access_token": "a", "instance_url": "https://na1.x.example"}, kept=kept)

    assert tokens.kept == {"instance": "na1"}
    with pytest.raises(ProviderError):
        read({"access_token": "a", "instance_url": "https://evil.example/?.x.example"}, kept=kept)
