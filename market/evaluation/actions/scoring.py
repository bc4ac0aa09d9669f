"""The panel of a lot: draw, declarations, replacements, score sheets; adds what `panels` cannot know of a purchase."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from market.evaluation import queries
from market.evaluation.actions.lots import GONE, SUBJECT, locked
from market.evaluation.mail import tell_drawn
from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.money import format_centi
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.panels import actions as panels
from market.panels.models import Expert, Panel, Seat
from market.panels.queries import panel_for
from market.panels.queries import seat as seat_of
from market.records.audit import require_other_hands
from market.tenders.models import Lot
from market.tenders.queries import draw_secret, rules_of
from market.tenders.states import LotState

SCORED = "bid"


def _call(lot: Lot, writers: frozenset[int] | None = None) -> panels.Call:
    """What the panel of this lot is wanted for. Every bidder counts, also one whose bid is invalid by now."""
    opening, tender = queries.opening(lot.id), lot.tender
    if opening is None or opening.completed_at is None:
        raise Refused(N_("投标文件还在解密，全部解密后才能抽取评审组。"))
    if not lot.draw_secret or not lot.draw_commitment:
        raise Refused(N_("公告时没有留下抽取用的秘密值，不能抽取；请联系平台管理员核查。"))
    return panels.Call(
        subject=(SUBJECT, lot.id),
        file_id=lot.file_id,
        scope=lot.subject.scope,
        street_name=tender.street.name,
        categories=(tender.category,),
        rules=rules_of(tender),
        budget_fen=tender.budget_fen,
        began_on=beijing_day(tender.notice_at or opening.at),
        opened_at=opening.at,
        bidders=queries.bidders(lot.id),
        writers=queries.writers(tender) if writers is None else writers,
        commitment=lot.draw_commitment,
        secret=draw_secret(lot).hex(),
        public_part=opening.record_digest,
    )


def draw_preview(lot: Lot, writers: frozenset[int]) -> tuple[list[Expert], list[dict[str, str]]]:
    """Return who could be drawn for this lot, and who is avoided and why. Refuses before the opening is whole.

    `writers` of the requirement (`queries.writers`) are asked once, for the caller needs them as well.
    """
    return panels.preview(_call(lot, writers))


def draw_panel(
    actor: Actor,
    lot_id: int,
    at: datetime,
    *,
    size: int,
    expert_seats: int,
    grounds: Collection[str] = (),
    sitting: Collection[int] = (),
) -> Panel:
    """Draw the panel of a lot and call its members; see `panels.actions.form_panel`. Cannot be undone."""
    lot = locked(actor, Permit.PANEL_DRAW, lot_id, LotState.OPENED, LotState.QUALIFIED)
    call = _call(lot)
    panel = panels.form_panel(actor, call, at, size=size, expert_seats=expert_seats, grounds=grounds, sitting=sitting)
    tell_drawn(lot, [seat.user_id for seat in panel.seats], at)
    return panel


def refill_panel(actor: Actor, lot_id: int, reason: str, at: datetime) -> list[Seat]:
    """Fill vacant seats when nobody could move up by itself. Raises Refused when the field still has nobody."""
    lot = locked(actor, Permit.PANEL_DRAW, lot_id, LotState.OPENED, LotState.QUALIFIED)
    panel = _panel(lot)
    if not reason.strip():
        raise Refused(N_("请写明理由。"), field="reason")
    found = _refill(actor, lot, panel, reason.strip(), at)
    if not found:
        raise Refused(N_("没有空缺席位，或专家库中没有可以递补的专家；请先在专家库补充该领域专家。"), field="reason")
    return found


def _refill(actor: Actor, lot: Lot, panel: Panel, reason: str, at: datetime) -> list[Seat]:
    found = panels.redraw(actor, _call(lot), panel, reason, at)
    tell_drawn(lot, [seat.user_id for seat in found], at)
    return found


def _panel(lot: Lot) -> Panel:
    panel = panel_for(SUBJECT, lot.id)
    if panel is None:
        raise Refused(N_("评审组还没有抽取。"))
    return panel


# --- members ----------------------------------------------------------------------------------------------------------


def _own(actor: Actor, seat_id: int, *, lock: bool = True) -> Seat:
    """The actor's own seat; somebody else's does not exist."""
    seat = seat_of(seat_id, lock=lock)
    if seat is None or seat.user_id != actor.user_id or seat.panel.subject_kind != SUBJECT:
        raise NotFound(GONE)
    return seat


def declare(actor: Actor, seat_id: int, confirmed: Collection[int], at: datetime) -> Seat:
    """Declare to have no tie with any bidder (`confirmed`: every organisation's id). Opens the bids to the member."""
    seat = _own(actor, seat_id)
    lot = _lot_of(seat)
    require_other_hands(actor, Permit.BID_SCORE, "tender", lot.tender_id)
    require_other_hands(actor, Permit.BID_SCORE, "lot", lot.id)
    panels.declare(actor, seat, _call(lot), confirmed, at)
    return seat


def recuse(actor: Actor, seat_id: int, reason: str, at: datetime) -> list[Seat]:
    """Step down with a reason; the next in the order moves up. Returns who did; nobody when the field is used up."""
    seat = _own(actor, seat_id)
    panels.recuse(actor, seat, reason, at)
    return _replace(actor, seat, at)


def release(actor: Actor, seat_id: int, reason: str, at: datetime) -> list[Seat]:
    """An officer replaces a member who does not appear; the reason goes into the report.

    Never one whose opinion on a low price is waiting for the conclusion: an officer who sees the opinions shall not
    choose among them. With the sheet final, only one who still owes such an opinion.
    """
    seat = seat_of(seat_id, lock=True)
    if seat is None or seat.panel.subject_kind != SUBJECT:
        raise NotFound(GONE)
    require(actor, Permit.PANEL_DRAW, seat.subject.scope)
    if queries.heard_open(seat.id):
        raise Refused(N_("该成员已对报价说明提出意见，结论记录之前不能换人。"))
    panels.release(actor, seat, reason, at, owing=seat.id in queries.seats_owing(seat.panel.subject_id, at))
    return _replace(actor, seat, at)


def _replace(actor: Actor, seat: Seat, at: datetime) -> list[Seat]:
    lot = _lot_of(seat)
    return _refill(actor, lot, _panel(lot), seat.recusal_reason, at)


def _lot_of(seat: Seat, *, criteria: bool = False) -> Lot:
    lot = queries.lot(seat.panel.subject_id, criteria=criteria)
    if lot is None:
        raise NotFound(GONE)
    return lot


def scoring_lot(seat: Seat) -> Lot:
    """Return the lot a seat scores, criteria loaded. Raises Refused until the qualification check is done."""
    lot = _lot_of(seat, criteria=True)
    if lot.state != LotState.QUALIFIED:
        raise Refused(N_("资格审查完成之后、评审结束之前才能打分。"))
    return lot


def put_score(
    actor: Actor,
    seat_id: int,
    bid_id: int,
    criterion_id: int,
    at: datetime,
    *,
    score_centi: int | None = None,
    reason: str | None = None,
    clear: bool = False,
) -> None:
    """Save one score, or its reason, or both; see `put_scores`."""
    put_scores(actor, seat_id, bid_id, [panels.Given(criterion_id, score_centi, reason, clear)], at)


def put_scores(actor: Actor, seat_id: int, bid_id: int, given: Iterable[panels.Given], at: datetime) -> None:
    """Save scores and reasons of one bid. Refuses more than a criterion's greatest score."""
    seat = _own(actor, seat_id, lock=False)
    lot, parts = scoring_lot(seat), list(given)
    criteria = {c.id: c for c in queries.quality_criteria(lot)}
    known_bid = bid_id in {bid.id for bid in queries.bids(lot.id, valid_only=True)}
    for part in parts:
        criterion = criteria.get(part.criterion_id)
        if criterion is None or not known_bid:
            raise Refused(N_("评分项与本标段不符，请刷新页面。"))
        if part.score_centi is not None and not 0 <= part.score_centi <= criterion.max_centi:
            raise Refused(
                N_("“%(title)s”满分 %(most)s 分，请填写 0 到 %(most)s。"),
                field=f"score-{criterion.id}",
                title=criterion.title,
                most=format_centi(criterion.max_centi),
            )
    panels.put_scores(actor, seat, (SCORED, bid_id), parts, at)


def finish_sheet(actor: Actor, seat_id: int, dissent: str, at: datetime) -> Seat:
    """Make the own sheet final, with a dissent where there is one. Cannot be undone."""
    seat = _own(actor, seat_id)
    lot = scoring_lot(seat)
    required = [(b.id, c.id) for b in queries.bids(lot.id, valid_only=True) for c in queries.quality_criteria(lot)]
    panels.finish_sheet(actor, seat, SCORED, required, dissent, at)
    return seat
