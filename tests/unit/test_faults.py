"""Every row of the fault matrix has a test that names its number, and says what makes the fault."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = range(1, 49)
TOOLS = "a hook of botocore|moto|the emulator|the provider|the receiver|the clock|the queue|the caller|a fake"
TOLD = re.compile(rf"\bmade\b.* by ({TOOLS})", re.IGNORECASE)


def says() -> dict[int, list[str]]:
    """What the tests of each row say of themselves."""
    found = defaultdict[int, list[str]](list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.FunctionDef) and re.match(r"test_fault((?:_\d\d)+)_", node.name)
            if isinstance(node, ast.FunctionDef) and named:
                for number in named[1].strip("_").split("_"):
                    found[int(number)].append(ast.get_docstring(node) or "")
    return found


SAID = says()


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_has_a_test_that_says_what_makes_it(row: int) -> None:
    assert any(map(TOLD.search, SAID[row]))


def test_no_test_names_a_fault_that_is_not_there() -> None:
    assert SAID.keys() <= set(ROWS)
