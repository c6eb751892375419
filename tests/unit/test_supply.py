"""What is installed is what was locked; no secret is in the repository."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements/*.txt"))
SECRETS = re.compile(
    r"(?P<aws>\bA[KS]IA(?!IOSFODNN7EXAMPLE)[A-Z0-9]{16}\b)"
    r"|(?P<pem>-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\n|\\n)[A-Za-z0-9+/=]{64})"
    r"|(?P<github>\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b)"
    r"|(?P<gitlab>\bglpat-[A-Za-z0-9_-]{20})"
    r"|(?P<google>\bAIza[A-Za-z0-9_-]{35}\b)"
    r"|(?P<npm>\bnpm_[A-Za-z0-9]{36}\b)"
    r"|(?P<ours>\bevg_[0-9a-z]{36}_[0-9a-f]{64}_[0-9a-f]{8}\b)"
    r"|(?P<sendgrid>\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b)"
    r"|(?P<shopify>\bshp(?:at|ca|pa|ss)_[a-f0-9]{32}\b)"
    r"|(?P<slack>\bxox[abps]-\d{8,}-[A-Za-z0-9-]{20,})"
    r"|(?P<stripe>\b[sr]k_live_[A-Za-z0-9]{24,})"
)
"""Shapes that keys really have; AWS's own example is none."""


def entries(lock: Path) -> Iterator[str]:
    yield from re.sub(r" *\\\n *", " ", lock.read_text("utf-8")).splitlines()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_attack_72_every_package_is_pinned_by_its_hash(lock: Path) -> None:
    packages = [each for each in entries(lock) if re.match(r"[A-Za-z0-9]", each)]

    assert packages
    assert [each for each in packages if not re.match(r"\S+==\S+( ;.*?)? --hash=sha256:[0-9a-f]{64}", each)] == []


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z][a-z0-9.-]*)==([^ ;]+)", (ROOT / "requirements" / f"{lock}.txt").read_text()))


@pytest.mark.parametrize(("lock", "pinned_by_others"), [("ministack", {"boto3", "botocore"}), ("dev", set[str]())])
def test_functions_run_and_are_tested_on_the_versions_that_are_deployed(lock: str, pinned_by_others: set[str]) -> None:
    deployed, here = versions("runtime"), versions(lock)

    assert "pydantic" in deployed
    assert {name for name in deployed if here[name] != deployed[name]} <= pinned_by_others


def test_attack_72_nothing_is_installed_without_its_hash() -> None:
    text = "\n".join((ROOT / each).read_text("utf-8") for each in ("Makefile", "layers/build.py", "tools/install.py"))
    installs = [each for each in re.split(r"\n(?!\s)", text) if "pip install" in each or '"pip"' in each]

    assert len(installs) == 2
    assert [each for each in installs if "--require-hashes" not in each] == []


def test_attack_73_no_secret_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S607
    paths = [ROOT / each for each in listed.decode().split("\0") if each]

    texts = {path: path.read_bytes().decode(errors="replace") for path in paths if path.is_file()}

    assert len(texts) > 100
    assert [str(path.relative_to(ROOT)) for path, text in texts.items() if SECRETS.search(text)] == []


# Each is put together here, so that this file holds none.
PLANTED = {
    "aws": "AKIA" + "Z" * 16,
    "pem": "-----BEGIN PRIVATE " + "KEY-----\n" + "A" * 64,
    "github": "ghp_" + "a" * 36,
    "gitlab": "glpat-" + "a" * 20,
    "google": "AIza" + "a" * 35,
    "npm": "npm_" + "a" * 36,
    "ours": "evg_" + "0" * 36 + "_" + "a" * 64 + "_" + "1" * 8,
    "sendgrid": "SG." + "a" * 22 + "." + "b" * 43,
    "shopify": "shpat_" + "a" * 32,
    "slack": "xoxb-" + "1" * 10 + "-" + "a" * 24,
    "stripe": "sk_live_" + "a" * 24,
}


@pytest.mark.parametrize("kind", SECRETS.groupindex)
def test_attack_73_a_planted_secret_is_found(kind: str) -> None:
    found = SECRETS.search(f"x = '{PLANTED[kind]}'")

    assert found
    assert found.lastgroup == kind
