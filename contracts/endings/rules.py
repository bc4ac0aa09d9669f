"""Pure decisions about the early end of a contract: on which ground, what is settled, what is claimed back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from contracts.endings.states import Ground
from contracts.payouts.states import PaymentState
from market.kernel.errors import Refused
from market.kernel.money import BP, format_yuan, largest_remainder, round_half_up
from market.kernel.text import N_
from market.kernel.workdays import Calendar, Counted, roll_forward

# Grounds that lie with the supplier: what the contract says of recovery follows them.
_AT_FAULT = (Ground.FAILED, Ground.BREACH)


def check_ground(ground: Ground, *, suspended: bool, annulled: bool, failed: bool) -> None:
    """Raise Refused at `ground` when the facts do not bear it.

    A suspended contract waits for the decision on its award; once that is annulled, only this can end it.
    """
    if ground is Ground.ANNULLED and not annulled:
        raise Refused(N_("成交结果没有被认定无效，请选择其他原因。"), field="ground")
    if ground is not Ground.ANNULLED and annulled:
        raise Refused(N_("成交结果已被认定无效，请选择这一项作为原因。"), field="ground")
    if suspended and not annulled:
        raise Refused(N_("成交结果的质疑还在处理，合同暂停期间不能终止；请等处理决定。"), field="ground")
    if ground is Ground.FAILED and not failed:
        raise Refused(N_("没有节点最终不合格；整改和复评结束之前不能以此终止。"), field="ground")


def follows_recovery(ground: Ground, contract: Mapping[str, Any]) -> bool:
    """True when the contract's own recovery terms decide what follows from this ground."""
    return ground in _AT_FAULT and bool(contract.get("recovery"))


def claims_for_breach(ground: Ground, contract: Mapping[str, Any]) -> bool:
    """True when two people may settle a share to claim back: a breach of a contract without recovery terms.

    Source: the contract's own clause on breach (追回相应款项); 民法典 566.
    """
    return ground is Ground.BREACH and not contract.get("recovery")


def check_claim(ground: Ground, contract: Mapping[str, Any], claim_bp: int) -> None:
    """Raise Refused at `claim_bp` for a share that cannot be, or on a ground that gives none to settle."""
    if not 0 <= claim_bp <= BP:
        raise Refused(N_("追回比例不能超过全额。"), field="claim_bp")
    if claim_bp and not claims_for_breach(ground, contract):
        raise Refused(
            N_("只有供应商违约、合同又没有约定追回比例的，才在这里填写追回比例；其他情形请填 0。"), field="claim_bp"
        )


def is_stuck(state: str, pay_by: date, today: date, *, payable: bool) -> bool:
    """True for a payment that cannot arrive: its last day is past and the payee has no account that takes it.

    `payable`: the payee has an account checked by two people. What the bank refused or returned is stuck as well. It
    stays owed, and it counts as paid in the claim (the contract's clause on recovery).
    """
    if today <= pay_by:
        return False
    return state in (PaymentState.FAILED, PaymentState.RETURNED) or (state == PaymentState.DUE and not payable)


def settles(ground: Ground, contract: Mapping[str, Any]) -> bool:
    """True when accepted work without an amount is settled; under recovery terms such milestones fall instead.

    Source: 民法典 566, 567; the contract's clause on termination.
    """
    return not follows_recovery(ground, contract)


@dataclass(frozen=True)
class ClaimAmount:
    """What is claimed back, and the part of it that each budget line gets."""

    paid_fen: int
    claim_bp: int
    amount_fen: int
    parts: tuple[tuple[int, int], ...]  # (line id, fen)


def claim_amount(paid: Sequence[tuple[int, int]], claim_bp: int) -> ClaimAmount:
    """Return the claim on what was paid from each line: share of the sum, rounded half up to the fen once.

    Lines share it by largest remainder over what each paid, so none gets back more than it paid.
    """
    total = sum(fen for _, fen in paid)
    amount = round_half_up(Fraction(total * claim_bp, BP))
    if not amount:
        return ClaimAmount(total, claim_bp, 0, ())
    parts = largest_remainder(amount, [fen for _, fen in paid])
    shares = tuple((line, part) for (line, _), part in zip(paid, parts, strict=True) if part)
    return ClaimAmount(total, claim_bp, amount, shares)


def claim_due(claimed_on: date, due_days: int, calendar: Calendar) -> Counted:
    """Last day to return the money: a limit of days, so it rolls over days off (民法典 203)."""
    return roll_forward(claimed_on + timedelta(days=due_days), calendar)


@dataclass(frozen=True)
class LineRoom:
    """One line of a claim: its part, what came back on it, and what the contract has paid from it on balance."""

    line_id: int
    claimed_fen: int
    returned_fen: int
    paid_fen: int

    @property
    def left_fen(self) -> int:
        """What may still come back: never more than is claimed, never more than was really paid."""
        return max(0, min(self.claimed_fen, self.paid_fen) - self.returned_fen)


def receipt_parts(amount_fen: int, lines: Sequence[LineRoom]) -> list[tuple[int, int]]:
    """Split an amount that came back over the lines by what each still waits for; raises Refused when it is too much.

    Taking by what is left keeps every line whole: the last receipt brings each exactly its rest.
    """
    room = [line.left_fen for line in lines]
    if amount_fen > sum(room):
        raise Refused(
            N_("最多还可以登记 %(most)s，您填的是 %(given)s；多退的款项请退还原付款单位。"),
            field="amount_fen",
            most=format_yuan(sum(room)),
            given=format_yuan(amount_fen),
        )
    parts = largest_remainder(amount_fen, room)
    return [(line.line_id, part) for line, part in zip(lines, parts, strict=True) if part]


def check_receipt(amount_fen: int, waiting_fen: int, received_on: date, *, claimed_on: date, today: date) -> None:
    """Raise Refused at the field that cannot be; `waiting_fen` is the claim's rest less what waits for a check."""
    if amount_fen <= 0:
        raise Refused(N_("请填写到账金额。"), field="amount_fen")
    if amount_fen > waiting_fen:
        raise Refused(
            N_("最多还可以登记 %(most)s，您填的是 %(given)s；多退的款项请退还原付款单位。"),
            field="amount_fen",
            most=format_yuan(max(0, waiting_fen)),
            given=format_yuan(amount_fen),
        )
    if not claimed_on <= received_on <= today:
        raise Refused(N_("到账日期应在追回通知之日和今天之间。"), field="received_on")


def is_overdue(open_claim: bool, due_on: date, today: date) -> bool:
    """True while money is still owed after its last day."""
    return open_claim and today > due_on
