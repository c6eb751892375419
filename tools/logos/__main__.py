"""`make logos`: takes the catalogue's logos from npm's simple-icons (CC0) and writes `catalogue/logos.json`.

An entry's `logo` names the icon; one that is not there is told, and its app shows a letter.
"""

import json
import re
import sys
from pathlib import Path

from evergrant.catalogue.loader import load_all
from evergrant.catalogue.logos import FILE

PACKAGE = Path(__file__).parent / "node_modules/simple-icons"


def main() -> int:
    """0 when every logo that an entry names is there."""
    icons: list[dict[str, str]] = json.loads((PACKAGE / "data/simple-icons.json").read_text("utf-8"))
    colours = {each["slug"]: f"#{each['hex']}" for each in icons}
    found: dict[str, dict[str, str]] = {}
    missing: list[str] = []
    for app in load_all():
        if app.logo is None:
            continue
        icon = PACKAGE / f"icons/{app.logo}.svg"
        drawn = re.search(r' d="([^"]+)"', icon.read_text("utf-8")) if icon.is_file() else None
        if drawn is None:
            missing.append(f"{app.slug}: simple-icons has no `{app.logo}`")
            continue
        found[app.slug] = {"path": drawn.group(1), "colour": colours[app.logo]}
    FILE.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n", "utf-8")
    print(f"{len(found)} logos")
    print("\n".join(missing), file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
