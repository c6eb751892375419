"""Finding an app's effective entry."""

from evergrant.domain.app import App
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.ids import WorkspaceId
from evergrant.ports import Apps


def named_app(workspace_id: WorkspaceId, slug_or_alias: str, *, path: str, apps: Apps) -> App:
    """For a request that names an app at `path`. Raises: ValidationFailedError (`unknown_app`)."""
    app = apps.find(workspace_id, slug_or_alias)
    if app is None:
        message = "There is no such app. GET /metadata/credentials lists them."
        raise ValidationFailedError([Detail(path, message)], message=message, code="unknown_app")
    return app
