"""Securities as upper bounds, and how a lot's key names what it opens."""

from __future__ import annotations

from market.kernel.money import BP
from market.kernel.rulebook import RuleSet


def bid_security_max_fen(budget_fen: int, rules: RuleSet) -> int:
    """Greatest lawful bid security in fen, rounded down (条例 art. 33, row 41)."""
    return budget_fen * int(rules["security.bid_max_bp"]) // BP


def performance_bond_max_fen(contract_fen: int, rules: RuleSet) -> int:
    """Greatest lawful performance bond in fen, rounded down (条例 art. 48, row 46)."""
    return contract_fen * int(rules["security.performance_max_bp"]) // BP


def lot_key_info(lot_id: int) -> bytes:
    """What the wrapped key of a lot is bound to; wrapping and peeling use the same bytes."""
    return b"linli/lot-key/%d" % lot_id
