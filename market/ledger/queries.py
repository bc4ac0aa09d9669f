"""Balances and transfers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased

from market.db.session import db
from market.ledger.models import Account, Transfer
from market.ledger.states import Place, Reason


def balances(line_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return the balances in fen of each line by place."""
    wanted = list(line_ids)
    found: dict[int, dict[str, int]] = {i: {p.value: 0 for p in Place if p is not Place.OUTSIDE} for i in wanted}
    query = select(Account.line_id, Account.place, Account.balance_fen).where(Account.line_id.in_(wanted))
    for line_id, place, balance_fen in db.session.execute(query):
        if line_id is not None:
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
    file_id: int | None = None


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
    return [
        Movement(t.id, d_line or c_line, d, c, t.amount_fen, t.reason, t.at, file_id)
        for t, d, c, d_line, c_line in rows
    ]


def movements(line_ids: Iterable[int], *, before: int | None = None, limit: int = 50) -> list[Movement]:
    """Return the transfers of these lines, newest first, page by key (`before` is the id of the last one shown)."""
    own = select(Account.id).where(Account.line_id.in_(list(line_ids)))
    debit, credit = aliased(Account), aliased(Account)
    query = (
        select(Transfer, debit.place, credit.place, debit.line_id, credit.line_id)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .where(Transfer.debit_id.in_(own) | Transfer.credit_id.in_(own))
        .order_by(Transfer.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Transfer.id < before)
    return [
        Movement(t.id, d_line or c_line, d, c, t.amount_fen, t.reason, t.at, t.file_id)
        for t, d, c, d_line, c_line in db.session.execute(query)
    ]


_SIGNS = {Reason.COMMIT: 1, Reason.UNCOMMIT: -1, Reason.FREE: -1}


def signed_by_file(lines: Select[Any]) -> dict[int, int]:
    """Return what is bound by signed contracts on the lines that `lines` selects, in fen, by purchase file."""
    own = select(Account.id).where(Account.line_id.in_(lines))
    sign = case({reason.value: sign for reason, sign in _SIGNS.items()}, value=Transfer.reason)
    query = (
        select(Transfer.file_id, func.sum(Transfer.amount_fen * sign))
        .where(
            Transfer.reason.in_([reason.value for reason in _SIGNS]),
            Transfer.file_id.is_not(None),
            Transfer.debit_id.in_(own) | Transfer.credit_id.in_(own),
        )
        .group_by(Transfer.file_id)
    )
    return {file_id: int(fen) for file_id, fen in db.session.execute(query) if file_id is not None}
