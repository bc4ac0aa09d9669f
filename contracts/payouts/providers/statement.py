"""Reads the bank's result file: which payments went through, failed or came back. Touches no book, reports row by row.

Columns: 付款单号, 金额, 结果 (成功/失败/退票), 银行流水号, 日期, 原因 (may be absent), in any order, further ones
ignored, title lines above and totals below allowed. CSV in UTF-8, GBK or UTF-16, or Excel.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from contracts.payouts.providers.port import NUMBER_LENGTH, OutcomeState, clean, cut
from contracts.payouts.providers.tables import UnreadableTable, read_table
from market.kernel.canonical import digest, sha256_hex
from market.kernel.errors import DomainError, Refused
from market.kernel.money import parse_yuan
from market.kernel.text import N_

REQUEST_NO, AMOUNT, RESULT, REFERENCE, DAY, REASON = COLUMNS = (
    "付款单号",
    "金额",
    "结果",
    "银行流水号",
    "日期",
    "原因",
)
REQUIRED = COLUMNS[:-1]
HEADER_WITHIN = 20  # banks print a few title lines above the table
REASON_LENGTH = 200

RESULTS = {
    "成功": OutcomeState.PAID,
    "交易成功": OutcomeState.PAID,
    "支付成功": OutcomeState.PAID,
    "失败": OutcomeState.FAILED,
    "交易失败": OutcomeState.FAILED,
    "支付失败": OutcomeState.FAILED,
    "退票": OutcomeState.RETURNED,
    "已退票": OutcomeState.RETURNED,
    "退汇": OutcomeState.RETURNED,
}
_TOTALS = ("合计", "总计", "小计", "总笔数", "总金额")
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z\-]*\Z")
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))(?:[ T].*)?\Z")
# From here on a spreadsheet number no longer holds every digit.
_EXACT_DIGITS = 15


# One payment that went through, one that failed, one that came back: what to fill in, shown rather than told.
_SAMPLE = (
    ("ZF-2026-000001-1", "80000.00", "成功", "B20260401000001", "2026-04-01", ""),
    ("ZF-2026-000002-1", "43200.00", "失败", "", "2026-04-01", "户名与账号不符"),
    ("ZF-2026-000003-1", "12500.50", "退票", "B20260401000003", "2026-04-02", "收款账户已销户"),
)


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One result. `line` is the row as a spreadsheet counts it; `digest` recognises the same result in a later file."""

    line: int
    request_no: str
    amount_fen: int
    result: OutcomeState
    bank_reference: str
    day: date
    reason: str

    def facts(self) -> list[str | int]:
        """What the row says, without where it stands."""
        return [
            self.request_no,
            self.amount_fen,
            self.result.value,
            self.bank_reference,
            self.day.isoformat(),
            self.reason,
        ]

    @property
    def digest(self) -> str:
        """SHA-256 in hex over what the row says."""
        return digest(self.facts())


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in which row and column, and what to do. `message` is a catalogue key with its `params`."""

    line: int
    column: str
    message: str
    params: dict[str, object]

    @property
    def text(self) -> str:
        """The untranslated sentence with its parameters filled in."""
        return self.message % self.params if self.params else self.message


@dataclass(frozen=True, slots=True)
class Parsed:
    """The good rows (returned ones last, else in file order) and every error.

    `file_digest` is over the bytes; `digest` over what the good rows say, in whatever order, so a statement sorted or
    saved again in another format or encoding is recognised too (empty when there is no good row).
    """

    rows: tuple[StatementRow, ...]
    errors: tuple[RowError, ...]
    file_digest: str
    digest: str


class _Fault(DomainError):
    """A cell that cannot be used; `field` is its column."""


def sample() -> bytes:
    """A small file as `parse` wants it, as spreadsheet programs read it: UTF-8 with BOM, CRLF."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows((COLUMNS, *_SAMPLE))
    return out.getvalue().encode("utf-8-sig")


def parse(content: bytes, name: str) -> Parsed:
    """Read the file; `name` decides nothing but is checked for a kind we do not read. Never raises for bad content."""
    errors: list[RowError] = []
    rows: list[StatementRow] = []
    try:
        table = read_table(content, name, COLUMNS)
        head, where = _header(table)
    except (UnreadableTable, _Fault) as fault:
        errors.append(RowError(1, fault.field or "", fault.message, fault.params))
        table, head, where = [], 0, {}
    for line, cells in enumerate(table[head:], start=head + 1):
        if _is_filler(cells):
            continue
        try:
            rows.append(_row(line, cells, where))
        except DomainError as fault:
            errors.append(RowError(line, fault.field or "", fault.message, fault.params))
    rows, doubles = _without_contradictions(rows)
    errors = sorted([*errors, *doubles], key=lambda error: error.line)
    if not rows and not errors:
        errors.append(RowError(1, "", N_("文件里没有任何付款结果。请确认下载的是结果文件。"), {}))
    said = digest(sorted(row.digest for row in rows)) if rows else ""
    return Parsed(tuple(rows), tuple(errors), sha256_hex(content), said)


def _header(table: list[list[object]]) -> tuple[int, dict[str, int]]:
    """The index after the header row and the position of each column; raises _Fault naming the missing columns."""
    best: dict[str, int] = {}
    for index, cells in enumerate(table[:HEADER_WITHIN]):
        where: dict[str, int] = {}
        for position, cell in enumerate(cells):
            label = _label(cell)
            if label in COLUMNS:
                if label in where:
                    raise _Fault(N_("表头里“%(column)s”出现了两次。请删去多余的一列。"), field=label, column=label)
                where[label] = position
        if all(column in where for column in REQUIRED):
            return index + 1, where
        best = max(best, where, key=len)
    missing = [column for column in REQUIRED if column not in best]
    raise _Fault(
        N_("找不到表头，缺少这些列：%(missing)s。请按“付款单号、金额、结果、银行流水号、日期、原因”整理后再导入。"),
        missing="、".join(missing),
    )


def _label(cell: object) -> str:
    """A header cell without blanks and units: “金额（元）” is 金额."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", clean(str(cell))))
    return re.sub(r"[(\[].*[)\]]\Z", "", text)


def _is_filler(cells: list[object]) -> bool:
    """An empty row, or the totals a bank prints below the table."""
    filled = [text for text in (_text(cell) for cell in cells) if text]
    return not filled or filled[0].startswith(_TOTALS)


def _row(line: int, cells: list[object], where: dict[str, int]) -> StatementRow:
    def cell(column: str) -> object:
        position = where.get(column, len(cells))
        return cells[position] if position < len(cells) else ""

    result = _result(_text(cell(RESULT)))
    reference = _identifier(cell(REFERENCE), REFERENCE)
    if not reference and result is not OutcomeState.FAILED:
        raise _Fault(N_("成功和退票的付款必须有银行流水号。请向银行补取。"), field=REFERENCE)
    return StatementRow(
        line=line,
        request_no=_request_no(cell(REQUEST_NO)),
        amount_fen=_amount(cell(AMOUNT)),
        result=result,
        bank_reference=reference,
        day=_day(cell(DAY)),
        reason=cut(_text(cell(REASON)), REASON_LENGTH),
    )


def _text(cell: object) -> str:
    """The cell as typed text: without the marks spreadsheets need to keep digits (leading apostrophe, ="…")."""
    text = clean(str(cell))
    wrapped = re.fullmatch(r'="(.*)"', text)
    return (wrapped[1] if wrapped else text.removeprefix("'")).strip()


def _identifier(cell: object, column: str) -> str:
    """A number that is a name. Raises _Fault where a spreadsheet has already rounded its last digits away."""
    if isinstance(cell, (str, bool)):
        return _text(cell)
    digits = _plain_number(cell)
    if len(digits) > _EXACT_DIGITS:
        raise _Fault(
            N_("%(column)s“%(digits)s”以数字格式保存，末几位已经丢失。请把该列设为文本格式，重新从银行下载后导入。"),
            field=column,
            column=column,
            digits=digits,
        )
    return digits


def _plain_number(cell: object) -> str:
    """A spreadsheet number as digits: 20260401.0 is 20260401. Other cells as text."""
    text = str(cell)
    return re.sub(r"\.0+\Z", "", text) if re.fullmatch(r"\d+\.\d+", text) else text


def _request_no(cell: object) -> str:
    number = _identifier(cell, REQUEST_NO)
    if not number:
        raise _Fault(N_("没有付款单号。请按付款文件补上。"), field=REQUEST_NO)
    if len(number) > NUMBER_LENGTH or not _NUMBER.match(number):
        raise _Fault(
            N_("付款单号“%(number)s”不是本系统的编号。请核对是否串列。"), field=REQUEST_NO, number=cut(number, 60)
        )
    return number


def _amount(cell: object) -> int:
    text = _plain_number(cell) if not isinstance(cell, str) else _text(cell)
    try:
        amount_fen = parse_yuan(text.removesuffix("CNY").removeprefix("CNY"), field=AMOUNT)
    except Refused as refusal:
        raise _Fault(refusal.message, field=AMOUNT, **refusal.params) from None
    if amount_fen == 0:
        raise _Fault(N_("金额是零。请填写这笔付款的金额。"), field=AMOUNT)
    return amount_fen


def _result(text: str) -> OutcomeState:
    if text in RESULTS:
        return RESULTS[text]
    if text.startswith(("处理中", "待处理", "在途", "已受理")):
        raise _Fault(N_("这笔付款还没有最终结果（%(text)s）。等银行给出结果后再导入这一行。"), field=RESULT, text=text)
    raise _Fault(N_("看不懂结果“%(text)s”。只能写 成功、失败 或 退票。"), field=RESULT, text=cut(text, 60))


def _day(cell: object) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = unicodedata.normalize("NFKC", _identifier(cell, DAY))
    found = _DAY.match(text)
    try:
        if found:
            year, month, day = found[1], found[2] or found[4], found[3] or found[5]
            return date(int(year), int(month), int(day))
    except ValueError:
        pass  # such as 2026-02-30: the same sentence as for any other text that is no date
    raise _Fault(N_("日期“%(text)s”不存在或看不懂。请写成 2026-04-01 的样子。"), field=DAY, text=cut(text, 60))


def _without_contradictions(rows: list[StatementRow]) -> tuple[list[StatementRow], list[RowError]]:
    """Take out rows that repeat or contradict another of the same payment; “paid, then returned” alone goes together.

    Of a repetition the first row stays; of a contradiction none can be trusted.
    """
    by_number: dict[str, list[StatementRow]] = {}
    good: list[StatementRow] = []
    errors: list[RowError] = []
    for row in rows:
        same = by_number.setdefault(row.request_no, [])
        twin = next((other for other in same if other.facts() == row.facts()), None)
        if twin is None:
            same.append(row)
        else:
            message = N_("与第 %(earlier)d 行完全相同，只导入一次。请删去其中一行。")
            errors.append(RowError(row.line, REQUEST_NO, message, {"earlier": twin.line}))
    for number, same in by_number.items():
        if len(same) == 1 or _paid_then_returned(same):
            good += same
            continue
        lines = "、".join(str(row.line) for row in same)
        message = N_(
            "付款单 %(number)s 的第 %(lines)s 行结果或金额互相矛盾，这几行都没有导入。请向银行核实后只保留正确的一行。"
        )
        errors.append(RowError(same[0].line, REQUEST_NO, message, {"number": number, "lines": lines}))
    # Banks often list the newest first; what came back must be booked after what went out.
    return sorted(good, key=lambda row: (row.result is OutcomeState.RETURNED, row.line)), errors


def _paid_then_returned(same: list[StatementRow]) -> bool:
    results = {row.result for row in same}
    amounts = {row.amount_fen for row in same}
    return len(same) == 2 and results == {OutcomeState.PAID, OutcomeState.RETURNED} and len(amounts) == 1
