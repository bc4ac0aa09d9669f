"""Giving orders: a bank file for many payments at once, or one order over a line; and asking money back.

An order is a row with its number (the idempotency key) and a frozen instruction, written before anything leaves.
Nothing is sent from here: a bank file is carried by a person, an order over a line by a durable job.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm.attributes import set_committed_value

from contracts.payouts.actions.approving import locked, require_payable
from contracts.payouts.actions.destinations import Destination, destination_of, route_of
from contracts.payouts.models import Attempt, BankBatch, Payment, StreetAccount
from contracts.payouts.providers import batch_sheet, installed, pain001
from contracts.payouts.providers.port import DebtorAccount, Instruction
from contracts.payouts.queries import batch_by_token, live_accounts, payments_by_id
from contracts.payouts.rules import control
from contracts.payouts.states import PAYMENT_MACHINE, PaymentState, PaymentVerb, Result, Route
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.db.session import db
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.kernel.workdays import roll_forward
from market.places.models import Street
from market.places.queries import calendar_for
from market.places.queries import street as find_street
from market.records.audit import record
from market.records.files import keep_bytes
from market.records.moves import move
from market.records.queue import enqueue
from market.records.receipts import next_number

SEND_JOB = "payouts.send_order"
REVERSE_JOB = "payouts.reverse_order"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def order_batch(
    actor: Actor, street_id: int, payment_ids: Sequence[int], at: datetime, *, form_token: str | None = None
) -> BankBatch:
    """Order approved payments by one bank file: pain.001, CSV and XLSX made of the same orders and kept.

    The same form sent twice gives the first batch. Raises Refused when a payment is not approved, is to be paid by
    Stripe, or lacks an account; then nothing is ordered.
    """
    if form_token and (made := batch_by_token(form_token)):
        return made
    street = _street(street_id)
    require(actor, Permit.PAYOUT_SEND, street.scope)
    payments = _approved(street, payment_ids)
    accounts, orders = live_accounts(street.id), []
    batch = BankBatch(
        district_id=street.district_id,
        street_id=street.id,
        number=f"PL-{beijing_day(at).year}-{next_number(f'batch:{beijing_day(at).year}'):06d}",
        total_fen=sum(row.amount_fen for row in payments),
        count=len(payments),
        execution_on=roll_forward(beijing_day(at), calendar_for(street.district_id)).day,
        made_by=actor.user_id,
        made_at=at,
        form_token=form_token,
    )
    db.session.add(batch)
    db.session.flush()
    for row in payments:
        if route_of(row.organisation_id) is Route.STRIPE:
            raise Refused(N_("付款单 %(number)s 应通过 Stripe 支付，请不要放进银行文件。"), number=row.number)
        orders.append(_order(actor, row, Route.BANK, accounts, at, batch.id))
    _keep_files(batch, street, [Instruction.from_data(order.instruction) for order in orders], at)
    set_committed_value(batch, "attempts", orders)
    facts = {"number": batch.number, "count": batch.count, "total_fen": batch.total_fen}
    for row in payments:
        record(row.subject, "batch", actor, at, permit=Permit.PAYOUT_SEND, facts=facts)
    return batch


def _street(street_id: int) -> Street:
    found = find_street(street_id)
    if found is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return found


def _approved(street: Street, payment_ids: Sequence[int]) -> list[Payment]:
    if not payment_ids:
        raise Refused(N_("请至少选择一笔已复核的付款。"), field="payments")
    rows = payments_by_id(payment_ids, lock=True)
    if len(rows) != len(set(payment_ids)) or any(row.street_id != street.id for row in rows):
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    for row in rows:
        if row.state != PaymentState.APPROVED:
            raise Refused(
                N_("付款单 %(number)s 现在不能付款，可能已被退回或已经发出；请刷新后重新选择。"),
                field="payments",
                number=row.number,
            )
    return rows


def _keep_files(batch: BankBatch, street: Street, instructions: Sequence[Instruction], at: datetime) -> None:
    """Write the three files and check the control figures of the one the bank reads (row 77)."""
    xml = pain001.write(
        instructions,
        batch_no=batch.number,
        initiator=street.office,
        created_at=at,
        execution_date=batch.execution_on,
    )
    stated, wanted = pain001.read_control(xml), control(one.amount_fen for one in instructions)
    if (stated.count, stated.total_fen) != (wanted.count, wanted.total_fen) or wanted.total_fen != batch.total_fen:
        raise ValueError(f"batch {batch.number}: the file says {stated}, the orders {wanted}")
    subject = ("bank_batch", batch.id)
    batch.xml_file_id = keep_bytes(xml, f"{batch.number}.xml", "application/xml", subject, at).id
    sheet = batch_sheet.write_csv(instructions)
    batch.csv_file_id = keep_bytes(sheet, f"{batch.number}.csv", "text/csv", subject, at).id
    book = batch_sheet.write_xlsx(instructions, created_at=at)
    batch.xlsx_file_id = keep_bytes(book, f"{batch.number}.xlsx", _XLSX, subject, at).id


def order_stripe(actor: Actor, payment_ids: Iterable[int], at: datetime) -> list[Attempt]:
    """Order payments by transfer to the payees' Stripe accounts; durable jobs send them after the commit."""
    return [_order_online(actor, payment_id, Route.STRIPE, at) for payment_id in payment_ids]


def order_direct(actor: Actor, payment_ids: Iterable[int], at: datetime) -> list[Attempt]:
    """Order payments over the bank's direct line; durable jobs send them after the commit."""
    if not installed.has_direct_line():
        raise Refused(N_("没有配置银企直联，请改用银行付款文件。"))
    return [_order_online(actor, payment_id, Route.DIRECT, at) for payment_id in payment_ids]


def _order_online(actor: Actor, payment_id: int, route: Route, at: datetime) -> Attempt:
    row = locked(payment_id)
    if (route_of(row.organisation_id) is Route.STRIPE) != (route is Route.STRIPE):
        raise Refused(N_("付款单 %(number)s 的收款机构选择了另一种收款方式，请刷新后重新办理。"), number=row.number)
    order = _order(actor, row, route, live_accounts(row.street_id), at)
    enqueue(db.session, SEND_JOB, order.key, attempt_id=order.id)
    return order


def _order(
    actor: Actor,
    row: Payment,
    route: Route,
    accounts: dict[str, StreetAccount],
    at: datetime,
    batch_id: int | None = None,
) -> Attempt:
    """Write one order down with the accounts that were approved, and move the payment.

    Raises Refused when they are others by now: the second person has to see the new ones first.
    """
    require_payable(row)
    destination = destination_of(row, accounts.get(row.line.source), route)
    if row.checked is None:
        raise Refused(
            N_("付款单 %(number)s 的复核没有记下账户，不能付款；请复核人撤回复核，再重新申请、复核。"),
            number=row.number,
        )
    if row.checked != destination.compared:
        raise Refused(
            N_(
                "付款单 %(number)s 复核之后，收款账户、付款账户或收款方式变了，不能付款；"
                "请复核人撤回复核，再重新申请、核对新的账户。"
            ),
            number=row.number,
        )
    number = len(row.attempts) + 1
    key = f"{row.number}-{number}"
    order = Attempt(
        payment_id=row.id,
        number=number,
        key=key,
        route=route.value,
        instruction=_instruction(row, destination, key).as_data(),
        batch_id=batch_id,
        reference=None,
        detail="",
        ordered_at=at,
    )
    row.attempts.append(order)
    db.session.flush()
    move(row, PAYMENT_MACHINE, PaymentVerb.ORDER, actor, at, facts={"order": key, "route": route.value})
    return order


def _instruction(row: Payment, destination: Destination, key: str) -> Instruction:
    """The order as data. Raises Refused where a bank would send the file back."""
    street, account = destination.payer, destination.payee
    return Instruction(
        request_no=key,
        amount_fen=row.amount_fen,
        payee_name=account.holder,
        payee_uscc=row.organisation.uscc or "",
        account_no=account.account_no,
        bank_name=account.bank_name,
        cnaps=account.cnaps,
        remittance=f"{row.agreement.number} {row.milestone.title}",
        fund_source=FUND_SOURCE_LABELS[FundSource(row.line.source)],
        debtor=DebtorAccount(
            name=street.holder, account_no=street.account_no, bank_name=street.bank_name, cnaps=street.cnaps
        ),
        stripe_account=destination.stripe_account,
    )


def reverse_payment(actor: Actor, payment_id: int, reason: str, at: datetime) -> Attempt:
    """Ask a Stripe transfer back whole. Raises Refused for other routes: there only the bank returns money."""
    row = locked(payment_id)
    require(actor, Permit.PAYOUT_SEND, row.subject.scope)
    order = row.attempts[-1] if row.attempts else None
    if not reason.strip():
        raise Refused(N_("请写明撤回的原因。"), field="reason")
    if order is None or order.route != Route.STRIPE or order.outcome != Result.PAID:
        raise Refused(N_("只有已经到账的 Stripe 付款可以撤回；银行付款如需退回，请联系收款机构。"))
    if order.reversal_reason is None:
        order.reversal_reason = reason.strip()
        record(row.subject, "reverse", actor, at, permit=Permit.PAYOUT_SEND, facts={"order": order.key})
        enqueue(db.session, REVERSE_JOB, order.key, attempt_id=order.id)
    return order
