"""What people are told about terminations and claims."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contracts.agreements.models import Agreement
from contracts.endings.models import Claim, ClaimReceipt, Termination
from market.kernel.money import format_yuan
from market.kernel.permits import Permit, Scope
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell


def _contract(row: Agreement, **more: Any) -> dict[str, Any]:
    return {"title": row.title, "number": row.number, **more}


def tell_proposed(row: Termination, agreement: Agreement, at: datetime) -> None:
    """The second person has a termination to decide."""
    tell(
        holders(Permit.AGREEMENT_TERMINATE, row.subject.scope),
        N_("终止合同待批准"),
        N_("经办人提出终止“%(title)s”的合同（%(number)s），请核对后批准或不予批准。"),
        f"/endings/{row.id}",
        at,
        _contract(agreement),
    )


def tell_rejected(row: Termination, at: datetime) -> None:
    """The clerk reads why the contract goes on."""
    tell(
        holders(Permit.AGREEMENT_DRAFT, row.subject.scope),
        N_("终止合同未获批准"),
        N_("终止“%(title)s”的合同（%(number)s）未获批准。原因：%(reason)s"),
        f"/endings/{row.id}",
        at,
        _contract(row.agreement, reason=row.answer),
    )


def tell_claimed(row: Claim, agreement: Agreement, at: datetime) -> None:
    """The payee has money to return, the cashier has money to wait for."""
    params = _contract(agreement, amount=format_yuan(row.amount_fen), day=row.due_on.isoformat(), claim=row.number)
    _tell(
        row,
        _payee(row),
        N_("追回款通知"),
        N_("合同 %(number)s 已终止，请在 %(day)s 前退回 %(amount)s（追回单 %(claim)s）。"),
        at,
        params,
    )
    _tell(
        row,
        holders(Permit.PAYOUT_REQUEST, Scope(row.district_id, row.street_id)),
        N_("有一笔款待追回"),
        N_("合同 %(number)s 终止，应追回 %(amount)s，最迟 %(day)s；到账后请登记（追回单 %(claim)s）。"),
        at,
        params,
    )


def tell_entered(row: Claim, receipt: ClaimReceipt, at: datetime) -> None:
    """The checker compares with the bank."""
    _tell(
        row,
        holders(Permit.PAYOUT_APPROVE, Scope(row.district_id, row.street_id)),
        N_("追回款到账待复核"),
        N_("追回单 %(claim)s 登记到账 %(amount)s，请与银行回单核对。"),
        at,
        {"claim": row.number, "amount": format_yuan(receipt.amount_fen)},
    )


def tell_confirmed(row: Claim, receipt: ClaimReceipt, at: datetime) -> None:
    """The payee reads that its money has arrived, and what is left."""
    _tell(
        row,
        _payee(row),
        N_("退回的款项已到账"),
        N_("追回单 %(claim)s 已收到 %(amount)s，尚余 %(rest)s。"),
        at,
        {"claim": row.number, "amount": format_yuan(receipt.amount_fen), "rest": format_yuan(row.open_fen)},
    )


def tell_not_confirmed(row: Claim, receipt: ClaimReceipt, at: datetime) -> None:
    """The cashier reads that an entry did not pass."""
    _tell(
        row,
        holders(Permit.PAYOUT_REQUEST, Scope(row.district_id, row.street_id)),
        N_("到账登记复核不通过"),
        N_("追回单 %(claim)s 的到账登记 %(amount)s 复核不通过，请核对后重新登记。"),
        at,
        {"claim": row.number, "amount": format_yuan(receipt.amount_fen)},
    )


def tell_waived(row: Claim, at: datetime) -> None:
    """Payee and cashier read that nothing more is to be returned."""
    _tell(
        row,
        [*_payee(row), *holders(Permit.PAYOUT_REQUEST, Scope(row.district_id, row.street_id))],
        N_("免予追回"),
        N_("区里决定追回单 %(claim)s 的 %(amount)s 免予追回。理由：%(reason)s"),
        at,
        {"claim": row.number, "amount": format_yuan(row.waived_fen), "reason": row.waive_reason},
    )


def _payee(row: Claim) -> list[int]:
    return holders(Permit.PAYOUT_CONFIRM, Scope(None, None, row.organisation_id))


def _tell(row: Claim, people: Iterable[int], subject: str, body: str, at: datetime, params: dict[str, Any]) -> None:
    tell(people, subject, body, f"/endings/claims/{row.id}", at, params)
