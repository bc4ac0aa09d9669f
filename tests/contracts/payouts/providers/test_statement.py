"""The bank's result file, as banks and people really save it."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from contracts.payouts.providers.port import OutcomeState
from contracts.payouts.providers.statement import COLUMNS, StatementRow, parse

HEAD = "付款单号,金额,结果,银行流水号,日期,原因"
PAID = "ZF-1,129600.00,成功,YH001,2026-05-07,"
FAILED = "ZF-2,172800.00,失败,,2026-05-07,收款账号与户名不符"
RETURNED = "ZF-3,6480.50,退票,YH003,2026-05-08,收款账户已销户"
GOOD = f"{HEAD}\r\n{PAID}\r\n{FAILED}\r\n{RETURNED}\r\n"


def read(*lines: str, encoding: str = "utf-8", name: str = "结果.csv"):
    return parse("\r\n".join(lines).encode(encoding), name)


def excel(*rows: tuple[Any, ...]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for line, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                page.write_datetime(line, column, cell, day)
            else:
                page.write(line, column, cell)
    book.close()
    return out.getvalue()


def test_each_result_is_read_with_its_facts():
    parsed = parse(GOOD.encode(), "结果.csv")
    assert parsed.errors == ()
    assert parsed.rows == (
        StatementRow(2, "ZF-1", 12_960_000, OutcomeState.PAID, "YH001", date(2026, 5, 7), ""),
        StatementRow(3, "ZF-2", 17_280_000, OutcomeState.FAILED, "", date(2026, 5, 7), "收款账号与户名不符"),
        StatementRow(4, "ZF-3", 648_050, OutcomeState.RETURNED, "YH003", date(2026, 5, 8), "收款账户已销户"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_the_encodings_of_chinese_banks_and_spreadsheets_are_all_read(encoding: str):
    assert parse(GOOD.encode(encoding), "结果.csv").rows == parse(GOOD.encode(), "结果.csv").rows


@pytest.mark.parametrize("delimiter", ["\t", ";", "|", "，"])
def test_the_delimiter_is_found(delimiter: str):
    parsed = parse(GOOD.replace(",", delimiter).encode(), "结果.txt")
    assert [row.request_no for row in parsed.rows] == ["ZF-1", "ZF-2", "ZF-3"]


@pytest.mark.parametrize(
    "amount",
    [
        "129600",
        "129600.00",
        '"129,600.00"',
        '"￥129,600.00"',
        "¥129600元",
        "１２９６００．００",
        '"=""129600.00"""',
        "'129600",
        "12.96万",
    ],
)
def test_an_amount_is_read_however_it_is_written(amount: str):
    parsed = read(HEAD, f"ZF-1,{amount},成功,YH001,2026-05-07,")
    assert [row.amount_fen for row in parsed.rows] == [12_960_000]


@pytest.mark.parametrize(
    "day", ["2026-05-07", "2026/5/7", "2026.05.07", "20260507", "2026年5月7日", "2026-05-07 10:22:33"]
)
def test_a_date_is_read_however_it_is_written(day: str):
    assert [row.day for row in read(HEAD, f"ZF-1,1.00,成功,YH001,{day},").rows] == [date(2026, 5, 7)]


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("成功", OutcomeState.PAID),
        ("交易成功", OutcomeState.PAID),
        ("失败", OutcomeState.FAILED),
        ("退汇", OutcomeState.RETURNED),
    ],
)
def test_the_banks_words_for_a_result(word: str, result: OutcomeState):
    assert [row.result for row in read(HEAD, f"ZF-1,1.00,{word},YH001,2026-05-07,").rows] == [result]


def test_excel_numbers_and_dates_are_read_without_losing_a_fen():
    content = excel(
        COLUMNS,
        ("ZF-1", 129600.1, "成功", 20260507001, date(2026, 5, 7), None),
        ("ZF-2", 172800, "失败", "", date(2026, 5, 7), "户名不符"),
        (20260003, "6,480.50", "退票", "YH003", 20260508, ""),
    )
    parsed = parse(content, "结果.xlsx")
    assert parsed.errors == ()
    assert [(row.request_no, row.amount_fen, row.bank_reference, row.day.isoformat()) for row in parsed.rows] == [
        ("ZF-1", 12_960_010, "20260507001", "2026-05-07"),
        ("ZF-2", 17_280_000, "", "2026-05-07"),
        ("20260003", 648_050, "YH003", "2026-05-08"),
    ]


def test_a_long_number_that_excel_has_rounded_is_reported():
    parsed = parse(excel(COLUMNS, ("ZF-1", 1, "成功", 2026050700000123456, "2026-05-07", "")), "结果.xlsx")
    assert parsed.rows == ()
    assert parsed.errors[0].column == "银行流水号"
    assert "文本格式" in parsed.errors[0].text


def test_titles_above_totals_below_further_and_reordered_columns_do_no_harm():
    parsed = read(
        "某某银行批量付款结果",
        "批次号：PC-1,,,",
        "",
        "序号,日期,结果,付款单号,金额（元）,收款人,银行流水号",
        "1,2026-05-07,成功,ZF-1,129600.00,晴禾,YH001",
        "",
        "合计,,,,129600.00,,",
        encoding="gbk",
    )
    assert parsed.errors == ()
    assert [(row.line, row.request_no, row.amount_fen, row.reason) for row in parsed.rows] == [
        (5, "ZF-1", 12_960_000, "")
    ]


@pytest.mark.parametrize(
    ("line", "column", "part"),
    [
        (",1.00,成功,YH1,2026-05-07,", "付款单号", "没有付款单号"),
        ("晴禾中心,1.00,成功,YH1,2026-05-07,", "付款单号", "串列"),
        ("ZF-9,,成功,YH1,2026-05-07,", "金额", "请填写金额"),
        ("ZF-9,壹元,成功,YH1,2026-05-07,", "金额", "看不懂金额“壹元”"),
        ("ZF-9,-1.00,成功,YH1,2026-05-07,", "金额", "不能是负数"),
        ("ZF-9,1.005,成功,YH1,2026-05-07,", "金额", "精确到分"),
        ("ZF-9,0.00,成功,YH1,2026-05-07,", "金额", "金额是零"),
        ("ZF-9,1.00,OK,YH1,2026-05-07,", "结果", "看不懂结果“OK”。只能写 成功、失败 或 退票"),
        ("ZF-9,1.00,处理中,YH1,2026-05-07,", "结果", "还没有最终结果"),
        ("ZF-9,1.00,成功,,2026-05-07,", "银行流水号", "必须有银行流水号"),
        ("ZF-9,1.00,成功,YH1,2026-02-30,", "日期", "2026-02-30"),
        ("ZF-9,1.00,成功,YH1,5月7日,", "日期", "2026-04-01 的样子"),
        ("ZF-9,1.00", "结果", "看不懂结果“”"),
    ],
)
def test_a_bad_row_is_named_with_its_column_and_the_good_rows_stay(line: str, column: str, part: str):
    parsed = read(HEAD, PAID, line, RETURNED)
    assert [row.request_no for row in parsed.rows] == ["ZF-1", "ZF-3"]
    assert [(error.line, error.column) for error in parsed.errors] == [(3, column)]
    assert part in parsed.errors[0].text


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "文件是空的"),
        (b"  \r\n", "文件是空的"),
        (b"%PDF-1.7", "不能导入"),
        (b"PK\x03\x04broken", "可能已损坏或有密码"),
        (b"\xd0\xcf\x11\xe0broken", "可能已损坏或有密码"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "编码看不懂"),
        (b"\xff\xfe\x00", "编码看不懂"),
        ("姓名,电话\n甲,1\n".encode(), "缺少这些列：付款单号、金额、结果、银行流水号、日期"),
        ("付款单号,金额,结果,日期\nZF-1,1,成功,2026-05-07\n".encode(), "缺少这些列：银行流水号"),
        ("付款单号,金额,金额,结果,银行流水号,日期\n".encode(), "“金额”出现了两次"),
        (HEAD.encode(), "没有任何付款结果"),
        (b"x" * (10 * 1024 * 1024 + 1), "超过 10 MB"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_what_to_do(content: bytes, part: str):
    parsed = parse(content, "结果")
    assert parsed.rows == ()
    assert part in parsed.errors[0].text
    assert parsed.digest == ""


def test_paid_and_later_returned_may_stand_in_one_file_newest_first():
    parsed = read(HEAD, "ZF-3,6480.50,退票,YH004,2026-05-08,已销户", "ZF-3,6480.50,成功,YH003,2026-05-07,")
    assert parsed.errors == ()
    assert [row.result for row in parsed.rows] == [OutcomeState.PAID, OutcomeState.RETURNED]


def test_a_row_that_is_there_twice_counts_once():
    parsed = read(HEAD, PAID, FAILED, PAID)
    assert [row.request_no for row in parsed.rows] == ["ZF-1", "ZF-2"]
    assert [(error.line, error.text) for error in parsed.errors] == [
        (4, "与第 2 行完全相同，只导入一次。请删去其中一行。")
    ]


@pytest.mark.parametrize(
    "other",
    [
        "ZF-1,129600.00,失败,,2026-05-07,户名不符",
        "ZF-1,129600.01,成功,YH001,2026-05-07,",
        "ZF-1,129600.00,成功,YH002,2026-05-07,",
        "ZF-1,129600.01,退票,YH002,2026-05-08,",
    ],
)
def test_of_rows_that_contradict_each_other_none_is_taken(other: str):
    parsed = read(HEAD, PAID, FAILED, other)
    assert [row.request_no for row in parsed.rows] == ["ZF-2"]
    assert [error.line for error in parsed.errors] == [2]
    assert "第 2、4 行" in parsed.errors[0].text


def test_the_same_statement_is_recognised_after_sorting_and_saving_in_another_program():
    once = parse(GOOD.encode(), "结果.csv")
    lines = GOOD.splitlines()
    again = parse("\n".join([lines[0], *reversed(lines[1:])]).encode("gbk"), "结果(1).csv")
    saved = parse(
        excel(
            COLUMNS,
            ("ZF-1", 129600, "成功", "YH001", date(2026, 5, 7), ""),
            ("ZF-2", 172800, "失败", "", date(2026, 5, 7), "收款账号与户名不符"),
            ("ZF-3", 6480.5, "退票", "YH003", date(2026, 5, 8), "收款账户已销户"),
        ),
        "结果.xlsx",
    )
    assert once.digest == again.digest == saved.digest
    assert len({once.file_digest, again.file_digest, saved.file_digest}) == 3
    assert parse(GOOD.replace("129600.00", "129600.01").encode(), "结果.csv").digest != once.digest
    assert {row.digest for row in once.rows} == {row.digest for row in again.rows}


def test_a_formula_in_the_reason_stays_text():
    assert [row.reason for row in read(HEAD, 'ZF-2,1.00,失败,,2026-05-07,"=HYPERLINK(""x"")"').rows] == [
        '=HYPERLINK("x")'
    ]


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_file_whatever_stops_the_import(content: bytes):
    parsed = parse(content, "x")
    assert parsed.rows or parsed.errors


@given(st.integers(0, len(GOOD.encode("gbk")) - 1), st.integers(0, 255))
def test_no_single_changed_byte_stops_the_import_or_invents_a_row(place: int, byte: int):
    content = bytearray(GOOD.encode("gbk"))
    content[place] = byte
    parsed = parse(bytes(content), "x.csv")
    assert len(parsed.rows) <= 3
    assert parsed.rows or parsed.errors


BOOK = excel(COLUMNS, ("ZF-1", 129600, "成功", "YH001", date(2026, 5, 7), ""))


@given(st.integers(0, len(BOOK) - 1), st.integers(0, 255))
def test_a_damaged_excel_file_never_stops_the_import(place: int, byte: int):
    content = bytearray(BOOK)
    content[place] = byte
    parsed = parse(bytes(content), "x.xlsx")
    assert parsed.rows or parsed.errors
