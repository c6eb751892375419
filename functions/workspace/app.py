"""/workspace: one environment of one owner."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from evergrant.domain.workspace import Workspace
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, Strict, caller, ok
from evergrant.runtime.text import Name, OptionalText
from evergrant.use_cases.workspaces import manage
from pydantic import AfterValidator, Field

http = Http()
handler = http.handler

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ACCENT = re.compile(r"#[0-9a-fA-F]{6}")


def _web_url(text: str) -> str:
    """Raises: ValueError unless it is https, or http on loopback, without user info or fragment."""
    url = urlsplit(text)
    local = url.scheme == "http" and url.hostname in _LOOPBACK
    if not url.hostname or url.username or url.fragment or not (url.scheme == "https" or local) or "\\" in text:
        raise ValueError("must be an https URL (or http on loopback)")
    return text


def _origin(text: str) -> str:
    url = urlsplit(_web_url(text))
    if f"{url.scheme}://{url.netloc}" != text:
        raise ValueError("must be an origin: scheme, host and port, without a slash at its end")
    return text


class Branding(Strict):
    """How the modal looks."""

    name: OptionalText = None
    logo: Annotated[str, AfterValidator(_web_url), Field(max_length=2048)] | None = None
    accent: Annotated[str, Field(pattern=_ACCENT)] | None = None
    radius: Annotated[int, Field(ge=0, le=32)] | None = None
    theme: Literal["light", "dark", "auto"] = "auto"


class WorkspaceSettings(Strict):
    """`PUT /workspace`"""

    name: Name
    origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], Field(max_length=50)] = ()
    return_urls: Annotated[
        tuple[Annotated[str, AfterValidator(_web_url), Field(max_length=2048)], ...], Field(max_length=50)
    ] = ()
    reconnect_url: Annotated[str, AfterValidator(_web_url), Field(max_length=2048)] | None = None
    allow_unbound_oauth: bool | None = None
    branding: Branding = Branding()


def _shown(workspace: Workspace) -> dict[str, object]:
    return {
        "workspaceId": workspace.workspace_id,
        "name": workspace.name,
        "environment": workspace.environment,
        "origins": list(workspace.origins),
        "returnUrls": list(workspace.return_urls),
        "reconnectUrl": workspace.reconnect_url,
        "allowUnboundOauth": workspace.takes_unbound_oauth,
        "branding": workspace.branding,
    }


@http.get("/workspace")
def get() -> Answer:
    """The workspace's settings."""
    who = caller(http)
    who.require("admin")
    return ok(_shown(manage.get_workspace(who, directory=wiring.directory())))


@http.put("/workspace")
def put(body: WorkspaceSettings) -> Answer:
    """Set them, as a whole."""
    who = caller(http)
    who.require("admin")
    changes = {name: getattr(body, name) for name in WorkspaceSettings.model_fields if name != "branding"}
    branding = body.branding.model_dump(by_alias=True, exclude_none=True)
    changed = manage.change_workspace(who, {**changes, "branding": branding}, directory=wiring.directory())
    return ok(_shown(changed))
