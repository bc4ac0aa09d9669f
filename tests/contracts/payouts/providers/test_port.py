"""What a payment order may contain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.payouts.providers.port import Instruction, clean, cut, plain_yuan
from market.kernel.errors import Refused


@pytest.mark.parametrize(
    ("changes", "field", "part"),
    [
        ({"request_no": "Z" * 36}, "request_no", "最多 35 位"),
        ({"request_no": "付款1"}, "request_no", "英文字母、数字和连字符"),
        ({"request_no": ""}, "request_no", "英文字母、数字和连字符"),
        ({"amount_fen": 0}, "amount", "大于零"),
        ({"amount_fen": -1}, "amount", "大于零"),
        ({"amount_fen": 10**15}, "amount", "上限"),
        ({"payee_name": ""}, "payee_name", "开户名称"),
        ({"payee_name": "社" * 141}, "payee_name", "140"),
        ({"payee_name": "晴禾\n中心"}, "payee_name", "看不见的字符"),
        ({"payee_name": "晴禾\u202e中心"}, "payee_name", "看不见的字符"),
        ({"payee_uscc": "5232"}, "payee_uscc", "18 位"),
        ({"account_no": "6228 4800"}, "account_no", "最多 34 位"),
        ({"account_no": "1" * 35}, "account_no", "最多 34 位"),
        ({"bank_name": " "}, "bank_name", "为空"),
        ({"cnaps": "10330100002"}, "cnaps", "12 位数字"),
        ({"cnaps": "１０３３０１０００１２３"}, "cnaps", "12 位数字"),
        ({"fund_source": ""}, "fund_source", "资金来源"),
    ],
)
def test_an_order_a_bank_would_send_back_is_refused_with_its_field(
    make, changes: dict[str, Any], field: str, part: str
):
    with pytest.raises(Refused) as refusal:
        make(**changes)
    assert refusal.value.field == field
    assert part in refusal.value.text


@pytest.mark.parametrize("amount", ["100", 100.0, True])
def test_an_amount_is_a_whole_number_of_fen(make, amount: object):
    with pytest.raises(TypeError):
        make(amount_fen=amount)


def test_the_longest_number_and_name_are_taken(make):
    order = make(request_no="Z" * 35, payee_name="社" * 140, amount_fen=10**14)
    assert len(order.request_no) == 35
    assert order.amount_fen == 10**14


def test_an_order_survives_storage_and_keeps_its_digest(make):
    order = make(payee_name="演示区𠮷祥社区服务社", stripe_account="acct_1")
    again = Instruction.from_data(order.as_data())
    assert again == order
    assert again.digest() == order.digest()
    assert make(payee_name="演示区𠮷祥社区服务社").digest() != order.digest()


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("居家养老", 4, "居家养老"),
        ("居家养老服务", 4, "居家养…"),
        ("居家\n养老\t 服务", 20, "居家 养老 服务"),
        # 葛 with a variation selector: without it the surname is another form of the character.
        ("姓葛\U000e0100氏", 3, "姓…"),
        ("姓葛\U000e0100氏族", 4, "姓葛\U000e0100…"),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301…"),
        ("👩\u200d👧社工", 3, "…"),
        ("𠮷祥社区", 3, "𠮷祥…"),
    ],
)
def test_text_is_cut_between_characters_never_inside_one(text: str, limit: int, expected: str):
    assert cut(text, limit) == expected


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_cut_text_fits_and_is_clean(text: str, limit: int):
    short = cut(text, limit)
    assert len(short) <= limit
    assert clean(short) == short
    short.encode()


@pytest.mark.parametrize(("fen", "text"), [(1, "0.01"), (12_960_000, "129600.00"), (10**14, "1000000000000.00")])
def test_yuan_for_machines_has_no_commas(fen: int, text: str):
    assert plain_yuan(fen) == text
