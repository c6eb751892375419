"""Finding an app's effective entry."""

from collections.abc import Sequence

from evergrant.domain.app import App
from evergrant.domain.errors import Detail, ValidationFailedError
from evergrant.domain.ids import WorkspaceId
from evergrant.ports.workspaces import Apps


def named_app(workspace_id: WorkspaceId, slug_or_alias: str, *, path: str, apps: Apps) -> App:
    """For a request that names an app at `path`. Raises: ValidationFailedError (`unknown_app`)."""
    app = apps.find(workspace_id, slug_or_alias)
    if app is None:
        message = "There is no such app. GET /metadata/credentials lists them."
        raise ValidationFailedError([Detail(path, message)], message=message, code="unknown_app")
    return app


def refuse_other_names(workspace_id: WorkspaceId, slug: str, aliases: Sequence[str], *, apps: Apps) -> None:
    """Raises: ValidationFailedError for a slug or an alias that means another app in this workspace."""
    named = {"slug": slug, **{f"aliases.{place}": alias for place, alias in enumerate(aliases)}}
    found = {path: apps.find(workspace_id, name) for path, name in named.items()}
    problems = [
        Detail(path, f"This is a name of {app.slug}: use PUT /apps/{app.slug}, or another name.")
        for path, app in found.items()
        if app is not None and app.slug != slug
    ]
    if problems:
        raise ValidationFailedError(problems)
