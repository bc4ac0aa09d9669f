"""Pure decisions about a street's yearly fund: floor, growth, purpose of a source, budget first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from market.kernel.money import BP, format_bp, format_yuan, round_half_up
from market.kernel.text import N_


@dataclass(frozen=True)
class Finding:
    """One check of a plan: whether it holds, the sentence and its figures (fen), and whether it stops the plan."""

    ok: bool
    message: str
    params: Mapping[str, object]
    blocks: bool


def floor_gap_fen(total_fen: int, floor_fen: int) -> int:
    """Return by how much a street's year falls short of the floor (row 9); 0 when it does not."""
    return max(0, floor_fen - total_fen)


def shown_bp(share: Fraction, minimum_bp: int) -> int:
    """Return an exact share in basis points as it is shown: rounded half up.

    What falls short of the minimum is never shown as if it had reached it: the exact share is what is compared.
    """
    shown = round_half_up(share * BP)
    return shown if share * BP >= minimum_bp else min(shown, minimum_bp - 1)


def growth(total_fen: int, previous_fen: int | None) -> Fraction | None:
    """Return the exact growth over last year; None when last year is not known."""
    return Fraction(total_fen - previous_fen, previous_fen) if previous_fen else None


def check_floor(total_fen: int, floor_fen: int) -> Finding:
    """Row 9 (江宁): at least the floor; a plan below it cannot be closed."""
    gap = floor_gap_fen(total_fen, floor_fen)
    if gap == 0:
        return Finding(True, N_("年度资金达到下限 %(floor)s。"), {"floor": format_yuan(floor_fen)}, True)
    return Finding(
        False,
        N_("年度资金不得低于 %(floor)s，还差 %(gap)s。"),
        {"floor": format_yuan(floor_fen), "gap": format_yuan(gap)},
        True,
    )


def check_growth(total_fen: int, previous_fen: int | None, minimum_bp: int) -> Finding:
    """Row 9 (江宁): the growth mechanism. Not known last year: nothing to compare."""
    grown = growth(total_fen, previous_fen)
    if grown is None:
        return Finding(True, N_("没有上年数，本年不作增长检查。"), {}, False)
    params = {"growth": format_bp(shown_bp(grown, minimum_bp)), "minimum": format_bp(minimum_bp)}
    if grown * BP >= minimum_bp:
        return Finding(True, N_("比上年增长 %(growth)s，达到 %(minimum)s 的要求。"), params, True)
    return Finding(False, N_("比上年增长 %(growth)s，低于 %(minimum)s 的要求。"), params, True)


def head_allowed(head: str, allowed: Sequence[str], barred: Sequence[str]) -> bool:
    """True when a source may pay for this category or cost head; `*` means everything that is not barred (row 74)."""
    return head not in barred and (head in allowed or "*" in allowed)


def shortfall_fen(line_fen: int, committed_fen: int, new_fen: int) -> int:
    """Return how much is missing for a new commitment (row 8): budget first, then buy."""
    return max(0, committed_fen + new_fen - line_fen)


def social_share(amounts_by_prefix: Mapping[str, int], social_prefixes: Sequence[str]) -> Fraction:
    """Return the exact share of new spending that went to social organisations (row 10, 财综〔2016〕54号)."""
    total = sum(amounts_by_prefix.values())
    social = sum(fen for prefix, fen in amounts_by_prefix.items() if prefix in social_prefixes)
    return Fraction(social, total) if total else Fraction(0)


def check_social_share(amounts_by_prefix: Mapping[str, int], social_prefixes: Sequence[str], minimum_bp: int) -> bool:
    """True when social organisations get at least the target share."""
    return social_share(amounts_by_prefix, social_prefixes) >= Fraction(minimum_bp, BP)


def social_share_bp(
    amounts_by_prefix: Mapping[str, int], social_prefixes: Sequence[str], minimum_bp: int
) -> int | None:
    """Return the share in basis points as it is shown beside its target; None without spending."""
    if not sum(amounts_by_prefix.values()):
        return None
    return shown_bp(social_share(amounts_by_prefix, social_prefixes), minimum_bp)
