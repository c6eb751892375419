"""`make app`: how an entry of the catalogue begins."""

from pathlib import Path

import pytest
from evergrant.catalogue.loader import FOLDER

from tools import app


@pytest.mark.parametrize("slug", ["", "Acme", "acme_shop", "acme shop", "../acme", "-acme"])
def test_what_is_no_slug_starts_nothing(slug: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = app.main(slug, tmp_path)

    assert code == 2
    assert "make app NAME=acme-shop" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_entry_begins_under_its_slug_and_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = app.main("acme-shop", tmp_path)

    assert code == 0
    assert "call it again" in capsys.readouterr().out
    assert 'name = "Acme Shop"' in (tmp_path / "acme-shop.toml").read_text("utf-8")
    assert not (FOLDER / "acme-shop.toml").exists()
