"""What a refresh brings is never refused for what it need not bring: the token before it may be spent."""

import pytest

from tests.contracts.test_introspection import refreshed, server
from tests.functions.loopback import Loopback, Told

__all__ = ["server"]  # A fixture that these tests take.

KEPT = {"name": "site", "source": "token", "path": "site", "pattern": "^[a-z]{1,20}$"}


@pytest.mark.parametrize(
    ("answer", "kept"),
    [({"site": "ada"}, {"site": "ada"}), ({}, {}), ({"site": "not/a/site"}, {}), ({"site": None}, {})],
)
def test_a_refresh_that_does_not_say_again_what_is_kept_brings_its_pair(
    server: Loopback, answer: dict[str, object], kept: dict[str, str]
) -> None:
    tokens = refreshed(server, said=Told(), answer=answer, kept=[KEPT])

    assert (tokens.access_token.get_secret_value(), tokens.kept) == ("at", kept)
    assert tokens.refresh_token


def test_a_second_token_that_a_refresh_leaves_out_costs_nothing(server: Loopback) -> None:
    tokens = refreshed(server, said=Told(), kept=[{**KEPT, "name": "userToken", "secret": True}])

    assert (tokens.access_token.get_secret_value(), dict(tokens.secrets)) == ("at", {})


@pytest.mark.parametrize("token_type", ["mac", "DPoP", "", 7, None, ["Bearer"]])
def test_a_kind_of_token_that_is_not_known_costs_no_pair(server: Loopback, token_type: object) -> None:
    tokens = refreshed(server, said=Told(), answer={"token_type": token_type})

    assert (tokens.access_token.get_secret_value(), tokens.token_type) == ("at", "bearer")
    assert tokens.refresh_token
