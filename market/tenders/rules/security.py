"""Securities as upper bounds, and how a lot's key names what it opens."""

from __future__ import annotations

from market.kernel.money import BP, format_bp
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.tenders.rules.findings import Finding


def bid_security_max_fen(budget_fen: int, rules: RuleSet) -> int:
    """Greatest lawful bid security in fen, rounded down (条例 art. 33, row 41)."""
    return budget_fen * int(rules["security.bid_max_bp"]) // BP


def performance_bond_max_fen(contract_fen: int, rules: RuleSet) -> int:
    """Greatest lawful performance bond in fen, rounded down (条例 art. 48, row 46)."""
    return contract_fen * int(rules["security.performance_max_bp"]) // BP


def check_bond(bond_bp: int, rules: RuleSet) -> list[Finding]:
    """A purchase may announce a bond that its contract asks for, which is at most a share of its price."""
    most = int(rules["security.performance_max_bp"])
    if bond_bp <= most:
        return []
    text = N_("履约保证金不得超过合同金额的 %(most)s，现为 %(given)s。")
    params = {"most": format_bp(most), "given": format_bp(bond_bp)}
    return [Finding("timing", text, params, rule="security.performance_max_bp")]


def lot_key_info(lot_id: int) -> bytes:
    """What the wrapped key of a lot is bound to; wrapping and peeling use the same bytes."""
    return b"linli/lot-key/%d" % lot_id
