"""The README's blocks can be pasted, into zsh too: an interactive one has no comments."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_no_block_has_a_comment(block: str) -> None:
    assert not re.search(r"(^|\s)#", block)


def test_the_tour_names_no_app_outside_this_machine() -> None:
    tour = README.partition("## A tour")[2].partition("\n## ")[0]

    assert set(re.findall(r'"type": "([^"]+)"|app=([\w-]+)', tour)) == {("dev-keys", ""), ("", "dev-provider")}
