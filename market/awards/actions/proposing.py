"""An award that is public before it is confirmed: proposed, confirmed after its notice, or not confirmed at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from market.awards import mail, queries
from market.awards.models import Award
from market.awards.notices import STATUS, proposal_fragment, status_fragment
from market.awards.rules import Terms, confirm_bar, notice_end, sign_by
from market.awards.states import AWARD_MACHINE, AwardState, AwardVerb
from market.db.session import db
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.organisations.queries import organisations_by_id
from market.places.queries import calendar_for
from market.records.audit import record, require_other_hands
from market.records.models import PurchaseFile
from market.records.moves import move
from market.records.notices import CardFacts, publish


@dataclass(frozen=True)
class Proposal:
    """What a room above proposes to award: to whom, on which complete terms, and how long everybody may object."""

    subject: tuple[str, int]  # kind and id, opaque here
    file_id: int  # the purchase file of this one award
    scope: Scope  # district and street
    organisation_id: int
    title: str
    rank: int
    reason: str
    terms: Terms
    notice_working_days: int
    sign_days: int  # counted from the confirmation
    # Further parts of the release; what stands under "award" goes into the award itself, "parties" are added.
    publication: Mapping[str, Any] = field(default_factory=dict)


def propose_award(actor: Actor, proposal: Proposal, at: datetime) -> Award:
    """Propose an award and publish it as pending, until the end of its last working day of notice.

    Raises Refused when the subject has a live award already. The money was reserved by the room that proposes.
    """
    require(actor, Permit.AWARD_CONFIRM, proposal.scope)
    file = db.session.get(PurchaseFile, proposal.file_id)
    supplier = organisations_by_id([proposal.organisation_id]).get(proposal.organisation_id)
    if file is None or supplier is None or proposal.scope.district_id is None or proposal.scope.street_id is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    if queries.award_for(*proposal.subject) is not None:
        raise Refused(N_("这个项目已有公示中或有效的结果，不能重复提出。"))
    calendar, today = calendar_for(proposal.scope.district_id), beijing_day(at)
    notice = notice_end(today, proposal.notice_working_days, calendar)
    until, terms = end_of_day(notice.day), proposal.terms
    row = Award(
        subject_kind=proposal.subject[0],
        subject_id=proposal.subject[1],
        file_id=file.id,
        district_id=proposal.scope.district_id,
        street_id=proposal.scope.street_id,
        organisation_id=supplier.id,
        regime=terms.regime,
        title=proposal.title,
        rank=proposal.rank,
        amount_fen=terms.amount_fen,
        terms=terms.as_data(),
        terms_digest=terms.digest,
        state=AwardState.PENDING.value,
        reason=proposal.reason.strip(),
        decided_at=at,
        publicity_until=until,
        # Objections take the place of a supplier's challenge: no window follows the notice.
        challenge_until=until,
        sign_by=sign_by(notice.day, proposal.sign_days, calendar).day,
        sign_days=proposal.sign_days,
        file=file,
        organisation=supplier,
    )
    db.session.add(row)
    db.session.flush()
    facts = {"terms": row.terms_digest, "until": until.isoformat(), "provisional": notice.provisional}
    record(row.subject, "propose", actor, at, permit=Permit.AWARD_CONFIRM, facts=facts)
    card = CardFacts(stage="evaluated", awarded_fen=row.amount_fen, supplier=supplier.name)
    fragment = proposal_fragment(row, supplier, proposal.publication, provisional=notice.provisional)
    publish(file, "award", fragment, card, actor, at)
    mail.tell_proposed(row, at)
    return row


def _pending(award_id: int) -> Award:
    """Return a proposed award, locked; raises NotFound for one that was never a proposal."""
    row = queries.award(award_id, lock=True)
    if row is None or row.sign_days is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return row


def confirm_award(actor: Actor, award_id: int, at: datetime) -> Award:
    """Confirm a proposed award after its notice; the days to sign begin today.

    Raises Refused while the notice runs, while an objection is open, and for good when one was upheld.
    """
    row = _pending(award_id)
    require(actor, Permit.AWARD_CONFIRM, row.subject.scope)
    AWARD_MACHINE.step(row.state, AwardVerb.CONFIRM)
    objections = queries.objections_to(row.id)
    for one in objections:
        require_other_hands(actor, Permit.AWARD_CONFIRM, "objection", one.id)
    bar = confirm_bar(at, row.publicity_until, [one.state for one in objections])
    if bar is not None:
        raise Refused(bar)
    assert row.sign_days is not None
    row.decided_at = at
    row.sign_by = sign_by(beijing_day(at), row.sign_days, calendar_for(row.district_id)).day
    facts = {"terms": row.terms_digest, "objections": len(objections)}
    move(row, AWARD_MACHINE, AwardVerb.CONFIRM, actor, at, facts=facts)
    fragment = status_fragment(row, "", STATUS[row.state], confirmed=True)
    card = CardFacts(stage="awarded", awarded_fen=row.amount_fen, supplier=row.organisation.name)
    publish(row.file, "awardUpdate", fragment, card, actor, at)
    mail.tell_confirmed(row, at)
    return row


def refuse_award(actor: Actor, award_id: int, reason: str, at: datetime) -> Award:
    """Do not confirm a proposed award; the reason is published. Possible at any time while it is pending."""
    row = _pending(award_id)
    require(actor, Permit.AWARD_CONFIRM, row.subject.scope)
    AWARD_MACHINE.step(row.state, AwardVerb.REFUSE)
    if not reason.strip():
        raise Refused(N_("请写明不予确认的原因；会公布。"), field="reason")
    row.decided_at = at
    move(row, AWARD_MACHINE, AwardVerb.REFUSE, actor, at, facts={"reason": reason.strip()})
    fragment = status_fragment(row, reason.strip(), "unsuccessful")
    publish(row.file, "awardUpdate", fragment, CardFacts(stage="failed"), actor, at)
    mail.tell_refused(row, reason.strip(), at)
    return row
