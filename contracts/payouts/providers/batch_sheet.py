"""The same batch as a plain sheet: most domestic banks and treasury systems take their own CSV or Excel form.

Every cell is text. A spreadsheet turns a 19-digit account number into a rounded float and "=…" into a formula; a bank
that reads the file back must find what was written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from contracts.payouts.providers.pain001 import group_key, in_order
from contracts.payouts.providers.port import Instruction, clean, cut, plain_yuan
from market.kernel.clock import beijing

COLUMNS = (
    "付款单号",
    "收款人名称",
    "收款人统一社会信用代码",
    "收款账号",
    "收款开户行",
    "收款行联行号",
    "金额（元）",
    "币种",
    "资金来源",
    "付款人名称",
    "付款账号",
    "付款开户行",
    "付款行联行号",
    "附言",
)
TOTAL_COLUMNS = ("资金来源", "付款账号", "笔数", "金额（元）")
WIDTHS = (22, 34, 22, 26, 34, 16, 16, 6, 16, 28, 26, 34, 16, 44)
REMITTANCE_LENGTH = 60  # what the large banks' own forms take

# A cell that begins with one of these is run as a formula by spreadsheet programs (full-width forms included).
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def write_csv(instructions: Iterable[Instruction]) -> bytes:
    """The sheet as CSV: UTF-8 with BOM, every field quoted, CRLF. Same order and refusals as the pain.001 file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(item) for item in in_order(instructions))
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(instructions: Iterable[Instruction], *, created_at: datetime) -> bytes:
    """The sheet as XLSX with a second page of totals per fund source and account. Same arguments, same bytes."""
    import xlsxwriter

    ordered = in_order(instructions)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": beijing(created_at).replace(tzinfo=None)})
    bold = book.add_format({"bold": True, "num_format": "@", "bg_color": "#E6EEF8", "border": 1})
    text = book.add_format({"num_format": "@"})
    for name, head, rows in (
        ("付款明细", COLUMNS, [_row(item) for item in ordered]),
        ("汇总", TOTAL_COLUMNS, _totals(ordered)),
    ):
        page = book.add_worksheet(name)
        for line, row in enumerate([head, *rows]):
            for column, cell in enumerate(row):
                page.write_string(line, column, cell, text if line else bold)
        for column in range(len(head)):
            page.set_column(column, column, WIDTHS[column] if head is COLUMNS else 26, text)
        page.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def safe_cell(value: str) -> str:
    """The text without control characters, and with a leading apostrophe where a spreadsheet would run it."""
    value = clean(value)
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _row(item: Instruction) -> list[str]:
    payer = item.debtor
    return [
        safe_cell(cell)
        for cell in (
            item.request_no,
            item.payee_name,
            item.payee_uscc,
            item.account_no,
            item.bank_name,
            item.cnaps,
            plain_yuan(item.amount_fen),
            "CNY",
            item.fund_source,
            payer.name,
            payer.account_no,
            payer.bank_name,
            payer.cnaps,
            cut(item.remittance, REMITTANCE_LENGTH),
        )
    ]


def _totals(ordered: Sequence[Instruction]) -> list[list[str]]:
    rows = []
    for _, group in groupby(ordered, key=group_key):
        items = list(group)
        total = plain_yuan(sum(item.amount_fen for item in items))
        rows.append([safe_cell(items[0].fund_source), items[0].debtor.account_no, str(len(items)), total])
    total = plain_yuan(sum(item.amount_fen for item in ordered))
    rows.append(["合计", "", str(len(ordered)), total])
    return rows
