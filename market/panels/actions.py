"""The register of experts; forming a panel by draw; declarations, replacements, score sheets.

What is scored is named by opaque keys: who sits in judgement over what, and which pages show it, is the business of the
rooms above, which pass a `Call`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from market.db.session import db
from market.kernel.canonical import digest, plain
from market.kernel.categories import Category
from market.kernel.errors import Forbidden, Refused, Stale
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.panels.models import Draw, Expert, ExpertTie, Panel, Score, Seat
from market.panels.queries import circle, in_field, live, representatives
from market.panels.rules import (
    DECLARATION,
    Avoided,
    Circle,
    avoided,
    check_size,
    commitment_of,
    draw,
    least_size,
    place,
    seed_of,
)
from market.panels.states import SEAT_MACHINE, SeatState, SeatVerb, TieKind
from market.people.models import User
from market.records.audit import record
from market.records.moves import move

# --- the register -----------------------------------------------------------------------------------------------------


def _require_keeper(actor: Actor) -> None:
    # The register is national, so an officer of any district keeps it.
    if not actor.scopes(Permit.EXPERT_MANAGE):
        require(actor, Permit.EXPERT_MANAGE, Scope())


def add_expert(
    actor: Actor, user: User, fields: Collection[Category], employer: str, title: str, at: datetime
) -> Expert:
    """Enter a person into the register. Needs an account that may score; its grants must be loaded."""
    _require_keeper(actor)
    if Permit.BID_SCORE not in user.actor().permits():
        raise Refused(N_("该账号还没有“评审专家”角色，请先由账号管理员授予。"), field="login")
    if not fields:
        raise Refused(N_("请至少选择一个专业领域。"), field="fields")
    if db.session.scalar(select(Expert.id).filter_by(user_id=user.id)) is not None:
        raise Refused(N_("该人员已在专家库中。"), field="login")
    row = Expert(
        user_id=user.id,
        name=user.name,
        fields=",".join(sorted(fields)),
        employer=employer.strip(),
        title=title.strip(),
        active=True,
        added_at=at,
        ties=[],
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "add", actor, at, facts={"fields": row.fields}, private={"name": row.name, "user": user.id})
    return row


def set_active(actor: Actor, row: Expert, active: bool, at: datetime) -> None:
    """Take an expert out of coming draws, or back in; seats already drawn stay."""
    _require_keeper(actor)
    row.active = active
    record(row.subject, "activate" if active else "deactivate", actor, at)


def add_tie(
    actor: Actor,
    row: Expert,
    kind: TieKind,
    at: datetime,
    *,
    organisation_id: int | None = None,
    street_id: int | None = None,
    began_on: date | None = None,
    ended_on: date | None = None,
    note: str = "",
) -> ExpertTie:
    """Write down a tie with an organisation or a street; experts may do so for themselves. `row` comes with its ties."""
    if row.user_id != actor.user_id:
        _require_keeper(actor)
    if (organisation_id is None) == (street_id is None):
        raise Refused(N_("请选择一个机构或一个街道。"), field="organisation_id")
    if began_on and ended_on and ended_on < began_on:
        raise Refused(N_("结束日期不能早于开始日期。"), field="ended_on")
    tie = ExpertTie(
        kind=kind.value,
        organisation_id=organisation_id,
        street_id=street_id,
        began_on=began_on,
        ended_on=ended_on,
        note=note.strip(),
    )
    row.ties.append(tie)
    db.session.flush()
    private = {"kind": kind.value, "organisation": organisation_id, "street": street_id}
    record(row.subject, "tie", actor, at, private=private)
    return tie


# --- forming a panel --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """What a panel is wanted for: the subject and its purchase, the field, whom to avoid, and the draw's two halves.

    `began_on`: the day the purchase began (ties look back from it); `opened_at`: who was registered later is not drawn.
    """

    subject: tuple[str, int]
    file_id: int
    scope: Scope
    street_name: str
    category: str
    rules: RuleSet
    budget_fen: int
    began_on: date
    opened_at: datetime
    bidders: Mapping[int, str]
    writers: frozenset[int]
    commitment: str
    secret: str
    public_part: str

    def circle(self) -> Circle:
        """Whom to keep the distance from."""
        return circle(
            day=self.began_on,
            months=self.rules["panel.recusal_months"],
            bidders=self.bidders,
            scope=self.scope,
            street_name=self.street_name,
            writers=self.writers,
        )


def form_panel(
    actor: Actor,
    call: Call,
    at: datetime,
    *,
    size: int,
    expert_seats: int,
    grounds: Collection[str] = (),
    sitting: Collection[int] = (),
) -> Panel:
    """Form a panel: `sitting` are the purchaser's representatives by user id, the other seats are drawn.

    Raises Refused for an illegal size, a secret that is not the announced one, too small a pool, a second panel.
    """
    require(actor, Permit.PANEL_DRAW, call.scope)
    kind, subject_id = call.subject
    if db.session.scalar(select(Panel.id).filter_by(subject_kind=kind, subject_id=subject_id)) is not None:
        raise Stale(N_("评审组已经抽取，请刷新页面查看。"))
    share: tuple[int, int] = call.rules["panel.expert_share_min"]
    check_size(size, expert_seats, least_size(call.rules, call.budget_fen, grounds), share)
    seats = set(sitting)
    if len(seats) != size - expert_seats:
        needed = size - expert_seats
        raise Refused(N_("请选择 %(needed)d 名采购人代表，或全部席位由专家担任。"), field="sitting", needed=needed)
    if seats - {user.id for user in representatives(call.scope, call.writers)}:
        raise Refused(N_("所选人员不能担任采购人代表。"), field="sitting")
    panel = Panel(
        subject_kind=kind,
        subject_id=subject_id,
        file_id=call.file_id,
        district_id=call.scope.district_id,
        street_id=call.scope.street_id,
        size=size,
        expert_seats=expert_seats,
        formed_at=at,
        seats=[],
    )
    db.session.add(panel)
    db.session.flush()
    _draw(actor, call, panel, at, count=expert_seats, reason="", grounds=grounds)
    for user_id in sorted(seats):
        _seat(panel, user_id, None)
    db.session.flush()
    return panel


def redraw(actor: Actor, call: Call, panel: Panel, reason: str, at: datetime) -> list[Seat]:
    """Fill vacant seats with the next in the same order; return the new ones, fewer when the field has nobody left.

    Follows from a recusal by itself and asks for no permit. Whoever holds a seat or gave one up is passed over. When
    the pool of the first draw is used up, experts registered since join it; the record says who was in it.
    """
    wanted = panel.size - len(live(panel))
    return _draw(actor, call, panel, at, count=wanted, reason=reason) if wanted else []


def _draw(
    actor: Actor, call: Call, panel: Panel, at: datetime, *, count: int, reason: str, grounds: Collection[str] = ()
) -> list[Seat]:
    if commitment_of(call.secret) != call.commitment:
        raise Refused(N_("抽取用的秘密值与公告中的摘要不符，不能抽取；请联系平台管理员核查。"))
    around, taken = call.circle(), {seat.user_id for seat in panel.seats}
    pool, left_out = _pool(call, around, taken, call.opened_at)
    if taken and len(pool) < count:
        pool, left_out = _pool(call, around, taken, None)
        count = min(count, len(pool))
    seed = seed_of(call.secret, call.public_part)
    drawn = draw(seed, pool, count)
    number = 1 + len(db.session.scalars(select(Draw.id).filter_by(panel_id=panel.id)).all())
    row = Draw(
        panel_id=panel.id,
        number=number,
        commitment=call.commitment,
        secret=call.secret,
        public_part=call.public_part,
        seed=seed,
        pool=sorted(
            ({"key": key, "name": e.name, "place": place(seed, key)} for key, e in pool.items()),
            key=lambda entry: entry["place"],
        ),
        avoided=left_out,
        result=drawn,
        reason=reason,
        at=at,
    )
    db.session.add(row)
    seats = [_seat(panel, pool[key].user_id, pool[key].id) for key in drawn]
    db.session.flush()
    facts = {"number": number, "seats": count, "pool": len(pool), "avoided": len(left_out), "grounds": sorted(grounds)}
    record(
        panel.subject,
        "draw",
        actor,
        at,
        permit=Permit.PANEL_DRAW if number == 1 else None,
        facts={**facts, "size": panel.size, "experts": panel.expert_seats, "record": digest(row.as_data())},
        private={"seats": [seat.user_id for seat in seats], "reason": reason},
    )
    return seats


def _pool(
    call: Call, around: Circle, taken: Collection[int], until: datetime | None
) -> tuple[dict[str, Expert], list[dict[str, str]]]:
    pool: dict[str, Expert] = {}
    left_out: list[dict[str, str]] = []
    for expert in in_field(call.category, until):
        if expert.user_id in taken:
            continue
        why = avoided(expert.user_id, expert.employer, expert.ties, around)
        if why is None:
            pool[expert.key] = expert
        else:
            left_out.append({"key": expert.key, "name": expert.name, "why": why[0].value, "other": why[1]})
    return pool, left_out


def _seat(panel: Panel, user_id: int, expert_id: int | None) -> Seat:
    seat = Seat(
        user_id=user_id,
        expert_id=expert_id,
        number=len(panel.seats) + 1,
        is_representative=expert_id is None,
        state=SeatState.DRAWN.value,
        recusal_reason="",
        dissent="",
    )
    panel.seats.append(seat)
    return seat


# --- what a member does -----------------------------------------------------------------------------------------------


def _require_own(actor: Actor, seat: Seat) -> None:
    if seat.user_id != actor.user_id:
        raise Forbidden(N_("只有该席位的评审组成员本人可以办理。"))
    if seat.panel.closed_at is not None:
        raise Refused(N_("评审已经结束，不能再办理。"))


def declare(actor: Actor, seat: Seat, call: Call, confirmed: Collection[int], at: datetime) -> None:
    """Declare to have no tie with any of the bidders, who are named one by one in `confirmed`.

    The signed act is the digest over text, bidders, member and time; the values stand in the chain behind a commitment.
    Raises Refused when a bidder is not confirmed, or when the register knows a tie.
    """
    _require_own(actor, seat)
    if set(confirmed) != set(call.bidders):
        raise Refused(N_("请逐一确认与每个投标人都没有利害关系；如有，请申请回避。"), field="confirmed")
    _refuse_known_tie(actor, seat, call)
    declaration = {
        "form": "linli.declaration.1",
        "subject": list(call.subject),
        "seat": seat.id,
        "member": seat.user_id,
        "bidders": [{"id": key, "name": call.bidders[key]} for key in sorted(call.bidders)],
        "text": DECLARATION,
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


def release(actor: Actor, seat: Seat, reason: str, at: datetime) -> None:
    """An officer's act: the member does not appear, the seat is vacant. The reason is published with the draws."""
    _give_up(actor, seat, SeatVerb.RELEASE, reason, at)


def _give_up(actor: Actor, seat: Seat, verb: SeatVerb, reason: str, at: datetime) -> None:
    if not reason.strip():
        raise Refused(N_("请写明理由。"), field="reason")
    seat.recusal_reason, seat.acted_at = reason.strip(), at
    move(seat, SEAT_MACHINE, verb, actor, at, private={"reason": reason.strip()})


def put_score(
    actor: Actor,
    seat: Seat,
    scored: tuple[str, int],
    criterion_id: int,
    at: datetime,
    *,
    score_centi: int | None = None,
    reason: str | None = None,
    clear: bool = False,
) -> Score:
    """Save a score in hundredths, or its reason, or both, while the sheet is open; None leaves a part as it is.

    `clear` empties the score. Limits of the criterion are checked by the caller, who knows it.
    """
    _require_own(actor, seat)
    if seat.state != SeatState.DECLARED:
        raise Refused(N_("声明利害关系之后、提交评分之前才能打分。"))
    kind, scored_id = scored
    key = {"seat_id": seat.id, "scored_kind": kind, "scored_id": scored_id, "criterion_id": criterion_id}
    row = db.session.scalar(select(Score).filter_by(**key))
    if row is None:
        row = Score(**key, score_centi=None, reason="", at=at)
        db.session.add(row)
    if score_centi is not None or clear:
        row.score_centi = score_centi
    if reason is not None:
        row.reason = reason.strip()
    row.at = at
    db.session.flush()
    return row


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
