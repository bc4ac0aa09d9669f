"""Sentences that people wrote, put together."""

from __future__ import annotations

import pytest

from market.kernel.text import joined


@pytest.mark.parametrize(
    ("sentences", "text"),
    [
        ([], ""),
        (["见投标文件。"], "见投标文件。"),
        (["见投标文件。", "对照评分标准"], "见投标文件；对照评分标准"),
        (["见投标文件；", "对照标准。", "好。"], "见投标文件；对照标准；好。"),
    ],
)
def test_no_stop_stands_before_a_semicolon(sentences: list[str], text: str) -> None:
    assert joined(sentences) == text
