"""The catalogue: one TOML file an app. Loading one parses one file, or two where it extends another."""

import re
import tomllib
from functools import cache
from pathlib import Path

from evergrant.domain.app import App, extended

FOLDER = Path(__file__).parent / "apps"
_ALIASES = re.compile(r"^aliases = \[(?P<names>[^\]]*)\]$", re.MULTILINE)
_SLUG = re.compile(r"[a-z0-9-]{1,64}")


@cache
def load(slug_or_alias: str) -> App | None:
    """By slug, or by a name that Alloy's and Nango's users know."""
    slug = slug_or_alias if _is_there(slug_or_alias) else _aliases().get(slug_or_alias)
    return App.model_validate(entry(slug)) if slug else None


def load_all() -> list[App]:
    """Every app, by slug."""
    found = [load(path.stem) for path in sorted(FOLDER.glob("*.toml"))]
    return [app for app in found if app is not None]


def entry(slug: str) -> dict[str, object]:
    """What the file says, over the file it extends. Raises: ValueError."""
    stated = tomllib.loads(_path(slug).read_text("utf-8"))
    base = stated.get("extends")
    if base is None:
        return stated
    extends = tomllib.loads(_path(base).read_text("utf-8")) if _is_there(base) else None
    if extends is None or "extends" in extends:
        raise ValueError("`extends` names an entry that extends nothing itself")
    return extended(stated, extends)


def _path(slug: str) -> Path:
    return FOLDER / f"{slug}.toml"


def _is_there(slug: str) -> bool:
    return _SLUG.fullmatch(slug) is not None and _path(slug).is_file()


@cache
def _aliases() -> dict[str, str]:
    # A line is read instead of the file being parsed: this runs where an unknown name is asked for.
    found: dict[str, str] = {}
    for path in FOLDER.glob("*.toml"):
        match = _ALIASES.search(path.read_text("utf-8"))
        for name in re.findall(r'"([^"]+)"', match.group("names")) if match else ():
            found[name] = path.stem
    return found
