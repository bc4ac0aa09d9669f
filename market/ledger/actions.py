"""Booking: one transfer for one event. The database refuses a negative balance and a second booking of one key."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select

from market.db.session import db
from market.kernel.clock import aware
from market.kernel.errors import Refused
from market.kernel.money import format_yuan
from market.kernel.permits import CLOCK, Scope
from market.kernel.text import N_
from market.ledger.models import Account, Transfer
from market.ledger.states import WAYS, Place, Reason
from market.records.audit import Subject, lock_chain, record


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


# One statement writes the transfer if the debited place holds enough and the key is new; one moves both balances.
# They are written as the driver wants them: a transfer is the smallest deed of the house and should cost little.
_WRITE = """
INSERT INTO transfer (debit_id, credit_id, amount_fen, reason, key, subject_kind, subject_id, file_id, at)
SELECT d.id, c.id, :amount, :reason, :key, :kind, :subject, :file, :at FROM account d, account c
WHERE d.key = :debit AND c.key = :credit AND (d.place = 'outside' OR d.balance_fen >= :amount) {lock}
ON CONFLICT (key) DO NOTHING
"""
_MOVE = """
UPDATE account SET balance_fen = balance_fen + CASE WHEN key = :debit THEN -:amount ELSE :amount END
WHERE key IN (:debit, :credit)
"""


def _for_driver(dialect: str) -> tuple[str, str]:
    # PostgreSQL locks both accounts before it looks at the balance; SQLite has one writer.
    write = _WRITE.format(lock="FOR NO KEY UPDATE" if dialect == "postgresql" else "")
    if dialect == "sqlite":
        return write, _MOVE
    types = {"amount": "bigint", "subject": "bigint", "file": "bigint", "at": "timestamptz"}

    def named(found: re.Match[str]) -> str:
        return f"CAST(%({found[1]})s AS {types.get(found[1], 'text')})"

    return re.sub(r":(\w+)", named, write), re.sub(r":(\w+)", named, _MOVE)


_STATEMENTS = {dialect: _for_driver(dialect) for dialect in ("sqlite", "postgresql")}


def book(
    reason: Reason,
    line_id: int,
    amount_fen: int,
    key: str,
    subject: tuple[str, int],
    file_id: int | None,
    at: datetime,
) -> bool:
    """Book one transfer; True when it moved now, False when the same `key` had moved it before.

    A transfer of a purchase file is a link of the file's chain, so that whoever computes the chain again has the
    purchase's books too.

    Raises Refused when the debited place holds less than `amount_fen`, KeyError for a line without accounts, ValueError
    for a naive instant or a key reused with other facts.
    """
    source, target = WAYS[reason]
    db.session.flush()
    if file_id is not None:
        # Before the accounts, as every other act does: the chain is the file's lock.
        lock_chain("file", str(file_id))
    connection = db.session.connection()
    dialect = connection.dialect.name
    write, move = _STATEMENTS[dialect]
    values = {
        "debit": _key(line_id, source),
        "credit": _key(line_id, target),
        "amount": amount_fen,
        "reason": reason.value,
        "key": key,
        "kind": subject[0],
        "subject": subject[1],
        "file": file_id,
        # As the column type stores it.
        "at": f"{aware(at):%Y-%m-%d %H:%M:%S.%f}" if dialect == "sqlite" else aware(at),
    }
    if connection.exec_driver_sql(write, values).rowcount == 1:
        connection.exec_driver_sql(move, {name: values[name] for name in ("debit", "credit", "amount")})
        if file_id is not None:
            facts = {"reason": reason.value, "line": line_id, "amount_fen": amount_fen, "transfer": key}
            about = Subject("budget_line", line_id, ("file", str(file_id)), Scope())
            record(about, "book", CLOCK, at, facts=facts)
        return True
    found = db.session.scalar(select(Transfer).filter_by(key=key))
    if found is None:
        raise _too_little(_key(line_id, source), _key(line_id, target), amount_fen)
    if (found.reason, found.amount_fen) != (reason.value, amount_fen):
        raise ValueError(f"transfer key {key} was used for something else")
    return False


def _too_little(debit: str, credit: str, amount_fen: int) -> Refused:
    query = select(Account.key, Account.balance_fen).where(Account.key.in_((debit, credit)))
    held_by = {row.key: row.balance_fen for row in db.session.execute(query)}
    if credit not in held_by:
        raise KeyError(credit)
    held = held_by[debit]
    return Refused(
        N_("资金不足：需要 %(needed)s，可用 %(held)s，还差 %(short)s。"),
        needed=format_yuan(amount_fen),
        held=format_yuan(held),
        short=format_yuan(amount_fen - held),
    )
