"""The hosted link: whoever opens it may not be who it was made for, so the owner's server finishes, key forms too."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from evergrant.domain.authorization import s256
from evergrant.domain.errors import ProviderTimeoutError
from evergrant.ports.providers import ProbeAnswer
from evergrant.runtime import wiring

from tests.fakes.probing import FakeProbing
from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.modal import (
    OWN,
    begun,
    called_back,
    completed,
    cookie_of,
    kept,
    recognised,
    released,
    session,
    state_of,
)
from tests.functions.redirects import RETURN_URL
from tests.functions.sweeps import Travelling, told

KEYS = {"app": "klaviyo", "data": {"apiKey": "pk_typed_canary"}}


@pytest.fixture(autouse=True)
def probing(provider: FakeTokenEndpoint, monkeypatch: pytest.MonkeyPatch) -> FakeProbing:
    fake = FakeProbing()
    monkeypatch.setattr(wiring, "probing", lambda: fake)
    return fake


def link(functions: Functions, **more: object) -> str:
    body = {"userId": "ada", "returnUrl": RETURN_URL, **more}
    made = functions.call("connect_sessions", "POST", "/connect/sessions", body)
    assert made.status == 201, made.body
    url: str = made.body["url"]
    return url


def redeemed(functions: Functions, fragment: str, headers: dict[str, str] | None = None) -> Answer:
    sent = OWN if headers is None else headers
    return functions.call("connect_redeem", "POST", "/connect/redeem", {"link": fragment}, headers=sent, authorizer={})


def visiting(functions: Functions, **more: object) -> dict[str, str]:
    """The session of whoever opened the link."""
    return recognised(functions, redeemed(functions, urlsplit(link(functions, **more)).fragment).body["token"])


def typed(functions: Functions, who: dict[str, str], body: object = KEYS, **more: Any) -> Answer:
    return functions.call("connect_credentials", "POST", "/connect/credentials", body, authorizer=who, **more)


def completion_of(answer: Answer) -> str:
    location = urlsplit(answer.headers.get("location") or answer.body["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == RETURN_URL
    return parse_qs(location.query)["completion"][0]


def by_owner(functions: Functions, completion: str, user: str = "ada", **more: object) -> Answer:
    body = {"completion": completion, "userId": user, **more}
    return functions.call("connect_complete", "POST", "/connect/complete", body)


def test_a_link_is_made_only_where_it_can_end(functions: Functions) -> None:
    without = functions.call("connect_sessions", "POST", "/connect/sessions", {"userId": "ada"})
    url = urlsplit(link(functions))

    assert without.body["url"] is None
    assert (url.path, url.query) == ("/connect", f"workspace={functions.workspace_id}")
    assert url.fragment.startswith("evl_")


def test_a_link_is_redeemed_once(functions: Functions) -> None:
    fragment = urlsplit(link(functions)).fragment

    first, second = (redeemed(functions, fragment) for _ in range(2))

    assert (first.status, first.headers["cache-control"]) == (201, "no-store")
    assert first.body["token"].startswith("evs_")
    assert (second.status, second.body["code"]) == (400, "link_used")


def test_a_link_is_over_with_its_session(functions: Functions, clock: Travelling) -> None:
    fragment = urlsplit(link(functions)).fragment
    clock.ahead = timedelta(minutes=30)

    assert redeemed(functions, fragment).body["code"] == "link_used"


@pytest.mark.parametrize("headers", [{}, {**OWN, "origin": "https://evil.example"}, {**OWN, "sec-fetch-site": "none"}])
def test_attack_63_another_site_redeems_nothing(functions: Functions, headers: dict[str, str]) -> None:
    fragment = urlsplit(link(functions)).fragment

    refused = redeemed(functions, fragment, headers)

    assert (refused.status, refused.body["code"]) == (403, "cross_site")
    assert redeemed(functions, fragment).status == 201


def test_attack_66_a_link_is_no_token_and_a_token_is_no_link(functions: Functions) -> None:
    fragment = urlsplit(link(functions)).fragment
    as_token = fragment.replace("evl_", "evs_")
    event = {"headers": {"Authorization": f"Bearer {as_token}"}, "methodArn": "arn:aws:execute-api:x:1:api/v1/GET/x"}

    with pytest.raises(Exception, match="Unauthorized"):
        functions.invoke("session_authorizer", event)

    token = session(functions, returnUrl=RETURN_URL)["token"]
    assert redeemed(functions, token.replace("evs_", "evl_")).status == 400
    assert redeemed(functions, "evl_nothing").body["code"] == "link_unknown"


def test_a_key_form_ends_at_the_return_url_and_is_kept_by_the_owner(functions: Functions) -> None:
    answer = typed(functions, visiting(functions))
    before = kept(functions)

    done = by_owner(functions, completion_of(answer))

    assert (answer.status, answer.headers["cache-control"]) == (201, "no-store")
    assert "credentialId" not in answer.body
    assert (before, done.status) == ([], 201)
    assert [each["credentialId"] for each in kept(functions)] == [done.body["credentialId"]]
    token = functions.call("fresh_token", "POST", f"/credentials/{done.body['credentialId']}/token")
    assert token.body["secret"] == {"apiKey": "pk_typed_canary"}
    assert told() == ["credential.created"]


def test_attack_09_a_victim_who_types_a_key_at_an_attackers_link_links_nothing(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "victim"})
    completion = completion_of(typed(functions, visiting(functions)))

    refused = by_owner(functions, completion, user="victim")
    burnt = by_owner(functions, completion)

    assert (refused.status, refused.body["code"]) == (403, "user_mismatch")
    assert (burnt.status, burnt.body["code"]) == (400, "completion_used")
    assert (kept(functions), kept(functions, "victim")) == ([], [])


def test_attack_09_no_session_finishes_what_a_link_began(functions: Functions) -> None:
    who = visiting(functions)
    completion = completion_of(typed(functions, who))

    by_visitor = completed(functions, who, completion)
    by_attacker = completed(functions, session(functions), completion)

    assert [(each.status, each.body["code"]) for each in (by_visitor, by_attacker)] == [(403, "owner_finishes")] * 2
    assert kept(functions) == []


def test_attack_09_a_link_goes_to_the_provider_by_the_owners_return_url_alone(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    functions.call("users", "POST", "/users", {"username": "victim"})
    began = begun(functions, visiting(functions))
    place: str = began.body["url"]
    started = functions.call("oauth_start", "GET", urlsplit(place).path, authorizer={})
    back = called_back(functions, state_of(started.headers["location"]), cookie_of(started))

    refused = by_owner(functions, completion_of(back), user="victim")

    assert (began.body["binder"], back.status, refused.status) == (None, 303, 403)
    assert (provider.asked, kept(functions), kept(functions, "victim")) == (0, [], [])


def test_a_link_connects_by_oauth(functions: Functions) -> None:
    began = begun(functions, visiting(functions))
    place: str = began.body["url"]
    started = functions.call("oauth_start", "GET", urlsplit(place).path, authorizer={})
    back = called_back(functions, state_of(started.headers["location"]), cookie_of(started))

    assert by_owner(functions, completion_of(back)).status == 201


def test_a_form_is_bound_to_the_owners_code_challenge(functions: Functions) -> None:
    verifier = "v" * 43
    who = visiting(functions, codeChallenge=s256(verifier))

    without = by_owner(functions, completion_of(typed(functions, who)))
    with_it = by_owner(functions, completion_of(typed(functions, who)), codeVerifier=verifier)

    assert (without.status, without.body["code"]) == (400, "code_verifier_mismatch")
    assert with_it.status == 201


def test_a_form_is_over_after_a_minute(functions: Functions, clock: Travelling) -> None:
    completion = completion_of(typed(functions, visiting(functions)))
    clock.ahead = timedelta(seconds=60)

    assert by_owner(functions, completion).body["code"] == "completion_expired"


def test_a_form_of_a_link_reconnects_in_place(functions: Functions) -> None:
    first = by_owner(functions, completion_of(typed(functions, visiting(functions)))).body["credentialId"]
    who = visiting(functions, credentialId=first)

    again = by_owner(functions, completion_of(typed(functions, who, {**KEYS, "data": {"apiKey": "pk_new"}})))

    assert (again.status, again.body["credentialId"]) == (201, first)
    token = functions.call("fresh_token", "POST", f"/credentials/{first}/token")
    assert token.body["secret"] == {"apiKey": "pk_new"}


def test_a_completion_sent_twice_by_the_owner_makes_one(functions: Functions) -> None:
    body = {"completion": completion_of(typed(functions, visiting(functions))), "userId": "ada"}

    first, second = (
        functions.call("connect_complete", "POST", "/connect/complete", body, headers={"idempotency-key": "k"})
        for _ in range(2)
    )

    assert first.body["credentialId"] == second.body["credentialId"]
    assert len(kept(functions)) == 1


def test_attack_33_what_was_typed_is_nowhere_plain(functions: Functions) -> None:
    completion = completion_of(typed(functions, visiting(functions), headers={"idempotency-key": "k"}))
    client = boto3.client("dynamodb")

    left = str([client.scan(TableName=name)["Items"] for name in client.list_tables()["TableNames"]])

    assert [each for each in ("pk_typed_canary", completion) if each in left] == []


def test_a_form_is_refused_by_its_own_paths_before_it_is_held(functions: Functions) -> None:
    answer = typed(functions, visiting(functions), {"app": "klaviyo", "data": {"apikey": "k"}})

    assert {each["path"] for each in answer.body["details"]} == {"data.apiKey", "data.apikey"}


@pytest.mark.parametrize("opens", [visiting, session])
def test_a_key_that_the_provider_refuses_is_not_connected(
    functions: Functions, probing: FakeProbing, opens: Callable[[Functions], dict[str, str]]
) -> None:
    probing.answer = ProbeAnswer(verdict=False, status=401)

    answer = typed(functions, opens(functions))

    assert (answer.status, answer.body["code"]) == (422, "rejected_by_provider")
    assert kept(functions) == []


def test_a_key_is_checked_live_and_its_account_is_known(functions: Functions, probing: FakeProbing) -> None:
    probing.answer = ProbeAnswer(verdict=True, status=200, content={"data": [{"id": "acc-1"}]})

    answer = typed(functions, session(functions))

    assert (answer.status, answer.body["verified"], probing.asked) == (201, True, 1)
    assert answer.body["credential"]["accountId"] == "acc-1"


def test_a_provider_that_does_not_answer_stops_nobody(functions: Functions, probing: FakeProbing) -> None:
    probing.trouble = ProviderTimeoutError("late")

    answer = typed(functions, session(functions))

    assert (answer.status, answer.body["verified"]) == (201, None)


def test_a_key_of_another_account_reconnects_nothing(functions: Functions, probing: FakeProbing) -> None:
    probing.answer = ProbeAnswer(verdict=True, status=200, content={"data": [{"id": "acc-1"}]})
    first = typed(functions, session(functions)).body["credentialId"]
    probing.answer = ProbeAnswer(verdict=True, status=200, content={"data": [{"id": "acc-2"}]})

    answer = typed(functions, session(functions, credentialId=first))

    assert (answer.status, answer.body["code"]) == (400, "wrong_account")


def test_a_merchant_cannot_move_a_nameless_credential_to_another_shop(
    functions: Functions, probing: FakeProbing
) -> None:
    """A shop of WooCommerce that did not say whose keys they are."""
    probing.trouble = ProviderTimeoutError("late")
    keys = {"username": f"ck_{'a' * 40}", "password": f"cs_{'a' * 40}"}
    shops = [
        {"app": "woocommerce", "data": {**keys, "store": each}, "way": "basic"}
        for each in ("ada.example", "eve.example")
    ]
    first = typed(functions, session(functions), shops[0]).body["credentialId"]
    again = session(functions, credentialId=first)

    answers = [typed(functions, again, shop) for shop in reversed(shops)]

    assert [(each.status, each.body.get("code")) for each in answers] == [(400, "wrong_account"), (201, None)]
    assert len(kept(functions)) == 1


def reused(functions: Functions, who: dict[str, str], credential_id: str) -> Answer:
    path = f"/connect/credentials/{credential_id}/reuse"
    return functions.call("connect_credentials", "POST", path, authorizer=who)


def test_what_is_there_is_used_again_only_where_it_grants_what_is_wanted(functions: Functions) -> None:
    who = session(functions)
    there = completed(functions, who, released(functions, who)[1]).body["credentialId"]
    enough, more = session(functions, scopes=["read"]), session(functions, scopes=["read", "write"])

    yes, no = reused(functions, enough, there), reused(functions, more, there)
    shown = [
        functions.call("connect_session", "GET", "/connect/session", authorizer=each).body["credentials"][0]
        for each in (enough, more)
    ]

    assert (yes.status, yes.body) == (200, {"success": True, "credentialId": there})
    assert (no.status, no.body["code"]) == (409, "scopes_missing")
    assert [(each["reusable"], each["missingScopes"]) for each in shown] == [(True, []), (False, ["write"])]


def test_an_incremental_reconnect_asks_for_what_is_missing_too(functions: Functions) -> None:
    who = session(functions)
    there = completed(functions, who, released(functions, who)[1]).body["credentialId"]

    name = begun(functions, session(functions, scopes=["write"]), credentialId=there).body["authorizationId"]

    found = wiring.authorizations().get(name)
    assert found
    assert set(found.scopes) == {"read", "write"}


def test_a_link_reuses_by_a_completion(functions: Functions) -> None:
    there = by_owner(functions, completion_of(typed(functions, visiting(functions)))).body["credentialId"]

    answer = reused(functions, visiting(functions), there)

    assert by_owner(functions, completion_of(answer)).body == {"success": True, "credentialId": there}
    assert len(kept(functions)) == 1


def test_attack_36_a_session_reuses_no_other_users_credential(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "eve"})
    there = typed(functions, session(functions)).body["credentialId"]

    answers = [reused(functions, session(functions, "eve"), each) for each in (there, f"cred_{'0' * 36}")]

    assert [each.status for each in answers] == [404, 404]
