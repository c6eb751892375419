"""`make app NAME=<slug>`: starts an entry of the catalogue, and says what it still lacks."""

import subprocess
import sys
from pathlib import Path

from evergrant.catalogue.loader import FOLDER, load
from evergrant.domain.app.vocabulary import is_slug
from pydantic import ValidationError

ROOT = Path(__file__).parent.parent
START = """\
# https://docs.example.com/authentication
slug = "{slug}"
name = "{name}"
categories = ["other"]
docs_url = "https://docs.example.com/authentication"

[[methods]]
kind = "api_key"

[[methods.properties]]
name = "apiKey"
label = "API key"
help = "In {name}: Settings, API keys."
placeholder = "key_…"

[methods.request]
base_url = "https://api.example.com"
headers = {{ Authorization = "Bearer {{apiKey}}" }}

[methods.probe]
path = "/me"
account_id = "id"
account_name = "name"
"""


def main(slug: str, folder: Path = FOLDER) -> int:
    """0 when the entry has nothing to be said against it, 2 when that is no name for one."""
    if not is_slug(slug):
        print(f"{slug!r} is no slug (lower case, digits, hyphens). As in: make app NAME=acme-shop", file=sys.stderr)
        return 2
    path = folder / f"{slug}.toml"
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    if not path.exists():
        path.write_text(START.format(slug=slug, name=slug.replace("-", " ").title()), "utf-8")
        print(f"Started {shown}: write what the provider's own documentation says, and call it again.")
        return 0
    try:
        load(slug)
    except (ValidationError, ValueError) as error:
        print(f"{shown}: {error}", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "tests/catalogue", "-k", slug]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))
