"""The IAM-invoked door: makes the first workspace and its key. It has no route in the API.

`sam remote invoke AdminFunction --event '{"action": "create_workspace", "name": "Shop", "environment": "production"}'`
"""

from typing import Any, Literal

from evergrant.runtime import wiring
from evergrant.runtime.text import Name
from evergrant.use_cases.workspaces.manage import create_workspace
from pydantic import BaseModel, ConfigDict


class CreateWorkspace(BaseModel):
    """The one action there is."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    action: Literal["create_workspace"]
    name: Name
    environment: Literal["production", "development"]


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """The key in the answer is shown this once."""
    asked = CreateWorkspace.model_validate(event)
    workspace, minted = create_workspace(
        asked.name,
        asked.environment,
        directory=wiring.directory(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        identities=wiring.identities(),
    )
    return {
        "workspaceId": workspace.workspace_id,
        "apiKeyId": minted.api_key.api_key_id,
        "apiKey": minted.key.get_secret_value(),
    }
