"""What the API shows of an app: what to ask the merchant for, and how."""

from evergrant.domain.app import App, AuthMethod, OAuth1Method, OAuth2Method, Property


def metadata(app: App) -> dict[str, object]:
    """As `GET /metadata/credentials` answers; `icon` is a path until the deployment's address is known."""
    asked: dict[str, Property] = {}
    for method in app.methods:
        for each in method.properties:
            asked.setdefault(each.name, each)
    return {
        "name": app.slug,
        "connector": app.slug,
        "displayName": app.name,
        "icon": f"/logos/{app.slug}.svg",
        "isOauth": app.is_oauth,
        "categories": list(app.categories),
        "docsUrl": app.docs_url,
        "methods": [method.kind for method in app.methods],
        "ways": [_way(method) for method in app.methods],
        "properties": [_property(each) for each in asked.values()],
    }


def _way(method: AuthMethod) -> dict[str, object]:
    redirects = isinstance(method, OAuth2Method) or (isinstance(method, OAuth1Method) and method.is_redirect)
    return {
        "name": method.way,
        "kind": method.kind,
        "label": method.label,
        "isRedirect": redirects,
        "isVerifiable": method.probe is not None,
        "properties": [each.name for each in method.properties],
    }


def _property(each: Property) -> dict[str, object]:
    return {
        "name": each.name,
        "displayName": each.label,
        "description": each.help,
        "required": each.required,
        "secret": each.secret,
        "pattern": each.guard,
        "placeholder": each.placeholder,
        **({"choices": list(each.choices)} if each.choices else {}),
        **({"multiline": True} if each.multiline else {}),
    }
