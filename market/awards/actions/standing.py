"""What becomes of an award that was made: suspended, standing again, annulled, given up."""

from __future__ import annotations

from datetime import datetime

from market.awards import queries
from market.awards.models import Award
from market.awards.notices import status_fragment
from market.awards.rules import decline_bar
from market.awards.states import AWARD_MACHINE, AwardState, AwardVerb
from market.db.session import db
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell
from market.records.models import PurchaseFile
from market.records.moves import move
from market.records.notices import CardFacts, publish
from market.tenders.actions import fail_lot
from market.tenders.queries import lot as find_lot
from market.tenders.states import LOT_MACHINE, LotVerb


def suspend(row: Award, actor: Actor, at: datetime, reason: str) -> None:
    """Stop an award while a challenge is open; no contract may be signed (条例 54)."""
    move(row, AWARD_MACHINE, AwardVerb.SUSPEND, actor, at, facts={"reason": reason})
    _publish_status(row, actor, at, reason, "suspended")


def reinstate(row: Award, actor: Actor, at: datetime) -> None:
    """Let a suspended award stand again."""
    move(row, AWARD_MACHINE, AwardVerb.REINSTATE, actor, at)
    _publish_status(row, actor, at, N_("质疑处理完毕，成交结果有效。"), "awarded")


def annul(row: Award, actor: Actor, at: datetime, reason: str, *, rerun: bool) -> None:
    """Annul a suspended award. The lot goes back to its ranking, or fails when `rerun` asks for a new purchase."""
    move(row, AWARD_MACHINE, AwardVerb.ANNUL, actor, at, facts={"reason": reason})
    _fall(row, actor, at, reason, LotVerb.UNAWARD, rerun)


def decline(actor: Actor, row: Award, reason: str, at: datetime) -> None:
    """Write down that the supplier gave the award up; the next in rank follows (条例 49).

    Raises Refused once the contract is signed. The award is locked first, as signing does, so that only one of both
    happens.
    """
    row = queries.award(row.id, lock=True) or row
    require(actor, Permit.AWARD_CONFIRM, row.subject.scope)
    bar = decline_bar(signed=queries.contract_signed(row))
    if bar is not None:
        raise Refused(bar)
    move(row, AWARD_MACHINE, AwardVerb.DECLINE, actor, at, facts={"reason": reason})
    _fall(row, actor, at, reason, LotVerb.PASS_OVER, False)


def _fall(row: Award, actor: Actor, at: datetime, reason: str, verb: LotVerb, rerun: bool) -> None:
    _publish_status(row, actor, at, reason, "evaluated")
    tell(
        holders(Permit.BID_DRAFT, Scope(organisation_id=row.organisation_id)),
        N_("资助已撤销：%(title)s") if row.is_project else N_("成交结果无效：%(title)s"),
        N_("“%(title)s”的结果已不再有效，原因见公告。"),
        f"/awards/{row.id}",
        at,
        {"title": row.title},
    )
    if row.subject_kind != "lot":
        return
    lot = find_lot(row.subject_id)
    assert lot is not None
    if rerun:
        fail_lot(lot, reason, actor, at)
    else:
        move(lot, LOT_MACHINE, verb, actor, at, facts={"reason": reason})


def _publish_status(row: Award, actor: Actor, at: datetime, reason: str, stage: str) -> None:
    tag = "awardCancellation" if row.state == AwardState.ANNULLED else "awardUpdate"
    file = db.session.get_one(PurchaseFile, row.file_id)
    publish(file, tag, status_fragment(row, reason), CardFacts(stage=stage), actor, at)
