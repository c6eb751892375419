"""The SDK's and the modal's files: small, typed, and what they were made from."""

import gzip
import json
import re
import shutil
from pathlib import Path

from tests.browser.node import TSC, node
from tools.sdk import script

ROOT = Path(__file__).parents[2]
SDK, MODAL = ROOT / "connect/sdk", ROOT / "connect/modal"


README = (ROOT / "README.md").read_text("utf-8").split("## Embed in five minutes")[1].split("\n## ")[0]
SURFACE = """
const made = await import(process.argv[1]);
const client = made.Evergrant();
const calls = Object.keys(client).filter((each) => typeof client[each] === "function");
console.log(JSON.stringify([Object.keys(made), calls]));
"""


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

    run = node(TSC, "-p", tmp_path)

    assert run.returncode == 0, run.stdout
    assert (tmp_path / "evergrant.d.mts").read_text() == (SDK / "evergrant.d.mts").read_text()


def test_every_language_says_all_that_english_says():
    def keys(name: str) -> set[str]:
        text = (MODAL / f"texts/{name}.js").read_text("utf-8")
        return {part.split(":")[0].split()[-1] for part in text.replace("{\n", ",").split('",')[:-1]}

    names = [each.stem for each in (MODAL / "texts").iterdir()]

    assert sorted(names) == ["ar", "de", "en", "es", "fr", "ja", "pt"]
    assert all(len(keys(each)) == len(keys("en")) for each in names)


def typed(name: str) -> set[str]:
    """The members of one of the published types."""
    types = (SDK / "evergrant.d.mts").read_text("utf-8")
    found = re.search(rf"^export type {name} = \{{\n(.*?)^\}};", types, re.DOTALL | re.MULTILINE)
    assert found
    return set(re.findall(r"^    (\w+)\??: ", found[1], re.MULTILINE))


def documented(call: str) -> set[str]:
    """What the README's table gives to a call."""
    found = re.search(rf"^\| `{call}\((.*?)\)` \|", README, re.MULTILINE)
    assert found
    return set(re.findall(r"\w+", found[1]))


def test_the_sdk_can_do_what_its_types_and_the_readme_say_and_nothing_else():
    address = (SDK / "evergrant.mjs").as_uri()
    run = node("--input-type=module", "-e", SURFACE, address)
    exported, calls = json.loads(run.stdout)

    assert set(exported) == {"Evergrant", "EvergrantError", "default"}
    assert set(calls) == typed("Client") == set(re.findall(r"^\| `([a-z]\w+)\(", README, re.MULTILINE))
    assert documented("Evergrant") == typed("Options")
    assert documented("connect") == typed("ConnectOptions")


def test_what_the_sdk_tells_is_what_the_readme_says():
    source = (SDK / "evergrant.mjs").read_text("utf-8")
    types = re.search(r"export type ErrorCode = (.*?);", (SDK / "evergrant.d.mts").read_text("utf-8"))
    codes = re.search(r"one of these codes: (.*?)\.\n", README, re.DOTALL)
    events = re.search(r"`onEvent\(callback\)` \| what happens: (.*?) \|", README)
    outcome = re.search(r"told as `\{(.*?)\}`", README)

    assert types and codes and events and outcome
    assert set(re.findall(r"\w+", codes[1])) == set(re.findall(r"\w+", types[1]))
    assert set(re.findall(r"\w+", events[1])) == set(re.findall(r'tell\(\{ type: "(\w+)"', source))
    assert set(re.findall(r"\w+", outcome[1])) == typed("Outcome")
