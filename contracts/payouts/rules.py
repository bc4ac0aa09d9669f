"""Pure decisions about paying: what is due, from which line, until when, what lateness costs, what a result means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from contracts.agreements.rules import line_parts
from contracts.outcomes.rules import earned, may_reevaluate
from contracts.payouts.states import PaymentState, PaymentVerb, Result, RowNote
from market.kernel.money import BP, round_half_up
from market.kernel.text import N_
from market.kernel.workdays import Calendar, Counted, roll_forward

ACCEPTANCE, EVALUATION = "acceptance", "evaluation"
_OPEN = {PaymentState.DUE, PaymentState.REQUESTED, PaymentState.APPROVED, PaymentState.ORDERED}
_UNPAID = _OPEN | {PaymentState.FAILED, PaymentState.RETURNED}


# --- what is due ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What one budget line pays of a milestone, and what of its part it keeps."""

    line_id: int
    planned_fen: int
    due_fen: int

    @property
    def withheld_fen(self) -> int:
        """What the line keeps; goes back to the street's budget."""
        return self.planned_fen - self.due_fen


@dataclass(frozen=True)
class Due:
    """What a milestone earned. The parts sum to what is due; with what is withheld they sum to the milestone."""

    milestone_fen: int
    share_bp: int
    due_fen: int
    withheld_fen: int
    parts: tuple[Part, ...]


def amount_due(milestone: Mapping[str, Any], share_bp: int) -> Due:
    """Return what a milestone of the frozen contract data pays at a share earned (row 71).

    The amount is rounded half up to the fen once; lines share it by largest remainder, and no line pays more than its
    part of the milestone. Source: the contract's own payout clause.
    """
    whole = earned(milestone["amount_fen"], share_bp)
    paid = dict(line_parts(milestone, whole.earned_fen))
    parts = tuple(Part(one["line_id"], one["amount_fen"], paid.get(one["line_id"], 0)) for one in milestone["funding"])
    return Due(whole.amount_fen, share_bp, whole.earned_fen, whole.withheld_fen, parts)


def paid_bp(base: str, share_bp: int | None) -> int:
    """The share that is paid: all of it on acceptance, otherwise what the closed evaluation gave."""
    if base == ACCEPTANCE:
        return BP
    if share_bp is None:
        raise ValueError("an evaluated milestone is paid after its evaluation")
    return share_bp


def is_final(
    grade: str | None, rounds: int, *, reevaluations_max: int, rectify_days: int, closed_on: date, today: date
) -> bool:
    """False while a failed milestone may still be put right and evaluated again, by the contract's own days."""
    return not may_reevaluate(grade, rounds, reevaluations_max) or today > closed_on + timedelta(days=rectify_days)


def stops_on_fail(contract: Mapping[str, Any]) -> bool:
    """True when the contract's own terms end it with the first milestone that fails for good."""
    return bool(contract.get("recovery", {}).get("stop_on_fail"))


def settled_bp(base: str, evaluated_bp: int | None, agreed_bp: int) -> int:
    """The share that accepted work is settled at when a contract ends early.

    Accepted work that needs no evaluation in full; evaluated work as evaluated; the rest as both sides agreed.
    """
    if base == ACCEPTANCE:
        return BP
    return agreed_bp if evaluated_bp is None else evaluated_bp


def closing_bar(earned: Sequence[bool], payments: Sequence[str]) -> str | None:
    """Return why a contract cannot be closed, or None: which milestones have earned, and the payments' states."""
    if not earned or not all(earned):
        return N_("还有节点没有验收、评估完毕，不能结清合同。")
    if any(state != PaymentState.CONFIRMED for state in payments):
        return N_("还有款项没有付清或收款机构没有确认收款，不能结清合同。")
    return None


# --- until when -------------------------------------------------------------------------------------------------------


def pay_by(determined_on: date, due_days: int, calendar: Calendar) -> Counted:
    """Last day to pay: `due_days` after the amount was determined (row 72; 保障中小企业款项支付条例 9).

    The period begins with the acceptance, or with the evaluation where the contract makes the amount depend on it. A
    limit that ends on a day off rolls forward (民法典 203).
    """
    return roll_forward(determined_on + timedelta(days=due_days), calendar)


def days_late(last_day: date, paid_on: date) -> int:
    """Whole days between the last day to pay and the day of payment; 0 when in time."""
    return max(0, (paid_on - last_day).days)


def late_interest_fen(amount_fen: int, day_bp: int, late_days: int) -> int:
    """Interest on a late payment, rounded half up to the fen (row 73; 保障中小企业款项支付条例 17)."""
    return round_half_up(Fraction(amount_fen * day_bp * late_days, BP))


def is_overdue(state: str, last_day: date, today: date) -> bool:
    """True while the payee still waits after the last day."""
    return state in _UNPAID and today > last_day


@dataclass(frozen=True)
class Control:
    """Number and sum of a batch: what the bank's file says of itself (row 77)."""

    count: int
    total_fen: int


def control(amounts_fen: Iterable[int]) -> Control:
    """Return the control figures of a batch."""
    amounts = list(amounts_fen)
    return Control(len(amounts), sum(amounts))


@dataclass(frozen=True)
class Promptness:
    """How a street pays: settled payments, how many in time, how many still wait beyond their day."""

    settled: int
    in_time: int
    overdue: int
    mean_days: int | None

    @property
    def in_time_bp(self) -> int | None:
        """Share paid in time, rounded down, of all that was paid or should have been; None while there is none.

        What is overdue and unpaid was not paid in time either (保障中小企业款项支付条例 9).
        """
        answered = self.settled + self.overdue
        return self.in_time * BP // answered if answered else None


def promptness(settled: Sequence[tuple[date, date, date]], overdue: int) -> Promptness:
    """Figures from (due, last day, settled) of each payment; the mean of days from due to settled is rounded up."""
    taken = [(paid - due).days for due, _, paid in settled]
    mean = -(-sum(taken) // len(taken)) if taken else None
    return Promptness(len(settled), sum(paid <= last for _, last, paid in settled), overdue, mean)


# --- what a result means ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What is known here of an order: its amount and day, its last outcome, whether it is the payment's newest order.

    `since` is the first day that a result can have: the order's, or that of the payment it may come back from.
    """

    amount_fen: int
    since: date
    newest: bool
    outcome: Result | None


@dataclass(frozen=True)
class Reading:
    """What a reported result does: the verbs in their order, or the reason why nothing is done."""

    verbs: tuple[PaymentVerb, ...] = ()
    note: RowNote | None = None


_AFTER = {
    (None, Result.PAID): (PaymentVerb.SETTLE,),
    (None, Result.FAILED): (PaymentVerb.FAIL,),
    # Some banks list a returned payment once, without the line that it was paid first.
    (None, Result.RETURNED): (PaymentVerb.SETTLE, PaymentVerb.BOUNCE),
    (Result.PAID, Result.RETURNED): (PaymentVerb.BOUNCE,),
}


def read_result(result: Result, amount_fen: int, day: date, standing: Standing | None, today: date) -> Reading:
    """Decide what one reported result does to the order it names. What does not fit is noted, never guessed.

    A day before the order or after today is a slip in the file: booked, it would make the payment years late.
    """
    if standing is None:
        return Reading(note=RowNote.UNKNOWN)
    if standing.amount_fen != amount_fen:
        return Reading(note=RowNote.AMOUNT)
    if standing.outcome is result or (standing.outcome, result) == (Result.RETURNED, Result.PAID):
        return Reading(note=RowNote.REPEATED)
    if not standing.newest:
        return Reading(note=RowNote.SUPERSEDED)
    verbs = _AFTER.get((standing.outcome, result))
    if not verbs:
        return Reading(note=RowNote.CONTRADICTS)
    return Reading(verbs) if standing.since <= day <= today else Reading(note=RowNote.DATE)


def final_result(applied: Iterable[str]) -> Result | None:
    """What an order came to, from all results applied to it in any order: returned wins over paid, paid over failed."""
    there = set(applied)
    return next((r for r in (Result.RETURNED, Result.PAID, Result.FAILED) if r.value in there), None)
