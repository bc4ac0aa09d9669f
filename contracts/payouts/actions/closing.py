"""Closing a contract when every milestone is settled, and settling accepted work when it ends before."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select

from contracts.agreements.actions import complete_agreement
from contracts.agreements.models import Agreement
from contracts.agreements.queries import agreement as find_agreement
from contracts.delivery.models import Milestone
from contracts.payouts.actions.raising import raise_one
from contracts.payouts.queries import accepted_unearned, contract_lines, earnings_of, payments_of
from contracts.payouts.rules import amount_due, closing_bar, settled_bp
from market.db.session import db
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor
from market.kernel.text import N_


def complete_contract(actor: Actor, agreement_id: int, at: datetime) -> Agreement:
    """Close a contract. Raises Refused while a milestone has not earned anything yet or a payment is not received."""
    row = find_agreement(agreement_id, lock=True)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    payments = payments_of(row.id)
    earned = [one.earning is not None for one in contract_lines(row, payments)]
    bar = closing_bar(earned, [one.state for one in payments])
    if bar is not None:
        raise Refused(bar)
    return complete_agreement(actor, row.id, left_committed(row), at)


def settle_accepted(agreement_id: int, agreed_bp: int, at: datetime) -> int:
    """Raise what a contract that ends early still owes for accepted work; returns the sum due in fen.

    `agreed_bp` is the share for accepted work whose evaluation never came to a result. Works in whatever state the
    contract is: it is called in the same transaction as the termination.
    """
    due = 0
    for ripe in accepted_unearned(agreement_id, at):
        evaluated = ripe.evaluation.share_bp if ripe.evaluation else None
        raise_one(ripe, at, settled_bp(ripe.milestone.base, evaluated, agreed_bp))
        due += earnings_of(agreement_id)[ripe.milestone.id].due_fen
    return due


def left_committed(row: Agreement) -> dict[int, int]:
    """Return what of a contract's money has left `committed` on each line: due and withheld of each earning."""
    earned = earnings_of(row.id)
    settled: dict[int, int] = defaultdict(int)
    for milestone in db.session.scalars(select(Milestone).filter_by(agreement_id=row.id)):
        if milestone.id in earned:
            for part in amount_due(row.data["milestones"][milestone.number - 1], earned[milestone.id].share_bp).parts:
                settled[part.line_id] += part.planned_fen
    return settled
