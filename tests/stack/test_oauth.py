"""OAuth on the running stack, with a real OAuth server (oidc-provider) and a browser's redirects and cookies."""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from tests.stack.conftest import Stack
from tests.stack.provider import CLIENT_SECRET, Provider, providing
from tests.stack.receiver import receiving
from tests.stack.test_expiry import EXPIRY_SECONDS, register
from tests.stack.test_status_table import table

RETURN_URL = "http://127.0.0.1:9/return"


@pytest.fixture(scope="module")
def provider(stack: Stack) -> Iterator[Provider]:
    callbacks = [f"{stack.url}/oauth/callback/{stack.workspace_id}/{slug}" for slug in ("acme", "other")]
    with providing(*callbacks) as running:
        for slug in ("acme", "other"):
            put = stack.request("PUT", f"/apps/{slug}", running.entry(slug))
            assert put.status_code == 200, put.text
            client = {"clientId": "evergrant", "clientSecret": CLIENT_SECRET}
            assert stack.request("PUT", f"/apps/{slug}/client", client).status_code == 200
        settings = {"name": "Local", "returnUrls": [RETURN_URL], "reconnectUrl": "https://shop.example/{credentialId}"}
        assert stack.request("PUT", "/workspace", settings).status_code == 200
        yield running


@pytest.fixture(autouse=True)
def plain(provider: Provider) -> None:
    provider.control(mode="plain", accessTokenSeconds=3600, tokenRequests=[])


def verifier() -> tuple[str, str]:
    chosen = secrets.token_urlsafe(32)
    return chosen, base64.urlsafe_b64encode(hashlib.sha256(chosen.encode()).digest()).rstrip(b"=").decode()


def link(stack: Stack, user: str, app: str = "acme", **query: str) -> str:
    answer = requests.get(
        f"{stack.url}/oauthUrl",
        params={"userId": user, "app": app, "returnUrl": RETURN_URL, **query},
        headers={"authorization": f"Bearer {stack.key}"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["oauthUrl"]


def began(stack: Stack, provider: Provider, user: str, **query: str) -> tuple[requests.Session, str]:
    """A browser that has consented, and the callback that it has not opened yet."""
    browser = requests.Session()
    start = browser.get(link(stack, user, **query), allow_redirects=False, timeout=30)
    assert start.status_code == 302, start.text
    return browser, provider.consent(browser, start.headers["location"])


def returned(browser: requests.Session, callback: str) -> dict[str, str]:
    """What the owner's return address got."""
    answer = browser.get(callback, allow_redirects=False, timeout=30)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(RETURN_URL)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def complete(stack: Stack, completion: str, user: str, **more: str) -> requests.Response:
    return stack.request("POST", "/connect/complete", {"completion": completion, "userId": user, **more})


def connected(stack: Stack, provider: Provider, user: str, **query: str) -> str:
    completion = returned(*began(stack, provider, user, **query))["completion"]
    answer = complete(stack, completion, user)
    assert answer.status_code == 201, answer.text
    return answer.json()["credentialId"]


def test_a_user_connects_and_the_token_works_at_the_provider(stack: Stack, provider: Provider) -> None:
    user = stack.user("connects")
    chosen, challenge = verifier()

    completion = returned(*began(stack, provider, user, codeChallenge=challenge))["completion"]
    made = complete(stack, completion, user, codeVerifier=chosen)
    shown = stack.request("GET", f"/credentials/{made.json()['credentialId']}").json()
    token = stack.request("POST", f"/credentials/{made.json()['credentialId']}/token", {}).json()

    assert made.status_code == 201
    assert len(completion) == 43
    assert (shown["type"], shown["status"], shown["accountId"], shown["missingScopes"]) == ("acme", "active", "ada", [])
    assert "refreshToken" not in token["secret"]
    assert requests.get(f"{token['baseUrl']}/me", headers=token["headers"], timeout=10).json()["sub"] == "ada"


def test_attack_07_the_redirect_carries_an_s256_challenge(stack: Stack, provider: Provider) -> None:
    start = requests.get(link(stack, stack.user("s256")), allow_redirects=False, timeout=30)
    query = parse_qs(urlsplit(start.headers["location"]).query)

    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == len(query["state"][0]) == 43


def test_attack_01_a_callback_without_a_known_state_asks_nobody(stack: Stack, provider: Provider) -> None:
    address = f"{stack.url}/oauth/callback/{stack.workspace_id}/acme"

    answers = [requests.get(address + query, timeout=30) for query in ("", "?code=x", "?code=x&state=unknown")]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(400, "state_unknown")] * 3
    assert provider.token_requests() == 0


def test_attack_02_a_state_opens_the_door_only_once(stack: Stack, provider: Provider) -> None:
    user = stack.user("once")
    browser, callback = began(stack, provider, user)
    returned(browser, callback)

    again = browser.get(callback, allow_redirects=False, timeout=30)

    assert (again.status_code, again.json()["code"]) == (400, "state_used")
    assert provider.token_requests() == 0


def test_attack_02_of_twenty_callbacks_at_once_one_goes_through(stack: Stack, provider: Provider) -> None:
    browser, callback = began(stack, provider, stack.user("races"))

    def call() -> int:
        return requests.get(callback, cookies=browser.cookies, allow_redirects=False, timeout=60).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = [each.result() for each in [pool.submit(call) for _ in range(20)]]

    assert sorted(statuses) == [303] + [400] * 19
    assert provider.token_requests() == 0


def test_twenty_readers_at_once_renew_once(stack: Stack, provider: Provider) -> None:
    provider.control(accessTokenSeconds=100)
    path = f"/credentials/{connected(stack, provider, stack.user('readers'))}/token"
    provider.control(accessTokenSeconds=3600)
    first = stack.request("POST", path, {}).json()
    while datetime.fromisoformat(first["expiresAt"]) - datetime.now(UTC) > timedelta(seconds=89):
        time.sleep(0.2)
    before = provider.token_requests()

    with ThreadPoolExecutor(20) as pool:
        readers = [pool.submit(stack.request, "POST", path, {"minValiditySeconds": 90}) for _ in range(20)]
        answers = [each.result() for each in readers]

    assert {each.status_code for each in answers} == {200}
    assert provider.token_requests() == before + 1
    # While one renews, the others may have the old token as long as it works.
    tokens = {each.json()["secret"]["accessToken"] for each in answers} - {first["secret"]["accessToken"]}
    assert tokens == {stack.request("POST", path, {}).json()["secret"]["accessToken"]}


def test_attack_04_the_issuer_must_be_the_apps_own(stack: Stack, provider: Provider) -> None:
    user = stack.user("mixup")
    browser, callback = began(stack, provider, user)
    other, without = callback.replace("iss=http", "iss=https"), began(stack, provider, user)

    wrong = returned(browser, other)
    absent = returned(without[0], re.sub(r"&iss=[^&]*", "", without[1]))

    assert (wrong, absent) == ({"error": "issuer_mismatch"}, {"error": "issuer_missing"})
    assert provider.token_requests() == 0


def test_attack_06_a_state_belongs_to_its_workspace_and_app(stack: Stack, provider: Provider) -> None:
    browser, callback = began(stack, provider, stack.user("corf"))

    swapped = browser.get(callback.replace("/acme?", "/other?"), allow_redirects=False, timeout=30)

    assert (swapped.status_code, swapped.json()["code"]) == (400, "context_mismatch")
    assert provider.token_requests() == 0


def authorization_of(browser: requests.Session) -> str:
    """The one that this browser is bound to."""
    (found,) = [each.name for each in browser.cookies if each.name.startswith("evergrant-")]
    return found.removeprefix("evergrant-")


def aged(stack: Stack, authorization_id: str, field: str) -> None:
    """As if this time of it were over."""
    stack.aws("dynamodb").update_item(
        TableName=table(stack, "Sessions"),
        Key={"pk": {"S": f"auth#{authorization_id}"}, "sk": {"S": "authorization"}},
        UpdateExpression="SET #field = :past",
        ConditionExpression="attribute_exists(#field)",
        ExpressionAttributeNames={"#field": field},
        ExpressionAttributeValues={":past": {"N": "1"}},
    )


def test_attack_01_a_state_whose_time_is_over_opens_nothing_though_its_row_is_there(
    stack: Stack, provider: Provider
) -> None:
    browser, callback = began(stack, provider, stack.user("late-state"))
    aged(stack, authorization_of(browser), "expires_at")

    refused = browser.get(callback, allow_redirects=False, timeout=30)

    assert (refused.status_code, refused.json()["code"]) == (400, "authorization_expired")
    assert provider.token_requests() == 0


def test_attack_09_a_completion_whose_minute_is_over_exchanges_nothing(stack: Stack, provider: Provider) -> None:
    user = stack.user("late-completion")
    browser, callback = began(stack, provider, user)
    begun = authorization_of(browser)
    completion = returned(browser, callback)["completion"]
    aged(stack, begun, "completion_until")

    refused = complete(stack, completion, user)

    assert (refused.status_code, refused.json()["code"]) == (400, "completion_expired")
    assert provider.token_requests() == 0
    assert stack.request("GET", f"/users/{user}/credentials").json()["data"] == []


def test_attack_08_another_browser_cannot_finish(stack: Stack, provider: Provider) -> None:
    user = stack.user("jars")
    _, callback = began(stack, provider, user)

    refused = requests.get(callback, allow_redirects=False, timeout=30)

    assert (refused.status_code, refused.json()["code"]) == (400, "browser_mismatch")
    assert provider.token_requests() == 0
    assert "authorization.refused" in stack.request("GET", "/audit").text


def test_attack_09_a_completion_is_for_the_user_who_began(stack: Stack, provider: Provider) -> None:
    attacker, victim = stack.user("fixes"), stack.user("victim")
    completion = returned(*began(stack, provider, attacker))["completion"]

    refused = complete(stack, completion, victim)
    burnt = complete(stack, completion, attacker)

    assert (refused.status_code, refused.json()["code"]) == (403, "user_mismatch")
    assert (burnt.status_code, burnt.json()["code"]) == (400, "completion_used")
    assert provider.token_requests() == 0


@pytest.mark.parametrize("sent", [{}, {"codeVerifier": "x" * 43}])
def test_completing_needs_the_verifier_that_the_owner_kept(
    stack: Stack, provider: Provider, sent: dict[str, str]
) -> None:
    user = stack.user(f"verifier{len(sent)}")
    completion = returned(*began(stack, provider, user, codeChallenge=verifier()[1]))["completion"]

    refused = complete(stack, completion, user, **sent)

    assert (refused.status_code, refused.json()["code"]) == (400, "code_verifier_mismatch")
    assert provider.token_requests() == 0


def test_attack_11_a_flow_returns_only_to_a_registered_address(stack: Stack, provider: Provider) -> None:
    user = stack.user("returns")
    forms = [
        RETURN_URL + "/x",
        RETURN_URL.replace("9", "90"),
        "//evil.example",
        "https://evil.example",
        RETURN_URL + "#",
    ]

    answers = [
        stack.request("GET", f"/oauthUrl?userId={user}&app=acme&returnUrl={quote(each, safe='')}") for each in forms
    ]

    assert [each.status_code for each in answers] == [422] * len(forms)


def test_attack_12_a_header_never_names_the_redirect(stack: Stack, provider: Provider) -> None:
    forged = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    answer = stack.request(
        "GET", f"/oauthUrl?userId={stack.user('host')}&app=acme&returnUrl={RETURN_URL}", headers=forged
    )

    start = requests.get(answer.json()["oauthUrl"], headers=forged, allow_redirects=False, timeout=30)

    assert "evil" not in start.headers["location"]
    assert answer.json()["oauthUrl"].startswith(stack.url)


def test_attack_23_a_parameter_twice_is_refused(stack: Stack, provider: Provider) -> None:
    browser, callback = began(stack, provider, stack.user("twice"))

    answer = browser.get(f"{callback}&state=another", allow_redirects=False, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (400, "duplicate_parameter")
    assert provider.token_requests() == 0


def test_a_link_is_good_once(stack: Stack, provider: Provider) -> None:
    address = link(stack, stack.user("link"))
    requests.get(address, allow_redirects=False, timeout=30)

    again = requests.get(address, allow_redirects=False, timeout=30)

    assert (again.status_code, again.json()["code"]) == (400, "link_used")


def test_a_denied_consent_comes_back_as_an_error(stack: Stack, provider: Provider) -> None:
    browser = requests.Session()
    start = browser.get(link(stack, stack.user("denies")), allow_redirects=False, timeout=30)

    back = returned(browser, provider.consent(browser, start.headers["location"], allow=False))

    assert back == {"error": "access_denied"}


def test_an_unbound_link_asks_before_it_goes_on(stack: Stack, provider: Provider) -> None:
    user = stack.user("unbound@example.com")
    address = stack.request("GET", f"/oauthUrl?userId={user}&app=acme").json()["oauthUrl"]
    browser = requests.Session()

    asked = [browser.get(address, headers={"accept": "text/html"}, timeout=30) for _ in range(2)][-1]
    action = re.search(r'action="([^"]+)"', asked.text)
    field = re.search(r'name="(\w+)" value="([^"]+)"', asked.text)
    assert action
    assert field
    gone = browser.post(action.group(1), data={field.group(1): field.group(2)}, timeout=30)
    location = re.search(r'location.replace\("([^"]+)"\)', gone.text)
    assert location
    done = browser.get(provider.consent(browser, location.group(1)), headers={"accept": "text/html"}, timeout=30)
    listed = stack.request("GET", f"/users/{user}/credentials").json()["data"]

    assert "unbound@example.com" in asked.text
    assert "Acme" in asked.text
    assert "script-src 'nonce-" in done.headers["content-security-policy"]
    assert (done.status_code, "Connected" in done.text) == (200, True)
    assert [each["type"] for each in listed] == ["acme"]


@pytest.mark.parametrize("header", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_attack_09_another_site_cannot_press_the_button(
    stack: Stack, provider: Provider, header: dict[str, str]
) -> None:
    user = stack.user(f"button-{next(iter(header))}")
    address = stack.request("GET", f"/oauthUrl?userId={user}&app=acme").json()["oauthUrl"]

    answer = requests.post(
        f"{stack.url}/oauth/confirm", data={"id": address.rpartition("/")[2]}, headers=header, timeout=30
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        ("html", 502),
        ("down", 502),
        ("error200", 502),
        ("twins", 502),
        ("redirect", 502),
        ("endless", 502),
        ("client", 424),
        ("silent", 504),
    ],
)
def test_attack_16_and_17_what_a_provider_answers_is_not_believed(
    stack: Stack, provider: Provider, mode: str, status: int
) -> None:
    user = stack.user(f"answers-{mode}")
    completion = returned(*began(stack, provider, user))["completion"]
    provider.control(mode=mode)

    answer = complete(stack, completion, user)

    assert (answer.status_code, answer.json()["requestId"] != "") == (status, True)
    assert stack.request("GET", f"/users/{user}/credentials").json()["data"] == []
    assert provider.token_requests() == 1


@pytest.mark.parametrize("completion", ["", "x" * 43, "x" * 5000])
def test_attack_01_a_completion_that_nobody_was_given_is_refused(
    stack: Stack, provider: Provider, completion: str
) -> None:
    answer = complete(stack, completion, stack.user(f"unknown{len(completion)}"))

    assert answer.status_code in (400, 422)
    assert provider.token_requests() == 0


def test_attack_36_a_completion_of_another_workspace_is_not_known(
    stack: Stack, provider: Provider, stranger: str
) -> None:
    user = stack.user("carried")
    completion = returned(*began(stack, provider, user))["completion"]
    theirs = stack.request("POST", "/users", {"username": "carried"}, key=stranger).json()["userId"]

    refused = stack.request("POST", "/connect/complete", {"completion": completion, "userId": theirs}, key=stranger)

    assert refused.status_code in (400, 403)
    assert provider.token_requests() == 0
    assert stack.request("GET", f"/users/{theirs}/credentials", key=stranger).json()["data"] == []


def test_a_read_renews_when_it_must_and_the_new_token_works(stack: Stack, provider: Provider) -> None:
    user = stack.user("renews")
    credential_id = connected(stack, provider, user)
    first = stack.request("POST", f"/credentials/{credential_id}/token", {}).json()

    forced = stack.request("POST", f"/credentials/{credential_id}/token", {"force": True}).json()
    wide = stack.request("POST", f"/credentials/{credential_id}/token", {"minValiditySeconds": 86_400}).json()

    tokens = [each["secret"]["accessToken"] for each in (first, forced, wide)]
    assert tokens[0] != tokens[1] == tokens[2], "no new one would last longer"
    assert requests.get(f"{wide['baseUrl']}/me", headers=wide["headers"], timeout=10).status_code == 200
    assert provider.token_requests() == 2


def test_a_renewal_that_fails_does_no_harm_while_the_old_token_works(stack: Stack, provider: Provider) -> None:
    credential_id = connected(stack, provider, stack.user("harmless"))
    provider.control(mode="down")

    answer = stack.request("POST", f"/credentials/{credential_id}/token", {"force": True})
    shown = stack.request("GET", f"/credentials/{credential_id}").json()

    assert answer.status_code == 200
    assert (shown["status"], shown["lastFailure"]["transient"]) == ("degraded", True)


def test_fault_36_a_revoked_grant_is_expired_and_said_once_and_reconnects_in_place(
    stack: Stack, provider: Provider
) -> None:
    user = stack.user("revoked@example.com")
    with receiving() as receiver:
        endpoint_id = register(stack, receiver)
        credential_id = connected(stack, provider, user)
        token = stack.request("POST", f"/credentials/{credential_id}/token", {}).json()["secret"]["accessToken"]
        provider.revoke(token)
        provider.control(mode="error200")

        told = receiver.wait_for("credential.expired", seconds=EXPIRY_SECONDS)
        refused = stack.request("POST", f"/credentials/{credential_id}/token", {})
        stack.request("DELETE", f"/webhooks/endpoints/{endpoint_id}")
    provider.control(mode="plain")
    again = connected(stack, provider, user, credentialId=credential_id)
    token = stack.request("POST", f"/credentials/{credential_id}/token", {})

    assert told["data"]["reason"] == "refresh_token_rejected"
    assert told["data"]["reconnectUrl"] == f"https://shop.example/{credential_id}"
    assert [told[name] for name in ("userId", "userEmail", "credentialId")] == [
        user,
        "revoked@example.com",
        credential_id,
    ]
    assert (refused.status_code, refused.json()["code"]) == (424, "credential_expired")
    assert len(receiver.received) == 1
    assert (again, token.status_code) == (credential_id, 200)


def test_deleting_revokes_the_grant_at_the_provider(stack: Stack, provider: Provider) -> None:
    credential_id = connected(stack, provider, stack.user("deletes"))
    token = stack.request("POST", f"/credentials/{credential_id}/token", {}).json()

    deleted = stack.request("DELETE", f"/credentials/{credential_id}").json()

    assert deleted == {"success": True, "revoked": True}
    assert requests.get(f"{token['baseUrl']}/me", headers=token["headers"], timeout=10).status_code == 401


def test_a_reconnect_with_another_account_is_refused(stack: Stack, provider: Provider) -> None:
    user = stack.user("pinned")
    credential_id = connected(stack, provider, user)
    browser = requests.Session()
    start = browser.get(link(stack, user, credentialId=credential_id), allow_redirects=False, timeout=30)
    callback = provider.consent(browser, start.headers["location"], login="mallory")

    answer = complete(stack, returned(browser, callback)["completion"], user)

    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_account")


def test_the_client_is_shown_without_its_secret(stack: Stack, provider: Provider) -> None:
    shown = stack.request("GET", "/apps/acme/client")

    assert shown.json()["clientId"] == "evergrant"
    assert shown.json()["redirectUri"] == f"{stack.url}/oauth/callback/{stack.workspace_id}/acme"
    assert CLIENT_SECRET not in shown.text


def test_an_app_without_a_client_says_what_the_owner_must_do(stack: Stack) -> None:
    answer = stack.request("GET", f"/oauthUrl?userId={stack.user('noclient')}&app=hubspot")

    assert (answer.status_code, answer.json()["code"]) == (424, "app_misconfigured")
    assert "/apps/hubspot/client" in answer.json()["message"]


def test_attack_10_a_session_token_opens_the_modals_routes_alone(stack: Stack, provider: Provider) -> None:
    user = stack.user("session")
    minted = stack.request("POST", "/connect/sessions", {"userId": user, "apps": ["klaviyo"]})
    token = minted.json()["token"]
    alloys = stack.request("GET", f"/users/{user}/token").json()["token"]

    shown = stack.request("GET", "/connect/session", key=token)
    form = {"app": "klaviyo", "data": {"apiKey": "pk_1"}}
    made = stack.request("POST", "/connect/credentials", form, key=token)
    credential_id = made.json()["credentialId"]
    renamed = stack.request("PATCH", f"/connect/credentials/{credential_id}", {"name": "Mine"}, key=token)
    beyond = stack.request("POST", "/connect/credentials", {"app": "stripe", "data": {"apiKey": "x"}}, key=token)
    refused = [
        stack.request("GET", f"/users/{user}/credentials", key=token),
        stack.request("POST", f"/credentials/{credential_id}/token", {}, key=token),
        stack.request("GET", "/connect/session"),
    ]
    gone = stack.request("DELETE", f"/connect/credentials/{credential_id}", key=alloys)

    assert minted.status_code == 201
    assert minted.headers["cache-control"] == "no-store"
    assert shown.json()["user"]["userId"] == user
    assert (made.status_code, renamed.json()["name"]) == (201, "Mine")
    assert (beyond.status_code, beyond.json()["code"]) == (403, "session_limits")
    assert [each.status_code for each in refused] == [401, 401, 401]
    assert gone.json()["success"] is True


def test_verify_asks_the_provider_now(stack: Stack, provider: Provider) -> None:
    credential_id = connected(stack, provider, stack.user("verifies"))
    alive = stack.request("POST", f"/credentials/{credential_id}/verify").json()
    token = stack.request("POST", f"/credentials/{credential_id}/token", {}).json()["secret"]["accessToken"]
    provider.revoke(token)
    provider.control(mode="error200")

    dead = stack.request("POST", f"/credentials/{credential_id}/verify").json()

    assert (alive["verified"], alive["status"]) == (True, "active")
    assert (dead["verified"], dead["status"]) == (False, "expired")
