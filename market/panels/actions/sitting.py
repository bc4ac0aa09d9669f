"""What a member does: declare, step down, score, finish; and the officer's release of one who does not appear."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from market.db.session import db
from market.kernel.canonical import digest, plain
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Actor
from market.kernel.text import N_
from market.panels.actions.forming import Call
from market.panels.models import Expert, ExpertTie, Panel, Score, Seat
from market.panels.rules import (
    DECLARATION,
    Avoided,
    avoided,
)
from market.panels.states import SEAT_MACHINE, SeatState, SeatVerb
from market.records.moves import move


def _require_own(actor: Actor, seat: Seat) -> None:
    if seat.user_id != actor.user_id:
        raise Forbidden(N_("只有该席位的评审组成员本人可以办理。"))
    if seat.panel.closed_at is not None:
        raise Refused(N_("评审已经结束，不能再办理。"))


def declare(
    actor: Actor, seat: Seat, call: Call, confirmed: Collection[int], at: datetime, text: str = DECLARATION
) -> None:
    """Declare to have no tie with any of the bidders, who are named one by one in `confirmed`.

    The signed act is the digest over text, bidders, member and time; the values stand in the chain behind a commitment.
    Raises Refused when a bidder is not confirmed, or when the register knows a tie.
    """
    _require_own(actor, seat)
    if set(confirmed) != set(call.bidders):
        raise Refused(N_("请逐一确认与名单中的每一家都没有利害关系；如有，请申请回避。"), field="confirmed")
    _refuse_known_tie(actor, seat, call)
    declaration = {
        "form": "linli.declaration.1",
        "subject": list(call.subject),
        "seat": seat.id,
        "member": seat.user_id,
        "bidders": [{"id": key, "name": call.bidders[key]} for key in sorted(call.bidders)],
        "text": text,
        "at": at,
    }
    seat.declaration_digest, seat.acted_at = digest(declaration), at
    move(seat, SEAT_MACHINE, SeatVerb.DECLARE, actor, at, private={"declaration": plain(declaration)})


def _refuse_known_tie(actor: Actor, seat: Seat, call: Call) -> None:
    expert = db.session.get(Expert, seat.expert_id) if seat.expert_id else None
    ties = list(db.session.scalars(select(ExpertTie).filter_by(expert_id=seat.expert_id))) if expert else []
    why = avoided(seat.user_id, expert.employer if expert else "", ties, call.circle())
    # A representative is one of the street's own staff, and that is lawful.
    if why is None or (seat.is_representative and why[0] in {Avoided.STREET, Avoided.STAFF}):
        return
    raise Refused(N_("登记信息显示您与本项目存在应当回避的关系（%(other)s），请申请回避。"), other=why[1] or actor.name)


def recuse(actor: Actor, seat: Seat, reason: str, at: datetime) -> None:
    """Give the seat up with a reason; the caller fills it again with `redraw`."""
    _require_own(actor, seat)
    _give_up(actor, seat, SeatVerb.RECUSE, reason, at)


def release(actor: Actor, seat: Seat, reason: str, at: datetime, *, owing: bool = False) -> None:
    """An officer's act: the member does not appear, the seat is vacant. The reason goes into the report.

    A final sheet stays, unless the member still owes the panel something else (`owing`, known to the room above).
    """
    if seat.state == SeatState.FINAL and not owing:
        raise Refused(N_("该成员已提交评分，不能换人。"))
    _give_up(actor, seat, SeatVerb.RELEASE, reason, at)


def _give_up(actor: Actor, seat: Seat, verb: SeatVerb, reason: str, at: datetime) -> None:
    if not reason.strip():
        raise Refused(N_("请写明理由。"), field="reason")
    seat.recusal_reason, seat.acted_at = reason.strip(), at
    move(seat, SEAT_MACHINE, verb, actor, at, private={"reason": reason.strip()})


class Given(NamedTuple):
    """One score in hundredths, its reason, or both; None leaves a part as it is, `clear` empties a score."""

    criterion_id: int
    score_centi: int | None = None
    reason: str | None = None
    clear: bool = False


def put_scores(actor: Actor, seat: Seat, scored: tuple[str, int], given: Collection[Given], at: datetime) -> None:
    """Save scores and reasons while the sheet is open. Limits are checked by the caller, who knows the criteria."""
    _require_own(actor, seat)
    if seat.state != SeatState.DECLARED:
        raise Refused(N_("声明利害关系之后、提交评分之前才能打分。"))
    kind, scored_id = scored
    rows = db.session.scalars(select(Score).filter_by(seat_id=seat.id, scored_kind=kind, scored_id=scored_id))
    known = {row.criterion_id: row for row in rows}
    for part in given:
        row = known.get(part.criterion_id)
        if row is None:
            row = Score(
                seat_id=seat.id, scored_kind=kind, scored_id=scored_id, criterion_id=part.criterion_id, reason=""
            )
            db.session.add(row)
        if part.score_centi is not None or part.clear:
            row.score_centi = part.score_centi
        if part.reason is not None:
            row.reason = part.reason.strip()
        row.at = at
    db.session.flush()


def finish_sheet(
    actor: Actor, seat: Seat, kind: str, required: Collection[tuple[int, int]], dissent: str, at: datetime
) -> None:
    """Make the sheet final: a score with a reason for every (scored, criterion) of `required`.

    Silence counts as agreement with the result, so a dissent is written here (条例 art. 41). Cannot be undone.
    """
    _require_own(actor, seat)
    rows = db.session.scalars(select(Score).filter_by(seat_id=seat.id, scored_kind=kind)).all()
    given = {(s.scored_id, s.criterion_id): s for s in rows if s.score_centi is not None and s.reason}
    missing = len(set(required) - set(given))
    if missing:
        raise Refused(N_("还有 %(missing)d 项没有打分或没有写理由，补全后才能提交。"), missing=missing)
    sheet = [[*pair, given[pair].score_centi, given[pair].reason] for pair in sorted(required)]
    seat.dissent, seat.acted_at = dissent.strip(), at
    move(seat, SEAT_MACHINE, SeatVerb.FINISH, actor, at, private={"sheet": sheet, "dissent": seat.dissent})


def close_panel(panel: Panel, at: datetime) -> None:
    """End the panel's work; called by the room above together with its own decision."""
    panel.closed_at = at
