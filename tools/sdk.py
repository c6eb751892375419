"""Write `connect/sdk/evergrant.js`, for a plain <script>, from the module `evergrant.mjs` beside it."""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "connect/sdk"
_HERE = '''document.currentScript?.src ?? document.querySelector('script[src*="/sdk/evergrant"]')?.src ?? ""'''
_WRAPPED = """\
// Written by `python -m tools.sdk` from evergrant.mjs, which has the comments.
globalThis.Evergrant ??= (() => {{
"use strict";
{source}
return Object.freeze(Object.assign(Evergrant, {{ EvergrantError }}));
}})();
"""


def script(source: str) -> str:
    """Of the module's source: without its exports, comments and indentation."""
    source = re.sub(r"/\*\*.*?\*/", "", source, flags=re.DOTALL)
    source = re.sub(r"^export default .*\n", "", source, flags=re.MULTILINE)
    source = re.sub(r"^export ", "", source, flags=re.MULTILINE)
    source = source.replace("import.meta.url", _HERE)
    lines = (line.strip() for line in source.splitlines())
    return _WRAPPED.format(source="\n".join(line for line in lines if line and not line.startswith("//")))


def main() -> int:
    """Write it."""
    (FOLDER / "evergrant.js").write_text(script((FOLDER / "evergrant.mjs").read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
