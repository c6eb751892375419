"""An AWS of its own for one benchmark: the emulator of `make run`; moto copies whole tables for a transaction."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from local.emulator import Emulator

PYTHON = Path(__file__).parents[2] / ".tools/local/bin/python"


@contextmanager
def emulated() -> Generator[None]:
    """For `deployed`; it goes with the block, and so does all that it has."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "tmp").mkdir()
        emulator = Emulator(Path(folder), python=str(PYTHON))
        try:
            emulator.wait_until_ready()
            # The report is what is read.
            with patch.dict(os.environ, AWS_ENDPOINT_URL=emulator.url, POWERTOOLS_LOG_LEVEL="CRITICAL"):
                yield
        finally:
            emulator.stop()
