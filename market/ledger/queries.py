"""Balances and transfers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from market.db.session import db
from market.ledger.models import Account, Transfer
from market.ledger.states import Place


def balances(line_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return the balances in fen of each line by place."""
    wanted = list(line_ids)
    found: dict[int, dict[str, int]] = {i: {p.value: 0 for p in Place if p is not Place.OUTSIDE} for i in wanted}
    query = select(Account.line_id, Account.place, Account.balance_fen).where(Account.line_id.in_(wanted))
    for line_id, place, balance_fen in db.session.execute(query):
        found[line_id][place] = balance_fen
    return found


@dataclass(frozen=True)
class Movement:
    """One transfer as shown: from where to where, how much, why, when."""

    id: int
    line_id: int | None
    source: str
    target: str
    amount_fen: int
    reason: str
    at: datetime


def transfers_of(file_id: int) -> list[Movement]:
    """Return a purchase's transfers, oldest first."""
    debit, credit = aliased(Account), aliased(Account)
    rows = db.session.execute(
        select(Transfer, debit.place, credit.place, debit.line_id, credit.line_id)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .where(Transfer.file_id == file_id)
        .order_by(Transfer.id)
    )
    return [Movement(t.id, d_line or c_line, d, c, t.amount_fen, t.reason, t.at) for t, d, c, d_line, c_line in rows]
