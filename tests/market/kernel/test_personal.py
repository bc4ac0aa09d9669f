"""Texts in which nobody may be named."""

from __future__ import annotations

import pytest

from market.kernel.personal import personal_data_trouble


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("多位独居老人希望有人定期上门探访", False),
        ("张某，身份证号320115194903074521，希望助餐", True),
        ("320115 19490307 4521", False),
        ("联系电话13812345678", True),
        ("联系 138-1234-5678", True),
        ("１３８１２３４５６７８", True),
        ("热线 02552100000", False),
        ("全年需要12000人次，金额1,286,400元", False),
        ("统一社会信用代码 52320115MJ1234561N", False),
    ],
)
def test_a_text_that_names_a_person_is_refused(text: str, refused: bool) -> None:
    assert (personal_data_trouble(text) is not None) is refused
