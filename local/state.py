"""The state folder: what a restart finds again, and who is using it."""

import fcntl
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class InUseError(Exception):
    """Another launcher has this state folder."""


class State:
    """`STATE`: the emulator's data, the seed, and `local.json`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        for part in ("", "tmp", "data", "s3"):
            (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InUseError from error

    def read(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the folder."""
        path = self.folder / name
        return json.loads(path.read_text()) if path.is_file() else None

    def write(self, name: str, content: Mapping[str, object]) -> None:
        """Whole or not at all, readable by its owner only."""
        descriptor, temporary = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=2)
        Path(temporary).replace(self.folder / name)

    def forget(self, name: str) -> None:
        """Remove a file of the folder."""
        (self.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Let another launcher have it."""
        self._lock.close()
