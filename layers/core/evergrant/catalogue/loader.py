"""The catalogue: one TOML file an app. Loading one parses one file, or two where it extends another.

Listing all reads the index that the layer was built with (`python -m evergrant.catalogue.loader`); where there is none,
on a developer's machine, every file is parsed.
"""

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from evergrant.domain.app import App, extended

FOLDER = Path(__file__).parent / "apps"
INDEX = Path(__file__).parent / "index.json"
MOST_REMEMBERED = 4096
"""Names, known and unknown: callers choose them."""
_ALIASES = re.compile(r"^aliases = \[(?P<names>[^\]]*)\]$", re.MULTILINE)
_SLUG = re.compile(r"[a-z0-9-]{1,64}")


@lru_cache(maxsize=MOST_REMEMBERED)
def load(slug_or_alias: str) -> App | None:
    """By slug, or by a name that Alloy's and Nango's users know."""
    slug = slug_or_alias if _is_there(slug_or_alias) else _aliases().get(slug_or_alias)
    return App.model_validate(entry(slug)) if slug else None


def load_all() -> list[App]:
    """Every app, by slug; each file is parsed."""
    found = [load(path.stem) for path in sorted(FOLDER.glob("*.toml"))]
    return [app for app in found if app is not None]


def listed() -> list[Mapping[str, Any]]:
    """What the API shows of every app (`metadata`), by slug."""
    return _index()["apps"]


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


def made_index() -> dict[str, Any]:
    """From the files."""
    from evergrant.catalogue.metadata import metadata

    apps = [App.model_validate(entry(path.stem)) for path in sorted(FOLDER.glob("*.toml"))]
    aliases = {alias: app.slug for app in apps for alias in app.aliases}
    return {"apps": [metadata(app) for app in apps], "aliases": aliases}


@cache
def _aliases() -> dict[str, str]:
    if INDEX.is_file():
        return _index()["aliases"]
    # A line is read instead of the file being parsed: this runs where an unknown name is asked for.
    found: dict[str, str] = {}
    for path in FOLDER.glob("*.toml"):
        match = _ALIASES.search(path.read_text("utf-8"))
        for name in re.findall(r'"([^"]+)"', match.group("names")) if match else ():
            found[name] = path.stem
    return found


@cache
def _index() -> dict[str, Any]:
    return json.loads(INDEX.read_text("utf-8")) if INDEX.is_file() else made_index()


def _path(slug: str) -> Path:
    return FOLDER / f"{slug}.toml"


def _is_there(slug: str) -> bool:
    return _SLUG.fullmatch(slug) is not None and _path(slug).is_file()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(made_index(), ensure_ascii=False, separators=(",", ":")), "utf-8")
