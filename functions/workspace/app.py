"""/workspace: one environment of one owner."""

from typing import Annotated, Literal

from evergrant.domain.addresses import check_origin, page_url
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.ids import WorkspaceId
from evergrant.domain.workspace import Workspace
from evergrant.runtime import wiring
from evergrant.runtime.http import Answer, Http, Strict, caller, ok
from evergrant.runtime.text import Name, OptionalText
from evergrant.use_cases.workspaces import manage
from pydantic import AfterValidator, Field

http = Http()
handler = http.handler

PageUrl = Annotated[str, Field(max_length=2048), AfterValidator(page_url)]
Origin = Annotated[str, Field(max_length=300)]


class Branding(Strict):
    """How the modal looks."""

    name: OptionalText = None
    logo: PageUrl | None = None
    accent: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    radius: Annotated[int, Field(ge=0, le=32)] | None = None
    theme: Literal["light", "dark", "auto"] = "auto"


class WorkspaceSettings(Strict):
    """`PUT /workspace`"""

    name: Name
    origins: Annotated[tuple[Origin, ...], Field(max_length=50)] = ()
    return_urls: Annotated[tuple[PageUrl, ...], Field(max_length=50)] = ()
    reconnect_url: PageUrl | None = None
    allow_unbound_oauth: bool | None = None
    branding: Branding = Branding()


def _check_origins(workspace_id: WorkspaceId, origins: tuple[str, ...]) -> None:
    """Raises: ValidationFailedError naming every one that is not exact."""
    loopback = wiring.may_use_loopback(workspace_id)
    wrong: list[Detail] = []
    for place, each in enumerate(origins):
        try:
            check_origin(each, loopback=loopback)
        except ValueError as error:
            wrong.append(Detail(f"origins.{place}", f"This {error}."))
    if wrong:
        raise ValidationFailedError(wrong)


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
    _check_origins(who.workspace_id, body.origins)
    changes = {name: getattr(body, name) for name in WorkspaceSettings.model_fields if name != "branding"}
    branding = body.branding.model_dump(by_alias=True, exclude_none=True)
    changed = manage.change_workspace(who, {**changes, "branding": branding}, directory=wiring.directory())
    return ok(_shown(changed))
