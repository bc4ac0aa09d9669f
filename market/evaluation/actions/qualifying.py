"""The qualification check: every bid against every condition, then one act that cannot be undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from market.bids.models import OpenedBid
from market.db.session import db
from market.evaluation import queries
from market.evaluation.actions.lots import fail_if_too_few, locked, reject
from market.evaluation.models import PurchaseHelper, QualificationCheck
from market.evaluation.rules import Candidate, Finding, enough, findings
from market.evaluation.states import FINDING_LABELS, Verdict
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit
from market.kernel.seen import marks_in, require_seen, seen_mark
from market.kernel.text import N_, joined
from market.organisations.queries import may_bid
from market.records.audit import record
from market.records.moves import move
from market.tenders.models import Lot, QualificationItem
from market.tenders.queries import rules_of
from market.tenders.states import LOT_MACHINE, LotState, LotVerb

WHY_UNMET = N_("“%(name)s”的“%(item)s”不符合，请写明理由。")


class Tick(NamedTuple):
    """One cell of the desk; None leaves that part as it is."""

    bid_id: int
    item_id: int
    passed: bool | None = None
    reason: str | None = None


def check_bid(
    actor: Actor, bid: OpenedBid, item_id: int, at: datetime, *, passed: bool | None = None, reason: str | None = None
) -> None:
    """Tick one condition of one bid, or write its reason."""
    check_bids(actor, bid.lot_id, [Tick(bid.id, item_id, passed, reason)], at)


def check_bids(actor: Actor, lot_id: int, ticks: Iterable[Tick], at: datetime) -> None:
    """Save ticks and reasons; nothing is decided before `finish_qualification`. Refuses a stranger's cell."""
    lot = locked(actor, Permit.BID_QUALIFY, lot_id, LotState.OPENED, qualifications=True)
    items = {item.id for item in lot.tender.qualifications}
    bids = {bid.id for bid in queries.bids(lot.id)}
    known = queries.checks(lot.id)
    for tick in ticks:
        if tick.bid_id not in bids or tick.item_id not in items:
            raise Refused(N_("审查项与本标段不符，请刷新页面。"))
        row = known.get((tick.bid_id, tick.item_id))
        if row is None:
            row = QualificationCheck(opened_bid_id=tick.bid_id, item_id=tick.item_id, reason="", checked_at=at)
            db.session.add(row)
            known[tick.bid_id, tick.item_id] = row
        if tick.passed is not None:
            row.passed = tick.passed
        if tick.reason is not None:
            row.reason = tick.reason.strip()
        row.checked_by, row.checked_at = actor.user_id, at
    db.session.flush()


def note_helper(actor: Actor, lot_id: int, organisation_id: int, role: str, at: datetime) -> PurchaseHelper:
    """Write down that an organisation shaped this purchase; its bid is then invalid (条例 art. 18; row 26)."""
    lot = locked(actor, Permit.BID_QUALIFY, lot_id, LotState.OPENED)
    if role not in rules_of(lot.tender)["bids.barred_roles"]:
        raise Refused(N_("请选择参与的事项。"), field="role")
    key = {"tender_id": lot.tender_id, "organisation_id": organisation_id}
    row = db.session.scalar(select(PurchaseHelper).filter_by(**key))
    if row is None:
        row = PurchaseHelper(**key)
        db.session.add(row)
    row.role, row.noted_by, row.noted_at = role, actor.user_id, at
    db.session.flush()
    record(
        lot.subject,
        "helper",
        actor,
        at,
        permit=Permit.BID_QUALIFY,
        facts={"organisation": organisation_id, "role": role},
    )
    return row


def withdraw_helper(actor: Actor, lot_id: int, organisation_id: int, reason: str, at: datetime) -> None:
    """Take back what `note_helper` wrote down by mistake, with a reason; both stay in the chain.

    Raises Refused once this lot, or another lot of the purchase in which the organisation bids, has been decided on.
    """
    lot = locked(actor, Permit.BID_QUALIFY, lot_id, LotState.OPENED)
    row = db.session.scalar(
        select(PurchaseHelper).filter_by(tender_id=lot.tender_id, organisation_id=organisation_id).with_for_update()
    )
    if row is None:
        raise Refused(N_("这条登记已经取消，请刷新页面查看。"))
    if not reason.strip():
        raise Refused(N_("请写明理由。"), field="reason")
    if queries.decided_elsewhere(lot, organisation_id):
        raise Refused(N_("本项目的另一标段已据此完成资格审查，不能再取消登记。"))
    role = row.role
    db.session.delete(row)
    db.session.flush()
    record(
        lot.subject,
        "withdraw_helper",
        actor,
        at,
        permit=Permit.BID_QUALIFY,
        facts={"organisation": organisation_id, "role": role},
        private={"reason": reason.strip()},
    )


def system_findings(lot: Lot, bids: Iterable[OpenedBid], at: datetime) -> dict[int, list[Finding]]:
    """What the system holds against each bid, by bid number."""
    day = beijing_day(at)
    candidates = [
        Candidate(b.number, b.organisation_id, b.price_fen, may_bid(b.organisation, day) is None) for b in bids
    ]
    roles = {h.organisation_id: h.role for h in queries.helpers(lot.tender_id)}
    return findings(candidates, lot.ceiling_fen, roles, rules_of(lot.tender)["bids.barred_roles"])


def desk_marks(
    known: Mapping[tuple[int, int], QualificationCheck], held: Mapping[int, list[Finding]]
) -> dict[str, str]:
    """By what the desk's page remembers what it showed: each cell, and what the system holds against the bids."""
    cells = {f"{bid}-{item}": seen_mark([row.passed, row.reason]) for (bid, item), row in known.items()}
    return cells | {"held": seen_mark(sorted([number, sorted(found)] for number, found in held.items() if found))}


def _require_shown(
    actor: Actor,
    seen: str | None,
    known: Mapping[tuple[int, int], QualificationCheck],
    held: Mapping[int, list[Finding]],
) -> None:
    """Refuse what a colleague has written since the page was shown; the own cells save themselves while it is open."""
    if seen is None:
        return
    shown, own = marks_in(seen), {f"{b}-{i}" for (b, i), row in known.items() if row.checked_by == actor.user_id}
    for name, mark in desk_marks(known, held).items():
        if name not in own:
            require_seen(shown.get(name, ""), mark)


def finish_qualification(actor: Actor, lot_id: int, at: datetime, *, seen: str | None = None) -> int:
    """Decide on every bid, tell those that are invalid, and go on or fail the lot; return how many are valid.

    `seen` are the `desk_marks` of what the page showed, as JSON; whoever acts without a page leaves it out. Raises
    Refused when a colleague has changed something since, while the opening is not complete, a cell is empty or an
    unmet condition has no reason. A bid that was invalid at the opening, or against which the system holds something,
    needs no ticks. Cannot be undone.
    """
    lot = locked(actor, Permit.BID_QUALIFY, lot_id, LotState.OPENED, qualifications=True)
    opening = queries.opening(lot.id)
    if opening is None or opening.completed_at is None:
        raise Refused(N_("投标文件还在解密，全部解密后才能完成资格审查。"))
    bids, known = queries.bids(lot.id), queries.checks(lot.id)
    held = system_findings(lot, bids, at)
    _require_shown(actor, seen, known, held)
    rejected = []
    for bid in bids:
        if bid.verdict == Verdict.INVALID:
            continue
        faults = [FINDING_LABELS[one] for one in held[bid.number]] or unmet(bid, lot.tender.qualifications, known)
        bid.verdict = Verdict.INVALID.value if faults else Verdict.VALID.value
        bid.verdict_reason = joined(faults)
        if faults:
            rejected.append((bid.id, bid.organisation_id, bid.verdict_reason))
    db.session.flush()
    reject(lot, rejected, at)
    valid, least = sum(b.verdict == Verdict.VALID for b in bids), rules_of(lot.tender)["evaluation.min_qualified"]
    facts = {"bids": len(bids), "least": least}
    ticks = [[c.opened_bid_id, c.item_id, c.passed, c.reason] for _, c in sorted(known.items())]
    invalid = [[b.number, b.verdict_reason] for b in bids if b.verdict == Verdict.INVALID]
    # Public with the result (docs/publicity.md); the chain is public at once.
    private = {"ticks": ticks, "invalid": invalid, "valid": valid}
    if enough(valid, least):
        move(lot, LOT_MACHINE, LotVerb.QUALIFY, actor, at, facts=facts, private=private)
    else:
        record(lot.subject, "qualify", actor, at, permit=Permit.BID_QUALIFY, facts=facts, private=private)
        fail_if_too_few(actor, lot, least, at)
    return valid


def unmet(
    bid: OpenedBid, items: Iterable[QualificationItem], known: Mapping[tuple[int, int], QualificationCheck]
) -> list[str]:
    """Return the conditions this bid does not meet, each with its reason. Raises Refused for what is not filled in."""
    faults = []
    for item in items:
        row = known.get((bid.id, item.id))
        if row is None or row.passed is None:
            raise Refused(
                N_("“%(name)s”的“%(item)s”还没有审查。"),
                field=f"mark-{bid.id}-{item.id}",
                name=bid.organisation.name,
                item=item.title,
            )
        if not row.passed and not row.reason:
            field = f"reason-{bid.id}-{item.id}"
            raise Refused(WHY_UNMET, field=field, name=bid.organisation.name, item=item.title)
        if not row.passed:
            faults.append(f"{item.title}：{row.reason}")
    return faults
