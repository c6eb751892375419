"""A workspace under its customer's KMS key on the running stack, whose KMS refuses with a key that is disabled."""

from dataclasses import replace

from tests.stack.conftest import Stack, leave_in_peace

CANARY = "pk_canary_of_a_customer"


def test_attack_32_a_customers_key_that_is_disabled_shuts_its_workspace_alone(stack: Stack) -> None:
    kms = stack.aws("kms")
    key: str = kms.create_key()["KeyMetadata"]["Arn"]
    shop = {"action": "create_workspace", "name": "Own", "environment": "production", "kmsKey": key}
    own: str = stack.invoke("AdminFunction", shop)["apiKey"]
    leave_in_peace(replace(stack, key=own), "klaviyo")
    paths: list[str] = []
    for who in (own, stack.key):
        stack.request("POST", "/users", {"username": "own-key"}, key=who)
        body = {"userId": "own-key", "credential": {"type": "klaviyo", "data": {"apiKey": CANARY}}}
        made = stack.request("POST", "/credentials", body, key=who)
        paths.append(f"/credentials/{made.json()['credentialId']}")

    # Nothing has read this workspace's secrets yet: no environment has its branch key in memory.
    kms.disable_key(KeyId=key)
    away = stack.request("POST", f"{paths[0]}/token", {}, key=own)
    others = stack.request("POST", f"{paths[1]}/token", {})
    shown = stack.request("GET", paths[0], key=own)
    kms.enable_key(KeyId=key)
    back = stack.request("POST", f"{paths[0]}/token", {}, key=own)

    assert (away.status_code, away.json()["code"]) == (503, "key_unavailable")
    assert int(away.headers["retry-after"]) > 0
    assert (others.status_code, shown.json()["status"]) == (200, "active")
    assert back.json()["secret"]["apiKey"] == CANARY
