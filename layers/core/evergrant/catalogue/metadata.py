"""What the API shows of an app: what to ask the merchant for, and how."""

from evergrant.domain.app import App, Property


def metadata(app: App) -> dict[str, object]:
    """As `GET /metadata/credentials` answers."""
    asked: dict[str, Property] = {}
    for method in app.methods:
        for each in method.properties:
            asked.setdefault(each.name, each)
    return {
        "name": app.slug,
        "connector": app.slug,
        "displayName": app.name,
        "icon": None,
        "isOauth": app.is_oauth,
        "categories": list(app.categories),
        "docsUrl": app.docs_url,
        "methods": [method.kind for method in app.methods],
        "properties": [_property(each) for each in asked.values()],
    }


def _property(each: Property) -> dict[str, object]:
    return {
        "name": each.name,
        "displayName": each.label,
        "description": each.help,
        "required": each.required,
        "secret": each.secret,
        "pattern": each.pattern,
        "placeholder": each.placeholder,
    }
