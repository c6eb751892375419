"""What the Makefile installs: once, whole, and by a Python that can."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import install

SCRIPT = Path(install.__file__)


def start(folder: Path, target: str, lock_file: str) -> subprocess.Popen[str]:
    """As a make in that folder does."""
    command = [sys.executable, SCRIPT, target, lock_file]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def test_two_makes_at_once_install_once_and_what_an_interrupted_one_left_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "none.txt").touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)

    both = [start(tmp_path, ".venv/.done", "none.txt") for _ in range(2)]
    said = [each.communicate()[1] for each in both]
    has_pip = subprocess.run([tmp_path / ".venv/bin/python", "-I", "-m", "pip", "--version"], capture_output=True)

    assert [each.returncode for each in both] == [0, 0], said
    assert "".join(said).count("installing into .venv") == 1
    assert (has_pip.returncode, (tmp_path / ".venv/.done").exists()) == (0, True)


def test_what_fails_is_not_marked_as_done(tmp_path: Path) -> None:
    (tmp_path / "broken.txt").write_text("no-hash==1.0\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/.done").touch()
    os.utime(tmp_path / ".venv/.done", (0, 0))

    failed = start(tmp_path, ".venv/.done", "broken.txt")
    failed.communicate()

    assert failed.returncode != 0
    assert (tmp_path / ".venv/.done").stat().st_mtime == 0


def test_a_python_that_is_too_old_is_told_how_to_name_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))

    code = install.main(tmp_path / ".done", tmp_path / "none.txt")

    assert code == 2
    assert "this is 3.9" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
