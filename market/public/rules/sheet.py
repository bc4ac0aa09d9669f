"""Purchases as an Excel workbook: a sheet each for purchases, awards, contracts and payments.

Amounts are numbers of yuan with two decimals; every text is written as text, so that none of them becomes a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from market.kernel.clock import beijing
from market.public.rules.labels import METHOD_LABELS, STAGES
from market.public.rules.reading import fen, instant, part, rows, text

# A sheet of Excel ends at its 1,048,576th row.
MOST_ROWS = 1_048_575
Row = tuple[Any, ...]

_SHEETS: dict[str, tuple[tuple[str, int], ...]] = {
    "采购": (
        ("编号", 32), ("名称", 40), ("状态", 14), ("方式", 14), ("采购人", 30), ("预算（元）", 14),
        ("成交（元）", 14), ("已付（元）", 14), ("供应商", 30), ("截止", 18),
    ),
    "成交": (
        ("编号", 32), ("成交编号", 12), ("标题", 40), ("状态", 14), ("日期", 18), ("供应商", 30),
        ("供应商编号", 26), ("金额（元）", 14),
    ),
    "合同": (
        ("编号", 32), ("合同编号", 14), ("合同号", 34), ("状态", 14), ("签订", 18), ("开始", 18), ("结束", 18),
        ("金额（元）", 14),
    ),
    "付款": (
        ("编号", 32), ("合同编号", 14), ("付款编号", 24), ("日期", 18), ("收款人", 30), ("金额（元）", 14),
        ("资金来源", 14),
    ),
}  # fmt: skip


def write(cards: Iterable[Any], out: IO[bytes], say: Callable[[str], str] = str) -> None:
    """Write the workbook of these cards; memory does not grow with their number. `say` puts words into a language."""
    import xlsxwriter

    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    pages = {}
    for name, heads in _SHEETS.items():
        page = pages[name] = book.add_worksheet(name)
        page.freeze_panes(1, 0)
        for column, (head, width) in enumerate(heads):
            page.set_column(column, column, width)
            page.write_string(0, column, head, bold)
    lines = dict.fromkeys(pages, 0)
    for card in cards:
        for name, row in _rows(card, say):
            lines[name] += 1
            if lines[name] <= MOST_ROWS:
                _put(pages[name], lines[name], row, money)
    book.close()


def _put(page: Any, line: int, row: Row, money: Any) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            # The one place where an amount becomes a number with decimals: Excel has no other.
            page.write_number(line, column, cell / 100, money)
        elif cell:
            page.write_string(line, column, cell)


def _rows(card: Any, say: Callable[[str], str]) -> Iterator[tuple[str, Row]]:
    data, ocid = card.compiled, card.ocid
    stage = STAGES.get(card.stage)
    yield "采购", (
        ocid, card.title, say(stage[0]) if stage else card.stage,
        say(METHOD_LABELS.get(card.method, card.method or "")), card.buyer,
        card.amount_fen, card.awarded_fen, card.paid_fen, card.supplier or "", _at(card.deadline_at),
    )  # fmt: skip
    for award in rows(data, "awards"):
        suppliers = rows(award, "suppliers")
        names, keys = ("、".join(text(one, name) for one in suppliers) for name in ("name", "id"))
        yield "成交", (
            ocid, text(award, "id"), text(award, "title"), text(award, "status"), _when(award, "date"), names, keys,
            fen(award),
        )  # fmt: skip
    for contract in rows(data, "contracts"):
        period = part(contract, "period")
        yield "合同", (
            ocid, text(contract, "id"), text(contract, "description"), text(contract, "status"),
            _when(contract, "dateSigned"), _when(period, "startDate"), _when(period, "endDate"), fen(contract),
        )  # fmt: skip
        for paid in rows(contract, "implementation", "transactions"):
            yield "付款", (
                ocid, text(contract, "id"), text(paid, "id"), _when(paid, "date"), text(part(paid, "payee"), "name"),
                fen(paid), text(paid, "linliFundSource"),
            )  # fmt: skip


def _when(data: Mapping[str, Any], name: str) -> str:
    return _at(instant(data.get(name)))


def _at(at: Any) -> str:
    return beijing(at).strftime("%Y-%m-%d %H:%M") if at else ""
