"""Importing the bank's result file: each line is applied or noted; the same file twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.payouts.actions.results import apply_verbs, standing_of
from contracts.payouts.models import Attempt, Statement, StatementRow
from contracts.payouts.providers.statement import Parsed, RowError, parse
from contracts.payouts.providers.statement import StatementRow as Line
from contracts.payouts.queries import attempts_by_key, payments_by_id, statement_by_digest
from contracts.payouts.rules import Reading, read_result
from contracts.payouts.states import Result, RowNote
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.places.queries import street as find_street
from market.records.audit import Subject, record
from market.records.files import keep_bytes


@dataclass(frozen=True)
class Imported:
    """What came of an upload: the statement (None when no line could be read), and the lines that could not."""

    statement: Statement | None
    errors: tuple[RowError, ...]
    repeated: bool = False


def import_statement(
    actor: Actor, street_id: int, content: bytes, name: str, at: datetime, *, parsed: Parsed | None = None
) -> Imported:
    """Import one result file of the bank for a street.

    A line is applied when it names an order of this street, with its amount, and a result that may follow the one known
    (`rules.read_result`); otherwise it is kept with the reason. `parsed` spares reading the file under the write lock.
    """
    street = find_street(street_id)
    if street is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    require(actor, Permit.PAYOUT_SEND, street.scope)
    parsed = parsed or parse(content, name)
    if not parsed.rows:
        return Imported(None, parsed.errors)
    known = statement_by_digest(street.id, parsed.digest)
    if known is not None:
        return Imported(known, parsed.errors, repeated=True)
    file = keep_bytes(content, name, "application/octet-stream", ("street", street.id), at)
    statement = Statement(
        district_id=street.district_id,
        street_id=street.id,
        digest=parsed.digest,
        file_id=file.id,
        name=name[:200],
        errors=[{"line": e.line, "column": e.column, "message": e.message, "params": e.params} for e in parsed.errors],
        imported_by=actor.user_id,
        imported_at=at,
        rows=[],
    )
    db.session.add(statement)
    db.session.flush()
    attempts = attempts_by_key(street.id, [line.request_no for line in parsed.rows])
    loaded = {row.id: row for row in payments_by_id({a.payment_id for a in attempts.values()}, lock=True)}
    for line in parsed.rows:
        attempt = attempts.get(line.request_no)
        payment = loaded[attempt.payment_id] if attempt else None
        standing = standing_of(attempt, payment) if attempt and payment else None
        reading = read_result(Result(line.result.value), line.amount_fen, line.day, standing, beijing_day(at))
        _keep(statement, line, attempt, reading)
        if attempt and payment and reading.verbs:
            apply_verbs(
                payment, attempt, reading.verbs, actor, at,
                day=line.day, reference=line.bank_reference, reason=line.reason,
            )  # fmt: skip
    subject = Subject("statement", statement.id, ("register", f"street-accounts-{street.id}"), street.scope)
    facts = {"digest": parsed.digest, "rows": len(parsed.rows), "errors": len(parsed.errors)}
    record(subject, "import", actor, at, permit=Permit.PAYOUT_SEND, facts=facts)
    return Imported(statement, parsed.errors)


def _keep(statement: Statement, line: Line, attempt: Attempt | None, reading: Reading) -> None:
    note: RowNote | None = reading.note
    statement.rows.append(
        StatementRow(
            number=line.line,
            attempt_id=attempt.id if attempt else None,
            attempt_key=line.request_no,
            amount_fen=line.amount_fen,
            result=line.result.value,
            bank_reference=line.bank_reference,
            day=line.day,
            reason=line.reason,
            note=note.value if note else None,
        )
    )
