"""An entry as it is, but on loopback: each address keeps its path, and its host becomes the path's first part."""

import re
from typing import Any, cast

from evergrant.domain.app import App, AuthMethod

_ADDRESSES = frozenset(
    {
        *("authorization_endpoint", "token_endpoint", "refresh_endpoint", "revocation_endpoint"),
        *("introspection_endpoint", "temporary_credential_endpoint", "base_url", "url"),
    }
)


def on_loopback(app: App, way: AuthMethod, root: str) -> AuthMethod:
    """One way of an app, its addresses below `root`."""
    content = {
        "slug": app.slug,
        "name": app.name,
        "docs_url": app.docs_url,
        "methods": [_rewritten(way.model_dump(mode="json"), root)],
    }
    return App.model_validate(content, context={"loopback": True}).methods[0]


def _rewritten(content: Any, root: str) -> Any:
    if isinstance(content, dict):
        return {
            name: re.sub("^https?://", f"{root}/", each)
            if name in _ADDRESSES and isinstance(each, str)
            else _rewritten(each, root)
            for name, each in cast("dict[str, Any]", content).items()
        }
    if isinstance(content, list):
        return [_rewritten(each, root) for each in cast("list[Any]", content)]
    return content
