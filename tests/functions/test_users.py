"""The users' routes."""

from tests.functions.deployment import Functions


def test_a_user_is_found_by_id_and_by_name(functions: Functions) -> None:
    made = functions.call("users", "POST", "/users", {"username": "ada@example.com", "fullName": "Ada"})

    by_id = functions.call("users", "GET", f"/users/{made.body['userId']}")
    by_name = functions.call("users", "GET", "/users/ada@example.com")

    assert made.status == 200
    assert by_id.body == by_name.body
    assert by_id.body["email"] == "ada@example.com"


def test_a_name_is_given_once_in_a_workspace(functions: Functions) -> None:
    functions.call("users", "POST", "/users", {"username": "ada"})

    again = functions.call("users", "POST", "/users", {"username": "ada"})

    assert (again.status, again.body["code"]) == (409, "username_taken")


def test_a_list_goes_on_where_its_cursor_says(functions: Functions) -> None:
    for number in range(5):
        functions.call("users", "POST", "/users", {"username": f"user-{number}"})

    first = functions.call("users", "GET", "/users", query={"limit": "3"})
    second = functions.call("users", "GET", "/users", query={"limit": "3", "cursor": first.body["nextCursor"]})
    forged = functions.call("users", "GET", "/users", query={"cursor": first.body["nextCursor"][:-2] + "zz"})

    assert [user["username"] for user in first.body["data"] + second.body["data"]] == [
        f"user-{number}" for number in range(5)
    ]
    assert second.body["nextCursor"] is None
    assert (forged.status, forged.body["code"]) == (400, "unusable_cursor")


def test_an_unknown_field_names_its_path(functions: Functions) -> None:
    answer = functions.call("users", "POST", "/users", {"username": "ada", "workspaceId": "ws_other"})

    assert answer.status == 422
    assert [detail["path"] for detail in answer.body["details"]] == ["workspaceId"]


def test_an_idempotency_key_makes_one_user(functions: Functions) -> None:
    key = {"idempotency-key": "k-1"}

    first = functions.call("users", "POST", "/users", {"username": "ada"}, headers=key)
    again = functions.call("users", "POST", "/users", {"username": "ada"}, headers=key)
    other = functions.call("users", "POST", "/users", {"username": "bob"}, headers=key)

    assert first.body == again.body
    assert (other.status, other.body["code"]) == (409, "key_reused")


def test_bad_bodies_have_their_own_status(functions: Functions) -> None:
    def status(raw: str, content_type: str = "application/json") -> int:
        return functions.call("users", "POST", "/users", raw=raw, headers={"content-type": content_type}).status

    assert status("{") == 400
    assert status('{"username": "a", "username": "b"}') == 400
    assert status('{"username": NaN}') == 400
    assert status("[" * 100_000) == 400
    assert status('{"username": "\\ud800"}') == 400
    assert status('{"username": "a\\u0000b"}') == 422
    assert status('{"username": "' + "a" * 300 * 1024 + '"}') == 413
    assert status("{}", "text/plain") == 415
