"""Compare the ledger with facts that other rooms keep for their own purposes: decisions and results, not transfers.

Facts and where they are kept: approved lines (budgets), funding of published lots (tenders), pools (venture), signed
contracts (agreements), determined earnings (payouts), what the bank's statements or a provider's answers say of each
order, and what came back on claims (endings).
Every comparison is in fen; the first one that differs is what `market ledger check` names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from contracts.delivery.models import Milestone
from contracts.endings.models import Claim, ClaimPart, ClaimReceipt, Termination
from contracts.endings.states import ReceiptState, TerminationState
from contracts.outcomes.models import Evaluation
from contracts.outcomes.rules import earned
from contracts.payouts.models import Attempt, Earning, Payment, StatementRow
from contracts.payouts.rules import final_result, paid_bp, settled_bp
from contracts.payouts.states import Result
from market.awards.models import Award
from market.budgets.models import BudgetLine, FundYear
from market.budgets.states import FundYearState
from market.db.session import db
from market.ledger.models import Account, Transfer
from market.ledger.states import Reason
from market.tenders.models import Lot, LotFunding
from market.tenders.states import LotState
from market.venture.models import Application, Round, RoundFunding
from market.venture.states import ApplicationState, RoundState

_NOT_RESERVED = {LotState.DRAFT, LotState.FAILED, LotState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One fact beside what the ledger says of it, both in fen."""

    what: str
    fact_fen: int
    ledger_fen: int

    @property
    def agrees(self) -> bool:
        return self.fact_fen == self.ledger_fen


class _Flows:
    """Sums of transfers by reason, subject and budget line."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, int, int], int] = defaultdict(int)
        debit, credit = aliased(Account), aliased(Account)
        line = func.coalesce(debit.line_id, credit.line_id)
        keys = (Transfer.reason, Transfer.subject_kind, Transfer.subject_id, line)
        rows = db.session.execute(
            select(*keys, func.sum(Transfer.amount_fen))
            .join(debit, debit.id == Transfer.debit_id)
            .join(credit, credit.id == Transfer.credit_id)
            .group_by(*keys)
        )
        for reason, kind, subject_id, line_id, total in rows:
            self._sums[reason, kind, subject_id, line_id] = int(total)

    def of(self, reason: Reason, kind: str, subject_id: int, line_id: int | None = None) -> int:
        """Money moved for a reason on a subject, on one line or on all."""
        if line_id is not None:
            return self._sums.get((reason.value, kind, subject_id, line_id), 0)
        return self._by_subject()[reason.value, kind, subject_id]

    def on_line(self, reason: Reason, line_id: int) -> int:
        """Money moved for a reason on a line, whatever the subject."""
        return self._by_line()[reason.value, line_id]

    def by_reason(self, reason: Reason) -> int:
        """Money moved for a reason, whatever the subject and the line."""
        return sum(total for (name, *_), total in self._sums.items() if name == reason.value)

    def _by_subject(self) -> dict[tuple[str, str, int], int]:
        if not hasattr(self, "_subjects"):
            self._subjects: dict[tuple[str, str, int], int] = defaultdict(int)
            for (reason, kind, subject_id, _line), total in self._sums.items():
                self._subjects[reason, kind, subject_id] += total
        return self._subjects

    def _by_line(self) -> dict[tuple[str, int], int]:
        if not hasattr(self, "_lines"):
            self._lines: dict[tuple[str, int], int] = defaultdict(int)
            for (reason, _kind, _subject, line_id), total in self._sums.items():
                self._lines[reason, line_id] += total
        return self._lines


def comparisons() -> Iterator[Comparison]:
    """Everything that can be compared, from the appropriation to the bank."""
    flows = _Flows()
    yield from _balances()
    yield from _approved_lines(flows)
    yield from _published_lots(flows)
    yield from _rounds(flows)
    yield from _signed_contracts(flows)
    yield from _earnings(flows)
    yield from _bank(flows)
    yield from _claims(flows)


def _balances() -> Iterator[Comparison]:
    """Each balance is the sum of its transfers."""
    moved: dict[int, int] = defaultdict(int)
    for column, sign in ((Transfer.credit_id, 1), (Transfer.debit_id, -1)):
        for account_id, total in db.session.execute(select(column, func.sum(Transfer.amount_fen)).group_by(column)):
            moved[account_id] += sign * int(total)
    for account in db.session.scalars(select(Account).order_by(Account.id)):
        what = f"余额等于流水之和 / balance is the sum of transfers: {account.key}"
        yield Comparison(what, moved[account.id], account.balance_fen)


def _approved_lines(flows: _Flows) -> Iterator[Comparison]:
    rows = db.session.execute(
        select(BudgetLine.id, BudgetLine.title, BudgetLine.amount_fen, FundYear.state)
        .join(FundYear, FundYear.id == BudgetLine.fund_year_id)
        .order_by(BudgetLine.id)
    )
    for line_id, title, amount_fen, state in rows:
        expected = amount_fen if state == FundYearState.CLOSED else 0
        booked = flows.on_line(Reason.APPROPRIATE, line_id) - flows.on_line(Reason.CUT, line_id)
        yield Comparison(f"批复下达 / approved line {line_id} {title}", expected, booked)


def _published_lots(flows: _Flows) -> Iterator[Comparison]:
    rows = db.session.execute(
        select(LotFunding.lot_id, LotFunding.line_id, LotFunding.amount_fen, Lot.state, Lot.title)
        .join(Lot, Lot.id == LotFunding.lot_id)
        .order_by(LotFunding.id)
    )
    for lot_id, line_id, amount_fen, state, title in rows:
        expected = 0 if state in _NOT_RESERVED else amount_fen
        booked = flows.of(Reason.RESERVE, "lot", lot_id, line_id) - flows.of(Reason.RELEASE, "lot", lot_id, line_id)
        yield Comparison(f"采购预留 / published lot {lot_id} {title}, line {line_id}", expected, booked)


def _rounds(flows: _Flows) -> Iterator[Comparison]:
    """A round's pool rests in `reserved` from publication on; what no project was given returns at its end."""
    given: dict[tuple[int, int], int] = defaultdict(int)
    for one in db.session.scalars(select(Application).where(Application.file_id.is_not(None)).order_by(Application.id)):
        fallen = one.state == ApplicationState.FALLEN
        for line, fen in one.funding.items():
            given[one.round_id, int(line)] += fen
            # What a signed contract had taken is freed by that contract's end, not by the round.
            taken = _taken(flows, one, int(line)) if fallen else 0
            released = flows.of(Reason.RELEASE, "application", one.id, int(line))
            what = f"撤销资助退回 / fallen project {one.id}, line {line}"
            yield Comparison(what, fen - taken if fallen else 0, released)
    rows = db.session.execute(
        select(RoundFunding.round_id, RoundFunding.line_id, RoundFunding.amount_fen, Round.state, Round.notice_at)
        .join(Round, Round.id == RoundFunding.round_id)
        .order_by(RoundFunding.id)
    )
    for round_id, line_id, amount_fen, state, notice_at in rows:
        reserved = flows.of(Reason.RESERVE, "round", round_id, line_id)
        name = f"pool of round {round_id}, line {line_id}"
        yield Comparison(f"资助轮次预留 / {name}", amount_fen if notice_at is not None else 0, reserved)
        back = {RoundState.CANCELLED: reserved, RoundState.FINISHED: amount_fen - given[round_id, line_id]}
        released = flows.of(Reason.RELEASE, "round", round_id, line_id)
        yield Comparison(f"资助轮次退回 / what was not given of {name}", back.get(RoundState(state), 0), released)


def _taken(flows: _Flows, one: Application, line_id: int) -> int:
    """What contracts on a project's own file took out of the reserve, on one line."""
    contracts = db.session.scalars(select(Agreement.id).where(Agreement.file_id == one.file_id))
    return sum(
        flows.of(Reason.COMMIT, "agreement", row, line_id) - flows.of(Reason.UNCOMMIT, "agreement", row, line_id)
        for row in contracts
    )


def _signed_contracts(flows: _Flows) -> Iterator[Comparison]:
    rows = db.session.execute(
        select(Agreement, Award).join(Award, Award.id == Agreement.award_id).order_by(Agreement.id)
    )
    for row, award in rows:
        signed = row.signed_at is not None
        committed = flows.of(Reason.COMMIT, "agreement", row.id) - flows.of(Reason.UNCOMMIT, "agreement", row.id)
        yield Comparison(f"合同金额 / signed contract {row.number}", row.amount_fen if signed else 0, committed)
        for part in row.data.get("funding", ()) if signed else ():
            booked = flows.of(Reason.COMMIT, "agreement", row.id, part["line_id"])
            yield Comparison(f"合同资金 / contract {row.number}, line {part['line_id']}", part["amount_fen"], booked)
        if signed:
            saving = sum(one["amount_fen"] for one in award.terms["funding"]) - row.amount_fen
            released = flows.of(Reason.RELEASE, "agreement", row.id)
            yield Comparison(f"合同结余 / saving of {row.number}", saving, released)
        if row.state == AgreementState.COMPLETED:
            yield Comparison(f"合同结清 / completed contract {row.number}", 0, committed - _spent(flows, row))
        if row.state == AgreementState.TERMINATED:
            freed = flows.of(Reason.FREE, "agreement", row.id)
            yield Comparison(f"合同终止退回 / money freed by the end of {row.number}", _unearned(row), freed)
            yield Comparison(f"合同终止 / terminated contract {row.number}", 0, committed - _spent(flows, row))


def _spent(flows: _Flows, row: Agreement) -> int:
    """What left `committed` under a contract: owed, withheld and freed."""
    milestones = db.session.scalars(select(Milestone.id).where(Milestone.agreement_id == row.id))
    payments = db.session.scalars(select(Payment.id).where(Payment.agreement_id == row.id))
    spent = sum(flows.of(Reason.OWE, "payment", payment_id) for payment_id in payments)
    spent += sum(flows.of(Reason.FREE, "milestone", milestone_id) for milestone_id in milestones)
    return spent + flows.of(Reason.FREE, "agreement", row.id)


def _unearned(row: Agreement) -> int:
    """What of a terminated contract no milestone has taken: reckoned from the milestones, not from the booking."""
    taken = (
        select(func.coalesce(func.sum(Milestone.amount_fen), 0))
        .join(Earning, Earning.milestone_id == Milestone.id)
        .where(Milestone.agreement_id == row.id)
    )
    return row.amount_fen - int(db.session.scalar(taken) or 0)


def _earnings(flows: _Flows) -> Iterator[Comparison]:
    owed: dict[int, int] = defaultdict(int)
    for payment_id, milestone_id in db.session.execute(select(Payment.id, Payment.milestone_id)):
        owed[milestone_id] += flows.of(Reason.OWE, "payment", payment_id)
    # Reckoned again from what was accepted and evaluated, not read from the row that the booking was made of.
    newest = select(func.max(Evaluation.id)).where(Evaluation.milestone_id == Milestone.id).correlate(Milestone)
    ended = and_(
        Termination.agreement_id == Milestone.agreement_id, Termination.state == TerminationState.APPROVED
    )
    rows = db.session.execute(
        select(Milestone, Evaluation.share_bp, Termination.settle_bp)
        .join(Earning, Earning.milestone_id == Milestone.id)
        .outerjoin(Evaluation, Evaluation.id == newest.scalar_subquery())
        .outerjoin(Termination, ended)
        .order_by(Earning.id)
    )
    for milestone, share_bp, settle_bp in rows:
        # A contract that ended early settles what was accepted and never evaluated at the share agreed.
        evaluated = settled_bp(milestone.base, share_bp, settle_bp) if settle_bp is not None else share_bp
        fact = earned(milestone.amount_fen, paid_bp(milestone.base, evaluated))
        name = f"milestone {milestone.id}"
        yield Comparison(f"评估后应付 / evaluated amount of {name}", fact.earned_fen, owed[milestone.id])
        withheld = flows.of(Reason.FREE, "milestone", milestone.id)
        yield Comparison(f"评估后不付 / withheld of {name}", fact.withheld_fen, withheld)


def _bank(flows: _Flows) -> Iterator[Comparison]:
    """Statements decide where there is one; other routes are decided by the provider's recorded answer."""
    # A bank may list a returned payment once, without the line that it was paid: what it came to counts.
    said: dict[int, list[str]] = defaultdict(list)
    stated: dict[int, int] = {}
    rows = db.session.execute(
        select(StatementRow.attempt_id, StatementRow.result, StatementRow.amount_fen)
        .where(StatementRow.note.is_(None))
        .order_by(StatementRow.id)
    )
    for attempt_id, result, amount_fen in rows:
        assert attempt_id is not None, "an applied row names its order, says the table"
        said[attempt_id].append(result)
        stated[attempt_id] = amount_fen
    paid: dict[int, int] = defaultdict(int)
    for attempt in db.session.scalars(select(Attempt).order_by(Attempt.id)):
        came_to = final_result(said[attempt.id]) if attempt.id in said else attempt.outcome
        if came_to == Result.PAID:
            paid[attempt.payment_id] += stated.get(attempt.id, attempt.amount_fen)
    for payment_id, number in db.session.execute(select(Payment.id, Payment.number).order_by(Payment.id)):
        booked = flows.of(Reason.PAY, "payment", payment_id) - flows.of(Reason.BOUNCE, "payment", payment_id)
        yield Comparison(f"银行已付 / paid by the bank: {number}", paid[payment_id], booked)


def _claims(flows: _Flows) -> Iterator[Comparison]:
    """What two people confirmed of each claim, by line, beside what was booked back to it; and all of it together."""
    came: dict[tuple[int, int], int] = defaultdict(int)
    received: dict[int, int] = defaultdict(int)
    rows = db.session.execute(
        select(ClaimReceipt.claim_id, ClaimReceipt.amount_fen, ClaimReceipt.parts).where(
            ClaimReceipt.state == ReceiptState.CONFIRMED
        )
    )
    for claim_id, amount_fen, parts in rows:
        received[claim_id] += amount_fen
        for line_id, fen in parts.items():
            came[claim_id, int(line_id)] += fen
    for claim_id, number in db.session.execute(select(Claim.id, Claim.number).order_by(Claim.id)):
        booked = flows.of(Reason.CLAWBACK, "claim", claim_id)
        yield Comparison(f"追回到账 / came back on claim {number}", received[claim_id], booked)
    for claim_id, line_id in db.session.execute(select(ClaimPart.claim_id, ClaimPart.line_id).order_by(ClaimPart.id)):
        booked = flows.of(Reason.CLAWBACK, "claim", claim_id, line_id)
        name = f"claim {claim_id}, line {line_id}"
        yield Comparison(f"追回资金来源 / came back on {name}", came[claim_id, line_id], booked)
    yield Comparison("追回合计 / all that came back", sum(received.values()), flows.by_reason(Reason.CLAWBACK))
