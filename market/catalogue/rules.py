"""Pure decisions about what may be bought."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from market.kernel.errors import Refused
from market.kernel.money import format_centi, parse_centi
from market.kernel.text import N_

FULL_MARKS_CENTI = 10_000


class Negative(Protocol):
    """A row of the negative list."""

    number: int
    title: str
    words: list[str]


@dataclass(frozen=True)
class Hit:
    """A word of the text that points at a negative item; an officer confirms or changes the text."""

    number: int
    title: str
    word: str


def negative_hits(text: str, negatives: Iterable[Negative]) -> list[Hit]:
    """Return the negative items a text points at, one hit an item (row 7; 管理办法 art. 10)."""
    plain = unicodedata.normalize("NFKC", text)
    found = []
    for negative in negatives:
        word = next((w for w in negative.words if w in plain), None)
        if word is not None:
            found.append(Hit(negative.number, negative.title, word))
    return found


def check_price(low_fen: int | None, high_fen: int | None) -> None:
    """Refuse a price reference with one end only, or whose lower end is the higher one."""
    if (low_fen is None) != (high_fen is None):
        raise Refused(N_("参考价的下限和上限要么都填，要么都不填。"), field="price_high_yuan")
    if low_fen is not None and high_fen is not None and not 0 < low_fen <= high_fen:
        raise Refused(N_("参考价下限应大于零，且不高于上限。"), field="price_high_yuan")


def parse_indicators(text: str) -> list[dict[str, Any]]:
    """Read indicators as typed, one a line: title | target | full marks. Raises Refused at `indicators`."""
    rows = []
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), 1):
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        if len(parts) != 3 or not parts[0]:
            raise Refused(
                N_("看不懂“%(line)s”，每行请写：指标 | 目标 | 满分，例如 服务人次完成率 | 不低于95%% | 40"),
                field="indicators",
                line=line.strip(),
            )
        rows.append(
            {
                "code": str(number),
                "title": parts[0],
                "target": parts[1],
                "max_centi": parse_centi(parts[2], field="indicators"),
            }
        )
    return rows


def typed_indicators(indicators: Iterable[Mapping[str, Any]]) -> str:
    """Indicators as they are typed."""
    return "\n".join(f"{row['title']} | {row['target']} | {format_centi(row['max_centi'])}" for row in indicators)


def check_indicators(indicators: Sequence[Mapping[str, Any]]) -> None:
    """Refuse indicators whose full marks do not sum to 100 points; none at all is allowed."""
    total = sum(int(row["max_centi"]) for row in indicators)
    if indicators and total != FULL_MARKS_CENTI:
        raise Refused(
            N_("各项指标的满分合计应为 100 分，现在是 %(total)s 分。"), field="indicators", total=format_centi(total)
        )
