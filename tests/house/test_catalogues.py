"""Nothing is untranslated, in either language."""

from __future__ import annotations

from market.web.bookkeeping import main


def test_every_sentence_has_its_english(capsys: object) -> None:
    assert main(["--check"]) == 0, "run: python -m market.web.catalogues"
