"""Booking: one transfer for one event. The database refuses a negative balance and a second booking of one key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.money import format_yuan
from market.kernel.text import N_
from market.ledger.models import Account, Transfer
from market.ledger.states import WAYS, Place, Reason


def _key(line_id: int, place: Place) -> str:
    return "outside" if place is Place.OUTSIDE else f"line:{line_id}:{place.value}"


def open_accounts(line_id: int) -> None:
    """Open the resting places of a budget line (and `outside`, once); harmless when they exist."""
    wanted = {_key(line_id, place): place for place in Place}
    there = set(db.session.scalars(select(Account.key).where(Account.key.in_(list(wanted)))))
    db.session.add_all(
        Account(
            key=key,
            line_id=None if place is Place.OUTSIDE else line_id,
            place=place.value,
            balance_fen=0,
        )
        for key, place in wanted.items()
        if key not in there
    )
    db.session.flush()


def book(
    reason: Reason,
    line_id: int,
    amount_fen: int,
    key: str,
    subject: tuple[str, int],
    file_id: int | None,
    at: datetime,
) -> Transfer:
    """Book one transfer and return it; the same `key` again returns the first one and moves nothing.

    Raises Refused when the debited place holds less than `amount_fen`, ValueError for a key reused with other facts.
    """
    source, target = WAYS[reason]
    found = db.session.scalar(select(Transfer).filter_by(key=key))
    if found is not None:
        if (found.reason, found.amount_fen) != (reason.value, amount_fen):
            raise ValueError(f"transfer key {key} was used for something else")
        return found
    accounts = {
        row.key: row.id
        for row in db.session.execute(
            select(Account.key, Account.id).where(Account.key.in_([_key(line_id, source), _key(line_id, target)]))
        )
    }
    debit, credit = accounts[_key(line_id, source)], accounts[_key(line_id, target)]
    _take(debit, amount_fen, source)
    db.session.execute(
        update(Account)
        .where(Account.id == credit)
        .values(balance_fen=Account.balance_fen + amount_fen)
        .execution_options(synchronize_session=False)
    )
    row = Transfer(
        debit_id=debit,
        credit_id=credit,
        amount_fen=amount_fen,
        reason=reason.value,
        key=key,
        subject_kind=subject[0],
        subject_id=subject[1],
        file_id=file_id,
        at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _take(account_id: int, amount_fen: int, place: Place) -> None:
    enough = (Account.id == account_id,)
    if place is not Place.OUTSIDE:
        enough += (Account.balance_fen >= amount_fen,)  # type: ignore[assignment]
    done = db.session.execute(
        update(Account)
        .where(*enough)
        .values(balance_fen=Account.balance_fen - amount_fen)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        held = db.session.scalar(select(Account.balance_fen).where(Account.id == account_id)) or 0
        raise Refused(
            N_("资金不足：需要 %(needed)s，可用 %(held)s，还差 %(short)s。"),
            needed=format_yuan(amount_fen),
            held=format_yuan(held),
            short=format_yuan(amount_fen - held),
        )
