"""Money is whole fen (分) in plain integers; this module alone parses, prints, shares and splits it.

Nothing here touches a float. Where a fraction becomes a whole number the rounding is in the name or the docstring.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction

from market.kernel.errors import Refused
from market.kernel.text import N_

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
BP = 10_000
# Far above any street's budget and far below the limit of a 64-bit column, so sums of such amounts still fit.
MAX_FEN = 10**14

_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")


def parse_yuan(text: str, *, field: str | None = None) -> int:
    """Read an amount in yuan as a person types it and return fen.

    Accepts thousands commas, full-width characters, a leading ¥, a trailing 元 and the suffix 万 (200万, 128.64万元).
    Raises Refused for anything that is not an exact, non-negative number of fen.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    if not typed:
        raise Refused(N_("请填写金额，例如 1,234.50 或 200万。"), field=field)
    body = typed.removeprefix("人民币").strip().removeprefix("¥").strip().removesuffix("元").strip()
    scale = FEN_PER_YUAN
    if body.endswith("万"):
        body, scale = body[:-1].strip(), FEN_PER_WAN
    if body.startswith(("-", "\u2212", "\u2013")) or typed.startswith(("-", "\u2212", "\u2013")):
        raise Refused(N_("金额不能是负数：%(typed)s。"), field=field, typed=typed)
    found = _NUMBER.fullmatch(body)
    if not found or not body.isascii():
        raise Refused(
            N_("看不懂金额“%(typed)s”。请只写数字，可用千分位逗号和小数点，例如 1,234.50 或 200万。"),
            field=field,
            typed=typed,
        )
    whole, decimals = found[1].replace(",", ""), found[2] or ""
    if len(whole) > len(str(MAX_FEN)):
        raise Refused(N_("金额太大，请核对是否多写了数字。"), field=field)
    amount = Fraction(int(whole + decimals), 10 ** len(decimals)) * scale
    if amount.denominator != 1 or (scale == FEN_PER_YUAN and len(decimals) > 2):
        raise Refused(N_("金额最多精确到分：“%(typed)s”的小数位太多。"), field=field, typed=typed)
    if amount > MAX_FEN:
        raise Refused(N_("金额太大，请核对是否多写了数字。"), field=field)
    return int(amount)


def format_yuan(fen: int, symbol: str = "¥") -> str:
    """Print fen as yuan with commas and two decimals: ¥1,286,400.00."""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{symbol}{whole:,}.{rest:02d}"


def format_wan(fen: int) -> str:
    """Print fen as 万元 with as many decimals as it takes to lose nothing: 128.64万元, 200万元, 0.000001万元."""
    whole, rest = divmod(abs(fen), FEN_PER_WAN)
    decimals = f"{rest:06d}".rstrip("0")
    return f"{'-' if fen < 0 else ''}{whole:,}{'.' + decimals if decimals else ''}万元"


def capital_yuan(fen: int) -> str:
    """Write fen in capital numerals for contracts and vouchers: 壹佰贰拾捌万陆仟肆佰元整.

    Follows the People's Bank's rules for bills (支付结算办法, annex 1): a run of zeros inside is one 零, an amount
    without fen ends in 整. Raises ValueError for a negative amount.
    """
    if fen < 0:
        raise ValueError("an amount in capital numerals cannot be negative")
    yuan, rest = divmod(fen, FEN_PER_YUAN)
    jiao, cents = divmod(rest, 10)
    text = _capital_whole(yuan) + "元" if yuan else ""
    if jiao:
        text += _DIGITS[jiao] + "角"
    if cents:
        text += ("零" if yuan and not jiao else "") + _DIGITS[cents] + "分"
    return (text or "零元") + ("" if cents else "整")


def _capital_whole(number: int) -> str:
    for size, unit in ((10**8, "亿"), (10**4, "万")):
        high, low = divmod(number, size)
        if high:
            gap = "零" if low and low < size // 10 else ""
            return _capital_whole(high) + unit + gap + (_capital_whole(low) if low else "")
    text, after_zero = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if after_zero else "") + _DIGITS[digit] + _PLACES[place]
        after_zero = bool(text) and not digit
    return text


def round_half_up(number: Fraction) -> int:
    """The nearest whole number; exactly one half goes up (towards plus infinity)."""
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def share_fen(amount_fen: int, share_bp: int) -> int:
    """`share_bp` ten-thousandths of an amount, rounded half up to the fen."""
    return round_half_up(Fraction(amount_fen * share_bp, BP))


def split_fen(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weight: each part rounded down, the rest on the last (row 70). The parts sum to the whole."""
    whole = _check_split(total_fen, weights)
    parts = [total_fen * weight // whole for weight in weights[:-1]]
    return [*parts, total_fen - sum(parts)]


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split whole units by weight; left-over units go to the largest remainders, the earlier part first on a tie."""
    whole = _check_split(total, weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _check_split(total: int, weights: Sequence[int]) -> int:
    if total < 0 or any(weight < 0 for weight in weights) or not sum(weights):
        raise ValueError("a split needs a non-negative total and non-negative weights with a positive sum")
    return sum(weights)


def parse_centi(text: str, *, field: str | None = None) -> int:
    """Read a score with at most two decimals and return hundredths: "88.7" -> 8870. Raises Refused."""
    typed = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(r"(\d{1,6})(?:\.(\d{1,2}))?", typed, re.ASCII)
    if not found:
        raise Refused(N_("请填写分数，最多两位小数，例如 88.5。"), field=field)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def format_centi(centi: int) -> str:
    """Print hundredths with two decimals: 8870 -> 88.70."""
    return format_yuan(centi, symbol="").replace(",", "")


def format_score(score: Fraction) -> str:
    """Print an exact score in hundredths, the same wherever it stands: two decimals, marked when that is not all of it.

    8720 -> 87.20, 87.1985 points -> ≈ 87.20. Grades and money follow from the exact value.
    """
    rounded = format_centi(round_half_up(score))
    return rounded if score.denominator == 1 else f"≈ {rounded}"


def format_bp(share_bp: int) -> str:
    """Print ten-thousandths as a percentage without loss: 1250 -> 12.5%."""
    whole, rest = divmod(abs(share_bp), 100)
    decimals = f"{rest:02d}".rstrip("0")
    return f"{'-' if share_bp < 0 else ''}{whole}{'.' + decimals if decimals else ''}%"
