"""Turns an uploaded CSV or Excel file into rows of cells, whatever program and encoding it was saved with."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Collection

from market.kernel.errors import DomainError
from market.kernel.text import N_

LARGEST_BYTES = 10 * 1024 * 1024
LARGEST_UNPACKED = 200 * 1024 * 1024
LARGEST_ROWS = 50_000

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = (",", "\t", ";", "|", "，")


class UnreadableTable(DomainError):
    """The file as a whole cannot be read; the message says why and what to do."""


def read_table(content: bytes, name: str, columns: Collection[str]) -> list[list[object]]:
    """All rows of the first sheet that has rows. `columns` help to find the delimiter. Raises UnreadableTable.

    Cells of CSV files are text; Excel cells may also be numbers, dates or booleans.
    """
    if not content.strip():
        raise UnreadableTable(N_("文件是空的。请重新从银行下载。"))
    if len(content) > LARGEST_BYTES:
        raise UnreadableTable(N_("文件超过 10 MB。请按日期分几次导入。"))
    if content.startswith(b"%PDF"):
        raise UnreadableTable(N_("“%(name)s”是 PDF，不能导入。请下载 CSV 或 Excel 格式的结果文件。"), name=name)
    table = _excel(content) if content.startswith((_ZIP, _OLD_EXCEL)) else _csv(_decode(content), columns)
    if len(table) > LARGEST_ROWS:
        raise UnreadableTable(N_("文件超过 50,000 行。请按日期分几次导入。"))
    return table


def _excel(content: bytes) -> list[list[object]]:
    import python_calamine

    broken = N_("Excel 文件打不开，可能已损坏或有密码。请用 Excel 另存一份没有密码的文件再试。")
    try:
        if content.startswith(_ZIP):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                    raise UnreadableTable(N_("Excel 文件展开后太大。请按日期分几次导入。"))
        book = python_calamine.load_workbook(io.BytesIO(content))
        for sheet in book.sheet_names:
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=LARGEST_ROWS + 1)
            if rows:
                return [list(row) for row in rows]
    except (python_calamine.CalamineError, zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise UnreadableTable(broken) from error
    return []


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        # Valid UTF-8 is hardly ever valid GBK by chance, so the order decides; GB 18030 reads all of GBK.
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableTable(N_("文件的编码看不懂。请用 Excel 打开后另存为“CSV UTF-8”或 xlsx 再导入。"))


def _csv(text: str, columns: Collection[str]) -> list[list[object]]:
    """Cut by the delimiter under which the most column names appear as whole cells."""
    best: list[list[object]] = []
    most = -1
    for delimiter in _DELIMITERS:
        try:
            table: list[list[object]] = [list(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
        except csv.Error:
            continue
        known = sum(str(cell).strip() in columns for row in table[:20] for cell in row)
        if known > most:
            best, most = table, known
    return best
