"""How a contract ends: every milestone settled, or before its time. What is still committed goes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from contracts.agreements import mail
from contracts.agreements.actions.drafting import loaded
from contracts.agreements.models import Agreement
from contracts.agreements.notices import state_release
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementVerb
from market.kernel.permits import Actor, Permit, require
from market.ledger.actions import book
from market.ledger.states import Reason
from market.records.moves import move
from market.records.notices import CardFacts, publish


def complete_agreement(actor: Actor, agreement_id: int, owed_fen: Mapping[int, int], at: datetime) -> Agreement:
    """Close a contract whose milestones are all settled; what was committed and never became payable goes back.

    `owed_fen` says for each budget line what became payable under this contract; the caller has checked that no more
    will. The rest of each line is freed.
    """
    row = loaded(agreement_id)
    move(row, AGREEMENT_MACHINE, AgreementVerb.COMPLETE, actor, at)
    _free_rest(row, owed_fen, at)
    tag, facts = "contractTermination", CardFacts(stage="complete")
    publish(row.file, tag, state_release(row, ""), facts, actor, at)
    return row


def terminate_agreement(
    actor: Actor, agreement_id: int, reason: str, owed_fen: Mapping[int, int], at: datetime
) -> int:
    """End a contract in force, or suspended, before its time; returns what of its money went back, in fen.

    `owed_fen` as for `complete_agreement`: what was earned or settled, by line. The caller publishes the termination
    with what follows from it. The clock ends only what the contract itself says ends by itself.
    """
    row = loaded(agreement_id)
    if not actor.is_clock:
        require(actor, Permit.AGREEMENT_TERMINATE, row.subject.scope)
    AGREEMENT_MACHINE.step(row.state, AgreementVerb.TERMINATE)
    row.termination_reason = reason
    move(row, AGREEMENT_MACHINE, AgreementVerb.TERMINATE, actor, at, facts={"reason": reason})
    freed = _free_rest(row, owed_fen, at)
    mail.tell_terminated(row, at)
    return freed


def _free_rest(row: Agreement, owed_fen: Mapping[int, int], at: datetime) -> int:
    """Give back what each line still has committed; returns the sum in fen."""
    total = 0
    for part in row.data["funding"]:
        rest = part["amount_fen"] - owed_fen.get(part["line_id"], 0)
        if rest:
            key = f"agreement:{row.id}:{Reason.FREE.value}:{part['line_id']}"
            book(Reason.FREE, part["line_id"], rest, key, ("agreement", row.id), row.file_id, at)
            total += rest
    return total
