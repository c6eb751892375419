"""What import-linter cannot see: who reveals a secret, and what a handler reaches for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted(ROOT.glob("functions/*/app.py"))
MODULES = [*HANDLERS, *sorted((ROOT / "layers/core/evergrant").rglob("*.py"))]
REVEALING = {"get_secret_value", "_secret_value", "revealed", "reveal"}

MAY_REVEAL = {
    # Sealing, and reading what was sealed.
    "evergrant/adapters/kms/sealer.py",
    "evergrant/adapters/dynamodb/clients.py",
    "evergrant/domain/secret.py",
    "evergrant/runtime/idempotency.py",
    "evergrant/use_cases/connect/begin.py",
    "evergrant/use_cases/connect/complete.py",
    "evergrant/use_cases/connect/flows.py",
    # A modal's location and completion, a hosted link's form, a provider's post: sealed until they are asked for.
    "evergrant/use_cases/connect/hosted.py",
    "evergrant/use_cases/connect/modal.py",
    "evergrant/use_cases/connect/posted.py",
    "evergrant/use_cases/webhooks/attempt.py",
    # What a provider is asked with.
    "evergrant/adapters/http/probing.py",
    "evergrant/adapters/http/provider_api.py",
    "evergrant/adapters/oauth/client_authentication.py",
    "evergrant/adapters/oauth/minting.py",
    "evergrant/adapters/oauth/revoker.py",
    "evergrant/adapters/oauth/token_endpoint.py",
    "evergrant/adapters/signing/oauth1.py",
    # A webhook's signature.
    "evergrant/adapters/http/signing.py",
    # A form's values, and tokens obtained elsewhere, held against the entry's patterns.
    "evergrant/use_cases/connect/brought.py",
    "evergrant/use_cases/credentials/entry.py",
    # A hosted link's one-time id, held against its hash.
    "evergrant/use_cases/connect/sessions.py",
    # Answers that show a secret: the fresh token, and what is shown once.
    "evergrant/use_cases/credentials/fresh_token.py",
    "functions/admin/app.py",
    "functions/api_keys/app.py",
    "functions/connect_oauth/app.py",
    "functions/connect_redeem/app.py",
    "functions/connect_sessions/app.py",
    "functions/webhook_endpoints/app.py",
    # Browsers: the provider's page, the cookie, the completion.
    "functions/connect_credentials/app.py",
    "functions/connect_opening/app.py",
    "functions/oauth_callback/app.py",
    "functions/oauth_confirm/app.py",
    "functions/oauth_start/app.py",
}


def names(tree: ast.AST) -> Iterator[str]:
    """Attributes, and strings that `getattr` could take."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text("utf-8"))


def test_secrets_are_revealed_in_the_named_modules_alone() -> None:
    revealing = {
        str(path.relative_to(ROOT)).removeprefix("layers/core/")
        for path in MODULES
        if not REVEALING.isdisjoint(names(parsed(path)))
    }

    assert revealing == MAY_REVEAL


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_reaches_adapters_through_the_wiring_alone(path: Path) -> None:
    found = set(imported(parsed(path)))

    assert found
    assert not {each for each in found if each.startswith(("evergrant.adapters", "boto3", "botocore", "requests"))}
