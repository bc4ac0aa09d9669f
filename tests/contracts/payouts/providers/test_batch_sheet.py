"""The plain sheet for banks that take their own form."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from python_calamine import load_workbook

from contracts.payouts.providers import batch_sheet
from market.kernel.errors import Refused


@pytest.fixture
def two(make, lottery_account):
    return [
        make(request_no="ZF-1", amount_fen=12_960_000),
        make(request_no="ZF-2", amount_fen=648_050, fund_source="福彩公益金", debtor=lottery_account),
    ]


def test_the_csv_opens_in_excel_as_chinese_and_holds_every_digit(two):
    content = batch_sheet.write_csv(two)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["付款单号"] for row in rows] == ["ZF-2", "ZF-1"]
    assert rows[1]["金额（元）"] == "129600.00"
    assert rows[1]["收款账号"] == "6228480000000010001"
    assert rows[0]["资金来源"] == "福彩公益金"
    assert rows[0]["付款账号"] == "3201002000002002"
    assert rows[1]["附言"] == "HT-2026-0007 第一期 居家养老服务"
    assert content.count(b"\r\n") == 3


def test_every_excel_cell_is_text_even_amounts_and_accounts(two, noon):
    book = load_workbook(io.BytesIO(batch_sheet.write_xlsx(two, created_at=noon)))
    rows = book.get_sheet_by_name("付款明细").to_python()
    assert rows[0] == list(batch_sheet.COLUMNS)
    assert all(isinstance(cell, str) for row in rows for cell in row)
    assert [row[6] for row in rows[1:]] == ["6480.50", "129600.00"]
    assert rows[1][3] == "6228480000000010001"


def test_the_totals_page_keeps_the_sources_apart_and_sums_all(two, noon):
    book = load_workbook(io.BytesIO(batch_sheet.write_xlsx(two, created_at=noon)))
    assert book.get_sheet_by_name("汇总").to_python() == [
        ["资金来源", "付款账号", "笔数", "金额（元）"],
        ["福彩公益金", "3201002000002002", "1", "6480.50"],
        ["财政资金", "3201002000001001", "1", "129600.00"],
        ["合计", "", "2", "136080.50"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t=", " ="])
def test_text_that_a_spreadsheet_would_run_is_written_as_text(make, noon, start: str):
    items = [make(remittance=f"{start}HYPERLINK(0)", payee_name="=1+1")]
    row = next(csv.DictReader(io.StringIO(batch_sheet.write_csv(items).decode("utf-8-sig"), newline="")))
    assert row["附言"] == f"'{start.strip()}HYPERLINK(0)"
    assert row["收款人名称"] == "'=1+1"
    with zipfile.ZipFile(io.BytesIO(batch_sheet.write_xlsx(items, created_at=noon))) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


def test_the_same_payments_give_the_same_bytes(two, noon):
    assert batch_sheet.write_xlsx(two, created_at=noon) == batch_sheet.write_xlsx(two[::-1], created_at=noon)
    assert batch_sheet.write_csv(two) == batch_sheet.write_csv(two[::-1])


def test_an_empty_batch_is_refused(noon):
    with pytest.raises(Refused):
        batch_sheet.write_csv([])
    with pytest.raises(Refused):
        batch_sheet.write_xlsx([], created_at=noon)
