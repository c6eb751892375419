"""What assistive technology is told of each step, as it was agreed: `make trees` writes it anew."""

import os
import re
from pathlib import Path

from tests.browser.conftest import Merchant
from tests.browser.steps import every_step

TREES = Path(__file__).parent / "trees"
TOO_LONG = {"choose"}
"""The whole catalogue."""
CHANGING = {
    r"\n +- option .*": "",
    r"merchant-[0-9a-f]+@example\.com": "merchant@example.com",
    r"(support: )[\w-]+": r"\1...",
}


def test_every_step_says_what_was_agreed(merchant: Merchant):
    merchant.session = {"locale": "en"}
    told: dict[str, str] = {}

    for step in every_step(merchant):
        if step not in TOO_LONG:
            tree = merchant.modal.locator("body").aria_snapshot()
            for pattern, constant in CHANGING.items():
                tree = re.sub(pattern, constant, tree)
            told[step] = tree + "\n"

    if os.environ.get("WRITE"):
        TREES.mkdir(exist_ok=True)
        for old in TREES.iterdir():
            old.unlink()
        for step, tree in told.items():
            (TREES / f"{step}.yaml").write_text(tree, "utf-8")
    assert told == {each.stem: each.read_text("utf-8") for each in sorted(TREES.iterdir())}
