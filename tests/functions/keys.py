"""A key that a user gives, through the handler."""

from tests.functions.deployment import Answer, Functions

CANARY = "pk_canary0123456789"


def connect(functions: Functions, **changed: object) -> Answer:
    user = functions.call("users", "POST", "/users", {"username": "ada@example.com"})
    credential = {"type": "klaviyo", "data": {"apiKey": CANARY}, **changed}
    owner = user.body.get("userId", "ada@example.com")
    return functions.call("create_credential", "POST", "/credentials", {"userId": owner, "credential": credential})
