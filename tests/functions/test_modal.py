"""The modal's pop-up: bound before the provider, by the frame that holds the token; who began must finish."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest

from tests.fakes.token_endpoint import FakeTokenEndpoint
from tests.functions.deployment import Answer, Functions
from tests.functions.modal import (
    ATTEMPT,
    FORM,
    OWN,
    begun,
    called_back,
    completed,
    cookie_of,
    kept,
    looked,
    opened,
    released,
    session,
    state_of,
)
from tests.functions.redirects import RETURN_URL
from tests.functions.sweeps import Travelling, told


def test_the_modal_connects_by_a_pop_up(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)
    began = begun(functions, who)
    name = began.body["authorizationId"]
    before = looked(functions, who, name)
    going = opened(functions, began)
    page = called_back(functions, state_of(going.body["location"]), cookie_of(going))
    ready = looked(functions, who, name)

    done = completed(functions, who, ready.body["completion"])

    assert (began.status, going.status, page.status, done.status) == (201, 200, 200, 201)
    assert (before.body, ready.body["status"]) == ({"status": "pending"}, "ready")
    assert len(ready.body["completion"]) == 43
    assert [each["credentialId"] for each in kept(functions)] == [done.body["credentialId"]]
    assert told() == ["credential.created"]


def test_the_callback_releases_the_completion_to_its_own_origin_and_closes(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    who = session(functions)
    began = begun(functions, who)
    going = opened(functions, began)

    page = called_back(functions, state_of(going.body["location"]), cookie_of(going))

    completion = looked(functions, who, began.body["authorizationId"]).body["completion"]
    assert completion in page.body
    assert "postMessage(told, location.origin)" in page.body
    assert "close()" in page.body


def test_attack_14_opening_and_callback_leak_nothing_and_keep_their_opener(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    going = opened(functions, begun(functions, session(functions)))
    pages = [
        functions.call("connect_opening", "GET", "/connect/opening", authorizer={}),
        called_back(functions, state_of(going.body["location"]), cookie_of(going)),
    ]

    for each in pages:
        assert (each.headers["referrer-policy"], each.headers["cache-control"]) == ("no-referrer", "no-store")
        assert "cross-origin-opener-policy" not in each.headers
        assert "frame-ancestors 'none'" in each.headers["content-security-policy"]
        assert not {"http:", "https:", "src="} & set(each.body.split('"'))
    assert "history.replaceState" in pages[1].body


def test_attack_69_the_cookie_is_of_one_authorization_and_no_script_reads_it(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    began = begun(functions, session(functions))

    cookie = opened(functions, began).headers["set-cookie"]

    assert cookie.startswith(f"__Host-evergrant-{began.body['authorizationId']}=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evergrant.example"},
        {"sec-fetch-site": "same-origin"},
        {**OWN, "origin": "null"},
        {**OWN, "origin": "https://evergrant.example.evil.example"},
        {**OWN, "sec-fetch-site": "cross-site"},
        {**OWN, "sec-fetch-site": "same-site"},
        {**OWN, "sec-fetch-site": "none"},
    ],
)
def test_attack_63_another_site_plants_no_cookie(
    functions: Functions, provider: FakeTokenEndpoint, headers: dict[str, str]
) -> None:
    who = session(functions)
    answers = [
        opened(functions, begun(functions, who), headers),
        opened(functions, begun(functions, who), {**headers, **FORM}, raw=f"token={who['token']}&attempt={ATTEMPT}"),
    ]

    assert [each.status for each in answers] == [403, 403]
    assert not any("set-cookie" in each.headers for each in answers)


def test_attack_63_a_text_form_with_a_binder_plants_no_cookie(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    answer = opened(functions, begun(functions, session(functions)), {**OWN, "content-type": "text/plain"})

    assert (answer.status, "set-cookie" in answer.headers) == (415, False)


def test_a_binder_is_for_one_browser_which_may_come_back(functions: Functions, provider: FakeTokenEndpoint) -> None:
    began = begun(functions, session(functions))
    going = opened(functions, began)

    others = [opened(functions, began, {**OWN, "cookie": each}) for each in ("", cookie_of(going)[:-1] + "~")]
    again = opened(functions, began, {**OWN, "cookie": cookie_of(going)})

    assert [(each.status, each.body["code"]) for each in others] == [(400, "link_used")] * 2
    assert (again.status, again.body) == (200, going.body)
    assert cookie_of(again) == cookie_of(going)


def test_a_wrong_binder_opens_nothing(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)
    one, other = begun(functions, who), begun(functions, who)
    body = {"authorizationId": one.body["authorizationId"], "binder": other.body["binder"]}

    answer = opened(functions, one, content=body)

    assert (answer.status, answer.body["code"]) == (400, "link_unknown")


def test_attack_08_a_callback_in_another_browser_releases_nothing(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    who = session(functions)
    began = begun(functions, who)
    going = opened(functions, began)

    answer = called_back(functions, state_of(going.body["location"]), "")

    after = looked(functions, who, began.body["authorizationId"])
    assert answer.status == 400
    assert after.body == {"status": "failed", "error": "browser_mismatch"}
    assert (provider.asked, kept(functions)) == (0, [])


def test_attack_09_a_modals_flow_has_no_link_that_a_victim_could_open(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    name = begun(functions, session(functions)).body["authorizationId"]

    started = functions.call("oauth_start", "GET", f"/oauth/start/{name}", authorizer={})
    confirmed = functions.call(
        "oauth_confirm", "POST", "/oauth/confirm", raw=f"id={name}", headers={**FORM, "accept": "*/*"}, authorizer={}
    )

    assert [(each.status, each.body["code"]) for each in (started, confirmed)] == [(400, "link_unknown")] * 2


def test_attack_09_only_its_own_user_sees_or_finishes_it(functions: Functions, provider: FakeTokenEndpoint) -> None:
    functions.call("users", "POST", "/users", {"username": "eve"})
    victim, attacker = session(functions), session(functions, "eve")
    name, completion = released(functions, attacker)

    seen = looked(functions, victim, name)
    finished = completed(functions, victim, completion)
    burnt = completed(functions, attacker, completion)

    assert seen.status == 404
    assert (finished.status, finished.body["code"]) == (403, "user_mismatch")
    assert (burnt.status, burnt.body["code"]) == (400, "completion_used")
    assert (provider.asked, kept(functions), kept(functions, "eve")) == (0, [], [])


def test_attack_10_a_session_keeps_to_its_apps(functions: Functions, provider: FakeTokenEndpoint) -> None:
    other = session(functions, apps=["dropbox"])

    refused = begun(functions, other)
    _, completion = released(functions, session(functions))
    finished = completed(functions, other, completion)

    assert [(each.status, each.body["code"]) for each in (refused, finished)] == [(403, "session_limits")] * 2


def test_attack_10_a_session_token_opens_no_management_route(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})
    who = session(functions)

    answers = [
        functions.call("list_credentials", "GET", "/users/ada/credentials", authorizer=who),
        functions.call(
            "connect_complete", "POST", "/connect/complete", {"completion": "x", "userId": "a"}, authorizer=who
        ),
    ]

    assert [each.status for each in answers] == [401, 401]


def test_a_new_session_of_the_same_user_finishes_what_the_old_one_began(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    _, completion = released(functions, session(functions))

    assert completed(functions, session(functions), completion).status == 201


def test_attack_36_a_session_reconnects_no_other_users_credential(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    functions.call("users", "POST", "/users", {"username": "eve"})
    _, completion = released(functions, session(functions))
    theirs = completed(functions, session(functions), completion).body["credentialId"]

    answers = [begun(functions, session(functions, "eve"), credentialId=each) for each in (theirs, f"cred_{'0' * 36}")]

    assert [each.status for each in answers] == [404, 404]
    assert answers[0].body["message"] == answers[1].body["message"]


def test_a_session_for_one_credential_reconnects_it_in_place(functions: Functions, provider: FakeTokenEndpoint) -> None:
    _, completion = released(functions, session(functions))
    credential_id = completed(functions, session(functions), completion).body["credentialId"]
    who = session(functions, credentialId=credential_id)
    _, completion = released(functions, who)

    again = completed(functions, who, completion)

    assert (again.status, again.body["credentialId"]) == (201, credential_id)
    assert told() == ["credential.created", "credential.reconnected"]


def test_the_form_variant_goes_on_by_a_page(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)
    before = looked(functions, who, ATTEMPT)
    sent = urlencode({"token": who["token"], "attempt": ATTEMPT, "app": "acme"})

    page = functions.call(
        "connect_opening", "POST", "/connect/opening", raw=sent, headers={**OWN, **FORM}, authorizer={}
    )
    location = json.loads(page.body.partition("location.replace(")[2].partition(")</script>")[0])
    called_back(functions, state_of(location), cookie_of(page))
    ready = looked(functions, who, ATTEMPT)

    assert (page.status, page.headers["referrer-policy"]) == (200, "no-referrer")
    assert before.body == {"status": "pending"}
    assert completed(functions, who, ready.body["completion"]).status == 201


def test_a_forms_attempt_is_used_once(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)
    sent = urlencode({"token": who["token"], "attempt": ATTEMPT, "app": "acme"})

    def posted(**more: str) -> Answer:
        return functions.call(
            "connect_opening", "POST", "/connect/opening", raw=sent, headers={**OWN, **FORM, **more}, authorizer={}
        )

    first, other = posted(), posted(accept="*/*")
    again = posted(cookie=cookie_of(first))

    assert (other.status, other.body["code"]) == (400, "link_used")
    assert (again.status, cookie_of(again)) == (200, cookie_of(first))


def test_a_form_without_a_session_begins_nothing(functions: Functions, provider: FakeTokenEndpoint) -> None:
    sent = urlencode({"token": "evs_nothing", "attempt": ATTEMPT, "app": "acme"})

    answer = functions.call(
        "connect_opening", "POST", "/connect/opening", raw=sent, headers={**OWN, **FORM}, authorizer={}
    )

    assert answer.status == 401
    assert "This did not work" in answer.body


def test_a_denied_consent_is_told_by_a_known_word(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)
    began = begun(functions, who)
    going = opened(functions, began)

    page = called_back(functions, state_of(going.body["location"]), cookie_of(going), error="access_denied")

    assert '"type": "evergrant:failed"' in page.body
    after = looked(functions, who, began.body["authorizationId"])
    assert after.body == {"status": "failed", "error": "access_denied"}


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "javascript:x"]
)
def test_attack_67_a_hostile_error_stands_on_no_page(
    functions: Functions, provider: FakeTokenEndpoint, value: str
) -> None:
    going = opened(functions, begun(functions, session(functions)))

    page = called_back(functions, state_of(going.body["location"]), cookie_of(going), error=value)

    assert value not in page.body
    assert '"error": "provider_error"' in page.body


def test_what_takes_too_long_is_over(functions: Functions, provider: FakeTokenEndpoint, clock: Travelling) -> None:
    who = session(functions)
    began = begun(functions, who)
    _, completion = released(functions, who)
    clock.ahead = timedelta(minutes=10)

    assert looked(functions, who, began.body["authorizationId"]).body["error"] == "authorization_expired"
    assert opened(functions, began).body["code"] == "authorization_expired"
    assert completed(functions, who, completion).body["code"] == "completion_expired"


def test_a_double_click_completes_once(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)
    _, completion = released(functions, who)
    key = {"idempotency-key": "k-1"}

    first, second = (completed(functions, who, completion, headers=key) for _ in range(2))

    assert first.body["credentialId"] == second.body["credentialId"]
    assert provider.asked == 1


def test_attack_33_what_the_modal_leaves_behind_has_no_secret(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    who = session(functions)
    began = begun(functions, who)
    going = opened(functions, began)
    state, cookie = state_of(going.body["location"]), cookie_of(going)
    called_back(functions, state, cookie)
    completion = looked(functions, who, began.body["authorizationId"]).body["completion"]
    client = boto3.client("dynamodb")
    left = str([client.scan(TableName=name)["Items"] for name in client.list_tables()["TableNames"]])

    secrets = ["code-canary", state, completion, cookie.partition("=")[2], began.body["binder"], who["token"]]
    assert [each for each in secrets if each in left] == []


def test_an_app_of_the_redirect_mode_needs_a_return_url(functions: Functions, provider: FakeTokenEndpoint) -> None:
    without = begun(functions, session(functions), mode="redirect")
    given = begun(functions, session(functions, returnUrl=RETURN_URL), mode="redirect")

    assert [each["path"] for each in without.body["details"]] == ["mode"]
    assert given.body["url"] == f"https://evergrant.example/oauth/start/{given.body['authorizationId']}"
    assert given.body["binder"] is None


def test_attack_09_what_ends_at_a_return_url_is_the_owners_to_finish(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    who = session(functions, returnUrl=RETURN_URL)
    began = begun(functions, who, mode="redirect")
    link: str = began.body["url"]
    started = functions.call("oauth_start", "GET", urlsplit(link).path, authorizer={})
    back = called_back(functions, state_of(started.headers["location"]), cookie_of(started))
    completion = parse_qs(urlsplit(back.headers["location"]).query)["completion"][0]

    seen = looked(functions, who, began.body["authorizationId"])
    refused = completed(functions, who, completion)

    assert seen.body == {"status": "ready"}
    assert (refused.status, refused.body["code"]) == (403, "owner_finishes")
    assert provider.asked == 0


def test_properties_are_refused_by_their_own_paths(functions: Functions, provider: FakeTokenEndpoint) -> None:
    answer = begun(functions, session(functions), properties={"shop": "x"})

    assert [each["path"] for each in answer.body["details"]] == ["properties.shop"]


def posted(functions: Functions, sent: str, **headers: str) -> Answer:
    path = f"/oauth/callback/{functions.workspace_id}/acme"
    given = {"content-type": FORM["content-type"], **headers}
    return functions.call("oauth_callback", "POST", path, raw=sent, headers=given, authorizer={})


def fetched(functions: Functions, path: str, handle: str, **headers: str) -> Answer:
    return functions.call("oauth_callback", "GET", path, query={"h": handle}, headers=headers, authorizer={})


def held(functions: Functions, going: Answer) -> tuple[str, str]:
    """Where the browser is sent after the provider's post."""
    sent = urlencode({"state": state_of(going.body["location"]), "code": "code-canary"})
    place = urlsplit(posted(functions, sent, origin="https://acme.example").headers["location"])
    assert (place.netloc, place.query[:2]) == ("evergrant.example", "h=")
    return place.path, place.query.removeprefix("h=")


def test_a_callback_by_post_comes_back_with_its_cookie(functions: Functions, provider: FakeTokenEndpoint) -> None:
    who = session(functions)
    began = begun(functions, who)
    going = opened(functions, began)
    path, handle = held(functions, going)
    left = str(boto3.client("dynamodb").scan(TableName="sessions")["Items"])

    page = fetched(functions, path, handle, cookie=cookie_of(going), accept="text/html")

    assert not {"code-canary", handle} & set(left.split("'"))
    assert page.status == 200
    assert looked(functions, who, began.body["authorizationId"]).body["status"] == "ready"


def test_attack_08_a_posted_callback_without_the_cookie_releases_nothing(
    functions: Functions, provider: FakeTokenEndpoint
) -> None:
    going = opened(functions, begun(functions, session(functions)))

    page = fetched(functions, *held(functions, going))

    assert (page.status, page.body["code"]) == (400, "browser_mismatch")


def test_attack_06_a_posted_callback_keeps_to_its_address(functions: Functions, provider: FakeTokenEndpoint) -> None:
    going = opened(functions, begun(functions, session(functions)))
    path, handle = held(functions, going)

    other = fetched(functions, path.replace("acme", "other"), handle, cookie=cookie_of(going))

    assert (other.status, other.body["code"]) == (400, "state_unknown")
    assert kept(functions) == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [("state=a&state=b", 400), ("code=a", 400), ("", 400), ("state=a&x=" + "a" * 20_000, 413), ("state=%ff", 400)],
)
def test_attack_23_a_posted_callback_is_read_strictly(
    functions: Functions, provider: FakeTokenEndpoint, sent: str, status: int
) -> None:
    assert posted(functions, sent).status == status


def test_a_handle_that_is_unknown_or_over_says_nothing(
    functions: Functions, provider: FakeTokenEndpoint, clock: Travelling
) -> None:
    path, handle = held(functions, opened(functions, begun(functions, session(functions))))
    clock.ahead = timedelta(minutes=1)

    answers = [fetched(functions, path, each) for each in (handle, "h" * 43)]

    assert [(each.status, each.body["code"]) for each in answers] == [(400, "state_unknown")] * 2
