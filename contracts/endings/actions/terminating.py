"""Ending a contract before its time: proposed by one person, decided by another, or following from its own terms."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.agreements.actions import terminate_agreement
from contracts.agreements.models import Agreement
from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementState, AgreementVerb
from contracts.delivery.actions import fall_with_contract, plan_milestones
from contracts.endings import mail, queries
from contracts.endings.actions.claiming import raise_claim
from contracts.endings.models import Termination
from contracts.endings.notices import termination_release
from contracts.endings.rules import check_claim, check_ground, claim_amount, follows_recovery, settles
from contracts.endings.states import TERMINATION_MACHINE, Ground, TerminationState, TerminationVerb
from contracts.payouts.actions import left_committed, settle_accepted
from contracts.payouts.queries import accepted_unearned, contracts_with_a_final_fail, failed_for_good
from contracts.payouts.rules import stops_on_fail
from market.awards.states import AwardState
from market.db.session import db
from market.kernel.canonical import digest
from market.kernel.clock import beijing_day
from market.kernel.errors import DomainError, NotFound, Refused
from market.kernel.money import BP
from market.kernel.permits import CLOCK, Actor, Permit, require
from market.kernel.seen import require_seen
from market.kernel.text import N_
from market.records.audit import record, require_other_hands
from market.records.moves import move
from market.records.notices import CardFacts, publish

log = logging.getLogger(__name__)
_GONE = N_("没有找到您要的内容，链接可能已失效。")


def _contract(agreement_id: int) -> Agreement:
    row = find_agreement(agreement_id, lock=True)
    if row is None:
        raise NotFound(_GONE)
    return row


def check_facts(row: Agreement, ground: Ground, at: datetime) -> None:
    """Raise Refused when the facts of today do not bear the ground, or money is still on its way to be claimed back.

    Asked at the proposal and again at the decision.
    """
    check_ground(
        ground,
        suspended=row.state == AgreementState.SUSPENDED,
        annulled=row.award.state == AwardState.ANNULLED,
        failed=bool(failed_for_good(row.id)),
    )
    if follows_recovery(ground, row.data) and queries.on_their_way(row.id, beijing_day(at)):
        raise Refused(
            N_(
                "还有已确定的应付款没有付清；请付清后再终止，以便按已付款项计算追回金额。"
                "对方没有可用收款账户的，付款期限届满后可以终止。"
            )
        )


def figures(row: Agreement, termination: Termination | None, at: datetime) -> dict[str, Any]:
    """What the books say of a contract that is to end."""
    arrived, open_ones = queries.apart(queries.payments_of(row.id))
    paid = queries.by_line(arrived)
    left = left_committed(row)
    ground = Ground(termination.ground) if termination else None
    recovery = row.data.get("recovery")
    today = beijing_day(at)
    claims = bool(recovery) and (ground is None or follows_recovery(ground, row.data))
    claim_bp = recovery["claim_bp"] if claims else termination.claim_bp if termination else 0
    stuck = queries.stuck_among(open_ones, today)
    owed = queries.by_line([*arrived, *stuck]) if claims else paid
    return {
        "paid_fen": sum(paid.values()),
        "open_fen": sum(one.amount_fen for one in open_ones),
        "rest_fen": row.amount_fen - sum(left.values()),
        "failed": failed_for_good(row.id),
        "accepted": [one.milestone for one in accepted_unearned(row.id, at)],
        "settles": ground is None or settles(ground, row.data),
        "recovery": recovery,
        "claim_bp": claim_bp,
        "claim_fen": claim_amount(sorted(owed.items()), claim_bp).amount_fen if claim_bp else None,
        "stuck_fen": sum(one.amount_fen for one in stuck),
    }


def figures_mark(found: Mapping[str, Any]) -> str:
    """The digest by which a page remembers which figures it showed, and of which milestones."""
    return digest({k: [one.id for one in v] if isinstance(v, list) else v for k, v in found.items()})


def propose_termination(
    actor: Actor,
    agreement_id: int,
    ground: Ground,
    reason: str,
    settle_bp: int,
    at: datetime,
    *,
    claim_bp: int = 0,
) -> Termination:
    """Propose to end a contract; nothing changes before a second person approves.

    `settle_bp`: the share agreed for accepted work whose evaluation never came to a result. `claim_bp`: the share of
    what was paid that a breach takes back, where the contract has no recovery terms. Raises Refused at a field.
    """
    row = _contract(agreement_id)
    require(actor, Permit.AGREEMENT_DRAFT, row.subject.scope)
    AGREEMENT_MACHINE.step(row.state, AgreementVerb.TERMINATE)
    if queries.termination_of(row.id) is not None:
        raise Refused(N_("已经提出终止，请等待批准。"))
    if not reason.strip():
        raise Refused(N_("请写明终止的事实和理由；会公布。"), field="reason")
    if not 0 <= settle_bp <= BP:
        raise Refused(N_("结算比例不能超过全额。"), field="settle_bp")
    check_claim(ground, row.data, claim_bp)
    check_facts(row, ground, at)
    found = _new(row, ground, reason.strip(), settle_bp, actor, at)
    found.claim_bp = claim_bp
    facts = {"agreement": row.id, "ground": ground.value, "settle_bp": settle_bp}
    facts |= {"claim_bp": claim_bp} if claim_bp else {}
    record(found.subject, "propose", actor, at, permit=Permit.AGREEMENT_DRAFT, facts=facts)
    mail.tell_proposed(found, row, at)
    return found


def _new(
    row: Agreement, ground: Ground, reason: str, settle_bp: int, actor: Actor, at: datetime
) -> Termination:
    found = Termination(
        agreement_id=row.id,
        file_id=row.file_id,
        district_id=row.district_id,
        street_id=row.street_id,
        organisation_id=row.organisation_id,
        ground=ground.value,
        reason=reason,
        settle_bp=settle_bp,
        claim_bp=0,
        state=TerminationState.PROPOSED.value,
        proposed_by=actor.user_id,
        proposed_at=at,
        answer="",
        settled_fen=0,
        freed_fen=0,
        agreement=row,
        claim=None,
    )
    db.session.add(found)
    db.session.flush()
    return found


def _proposed(actor: Actor, termination_id: int) -> Termination:
    row = queries.termination(termination_id, lock=True)
    if row is None:
        raise NotFound(_GONE)
    require(actor, Permit.AGREEMENT_TERMINATE, row.subject.scope)
    require_other_hands(actor, Permit.AGREEMENT_TERMINATE, "termination", row.id)
    TERMINATION_MACHINE.step(row.state, TerminationVerb.REJECT)
    return row


def approve_termination(actor: Actor, termination_id: int, at: datetime, *, seen: str | None = None) -> Termination:
    """Approve as the second person: the contract ends, accepted work is settled, the rest of the money goes back.

    `seen` is the `figures_mark` of what the page showed; whoever acts without a page leaves it out. Raises Forbidden
    for whoever proposed it, Refused when facts or figures have changed since.
    """
    row = _proposed(actor, termination_id)
    contract = _contract(row.agreement_id)
    if seen is not None:
        require_seen(seen, figures_mark(figures(contract, row, at)))
    _end(row, contract, actor, at)
    return row


def reject_termination(actor: Actor, termination_id: int, answer: str, at: datetime) -> Termination:
    """Do not approve; the contract goes on."""
    row = _proposed(actor, termination_id)
    if not answer.strip():
        raise Refused(N_("请写明不予批准的原因；经办人会看到。"), field="answer")
    row.answer, row.decided_at = answer.strip(), at
    move(row, TERMINATION_MACHINE, TerminationVerb.REJECT, actor, at, private={"answer": row.answer})
    mail.tell_rejected(row, at)
    return row


def terminate_failed(at: datetime) -> int:
    """End the contracts whose own terms end them with a final failure, once nothing is on its way; returns how many.

    One contract whose books do not fit never stops the others.
    """
    ended = 0
    for row in contracts_with_a_final_fail():
        if not stops_on_fail(row.data) or queries.on_their_way(row.id, beijing_day(at)):
            continue
        try:
            with db.session.begin_nested():
                ended += _end_failed(row, at)
        except DomainError as refusal:
            log.error("contract %s cannot be ended: %s", row.number, refusal.message)
    return ended


def _end_failed(row: Agreement, at: datetime) -> bool:
    """End one contract; a proposal of the street on another ground is decided first."""
    waiting = queries.termination_of(row.id)
    if waiting is None:
        title = failed_for_good(row.id)[0].title
        waiting = _new(row, Ground.FAILED, f"节点“{title}”最终不合格，按合同约定终止。", 0, CLOCK, at)  # zh-only
    elif waiting.ground != Ground.FAILED:
        return False
    _end(waiting, row, CLOCK, at)
    return True


def _end(row: Termination, contract: Agreement, actor: Actor, at: datetime) -> None:
    ground = Ground(row.ground)
    check_facts(contract, ground, at)
    if settles(ground, contract.data):
        row.settled_fen = settle_accepted(contract.id, row.settle_bp, at)
    plan_milestones(contract, at)
    fallen = fall_with_contract(contract, actor, at)
    freed = terminate_agreement(actor, contract.id, row.reason, left_committed(contract), at)
    row.decided_at, row.freed_fen = at, freed
    facts = {"ground": row.ground, "settled_fen": row.settled_fen, "freed_fen": row.freed_fen}
    move(row, TERMINATION_MACHINE, TerminationVerb.APPROVE, actor, at, facts=facts)
    claim = raise_claim(row, contract, at)
    release = termination_release(row, contract, claim, fallen)
    publish(contract.file, "contractTermination", release, CardFacts(stage="terminated"), actor, at)
