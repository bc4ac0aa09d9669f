"""On what a contract rests: the law of government procurement binds only the procedures that it governs.

A purchase by comparison (比选) lies below the threshold and so outside that law: the civil code and the purchaser's
own rules carry its contract. A grant is no purchase at all: the civil code and the round's rules carry it.
"""

from __future__ import annotations

from enum import StrEnum

from market.kernel.rulebook import Regime


class Basis(StrEnum):
    """What a contract rests on."""

    PROCUREMENT_LAW = "procurement_law"
    OWN_RULES = "own_rules"
    GRANT = "grant"


# What no row names is no purchase.
_BASES = {
    Regime.COMPARISON: Basis.OWN_RULES,
    Regime.OPEN_TENDER: Basis.PROCUREMENT_LAW,
    Regime.CONSULTATION: Basis.PROCUREMENT_LAW,
    Regime.NEGOTIATION: Basis.PROCUREMENT_LAW,
    Regime.INQUIRY: Basis.PROCUREMENT_LAW,
    Regime.SINGLE_SOURCE: Basis.PROCUREMENT_LAW,
    Regime.FRAMEWORK: Basis.PROCUREMENT_LAW,
}


def basis_of(regime: str) -> Basis:
    """Return what a contract made under this regime rests on."""
    return _BASES.get(Regime(regime), Basis.GRANT)


def cited(regime: str, source: str) -> str:
    """Return a reference to the procurement law in brackets; nothing where that law does not apply."""
    return f"（{source}）" if basis_of(regime) is Basis.PROCUREMENT_LAW else ""


def opening_words(regime: str, ocid: str) -> str:
    """Return the sentence before the first clause: by which rules the parties found each other."""
    match basis_of(regime):
        case Basis.PROCUREMENT_LAW:
            return (
                "根据《中华人民共和国民法典》《中华人民共和国政府采购法》及其实施条例、《政府购买服务管理办法》等规定，"
                f"甲方通过采购程序（采购编号 {ocid}）确定乙方为承接主体。双方本着平等自愿、诚实信用的原则，订立本合同。"
            )
        case Basis.OWN_RULES:
            return (
                "根据《中华人民共和国民法典》和甲方的采购内部控制制度，"
                f"甲方按照采购公告以比选方式（采购编号 {ocid}）确定乙方为承接主体。"
                "双方本着平等自愿、诚实信用的原则，订立本合同。"
            )
        case Basis.GRANT:
            return (
                "根据《中华人民共和国民法典》和本轮资助公告载明的规则，"
                f"甲方经公开征集和评审（项目编号 {ocid}）确定资助乙方。双方本着平等自愿、诚实信用的原则，订立本协议。"
            )
