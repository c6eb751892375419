"""Every port has its exam, which its fake and its adapter take alike; or a reason why it needs none."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "tests/contracts"

WITHOUT = {
    "PreparedSeal": "A part of Sealer, and examined with it.",
    "RememberedApps": "Apps from memory: tests/functions/test_app_changes.py says when it forgets.",
    "Upstream": "Its fake is scripted. The adapter is in tests/catalogue and tests/functions/test_ways.py.",
    "Revoker": "Its fake is scripted. The adapter is in tests/catalogue and tests/functions/test_deletion.py.",
    "Minting": "Its fake is scripted. The adapter makes a token of every app in tests/catalogue.",
    "Probing": "Its fake is scripted. The adapter asks every app in tests/catalogue.",
    "ProviderApi": "Nothing fakes it: tests/catalogue and tests/functions/test_proxy.py have the adapter.",
    "ThreeLeggedOAuth": "Nothing fakes it: tests/catalogue has the adapter.",
    "RoleAssumer": "Nothing fakes it: tests/functions/test_ways.py has the adapter over moto.",
    "Carrier": "The world outside: tests/contracts/test_carriers.py has the adapters, one for each type.",
    "HttpClient": "The world outside: tests/contracts/test_transport.py has the adapter.",
}
"""Ports, and why no fake takes their exam."""


def classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]


PORTS = {
    each.name
    for path in (ROOT / "layers/core/evergrant/ports").glob("*.py")
    for each in classes(path)
    if any(isinstance(base, ast.Name) and base.id == "Protocol" for base in each.bases)
}
FAKES = {each.name for path in (ROOT / "tests/fakes").glob("*.py") for each in classes(path)}


def suite(port: str) -> Path:
    """`SweepCursor` has test_sweep_cursor.py."""
    return CONTRACTS / f"test_{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', port).lower()}.py"


def is_taken_by_fake_and_adapter(path: Path) -> bool:
    """By the fixture of all that rests on tables, or by one of its own."""
    text = path.read_text("utf-8")
    return "storage: Storage" in text or re.search(r'\["fake", "\w+"', text) is not None


@pytest.mark.parametrize("port", sorted(PORTS - WITHOUT.keys()))
def test_a_port_has_a_fake_and_one_exam_for_it_and_the_adapter(port: str) -> None:
    assert f"Fake{port}" in FAKES
    assert suite(port).exists()
    assert is_taken_by_fake_and_adapter(suite(port))


def test_the_list_of_ports_without_an_exam_is_true() -> None:
    assert WITHOUT.keys() <= PORTS
    assert [port for port in WITHOUT if suite(port).exists()] == []
