"""What anybody can try about the early end of a contract; joins the acts of the stage when it is imported."""

from __future__ import annotations

from typing import Any

from contracts.endings import actions as endings
from contracts.endings.models import Claim, ClaimReceipt, Termination
from contracts.endings.states import Ground
from market.kernel.clock import beijing_day
from tests.walks.stage import Trial, act


def _ending(t: Trial) -> Termination:
    return t.pick(Termination, agreement_id=t.contract.id)  # type: ignore[no-any-return]


def _claim(t: Trial) -> Claim:
    return t.pick(Claim, agreement_id=t.contract.id)  # type: ignore[no-any-return]


def _receipt(t: Trial) -> ClaimReceipt:
    return t.pick(ClaimReceipt, claim_id=_claim(t).id)  # type: ignore[no-any-return]


@act
def propose_termination(t: Trial) -> Any:
    ground = list(Ground)[(t.n + 2 * t.flag) % len(Ground)]
    return endings.propose_termination(t.by("clerk"), t.contract.id, ground, "双方商定", 3_000 * t.n, t.at)


@act
def approve_termination(t: Trial) -> Any:
    return endings.approve_termination(t.by("approver"), _ending(t).id, t.at)


@act
def reject_termination(t: Trial) -> Any:
    return endings.reject_termination(t.by("approver"), _ending(t).id, "理由不足", t.at)


@act
def enter_receipt(t: Trial) -> Any:
    """Some of it, all of it, or more than that."""
    claim = _claim(t)
    amount = (claim.amount_fen // 3, claim.amount_fen, 1, claim.amount_fen + 1)[t.n % 4]
    facts = endings.ReceiptFacts(amount, f"HK{t.n}{t.flag}", beijing_day(t.at))
    return endings.enter_receipt(t.by("cashier"), claim.id, facts, t.at)


@act
def confirm_receipt_of_claim(t: Trial) -> Any:
    return endings.confirm_receipt(t.by("checker"), _receipt(t).id, t.at)


@act
def reject_receipt_of_claim(t: Trial) -> Any:
    return endings.reject_receipt(t.by("checker"), _receipt(t).id, "与回单不符", t.at)


@act
def waive_claim(t: Trial) -> Any:
    return endings.waive_claim(t.by("finance"), _claim(t).id, "机构已注销", t.at)
