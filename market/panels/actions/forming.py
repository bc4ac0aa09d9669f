"""Forming a panel by draw, and filling seats again.

What is scored is named by opaque keys: who sits in judgement over what is the business of the rooms above, which pass a
`Call`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from market.db.session import db
from market.kernel.canonical import digest
from market.kernel.errors import Refused, Stale
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.panels.models import Draw, Expert, Panel, Seat
from market.panels.queries import circle, in_fields, live, representatives
from market.panels.rules import (
    Circle,
    avoided,
    check_size,
    commitment_of,
    draw,
    least_size,
    place,
    seed_of,
)
from market.panels.states import SeatState
from market.records.audit import record


@dataclass(frozen=True)
class Call:
    """What a panel is wanted for: the subject and its purchase, the field, whom to avoid, and the draw's two halves.

    `began_on`: the day the purchase began (ties look back from it); `opened_at`: who was registered later is not drawn.
    """

    subject: tuple[str, int]
    file_id: int
    scope: Scope
    street_name: str
    categories: tuple[str, ...]  # fields of the expertise that is wanted: any of them
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
    seats, needed = set(sitting), size - expert_seats
    able = {user.id for user in representatives(call.scope, call.writers)}
    if len(seats) != needed and len(able) < needed:
        raise Refused(
            N_(
                "要有 %(needed)d 名采购人代表，而可以担任的只有 %(able)d 名：请把专家改为至少 %(least)d 人，"
                "或请管理员先给本街道人员授予评审打分的角色。"
            ),
            field="expert_seats",
            needed=needed,
            able=len(able),
            least=size - len(able),
        )
    if len(seats) != needed:
        raise Refused(N_("请选择 %(needed)d 名采购人代表，或全部席位由专家担任。"), field="sitting", needed=needed)
    if seats - able:
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
        facts={**facts, "size": panel.size, "experts": panel.expert_seats},
        # The record names who was passed over and why: as a bare digest it could be found out by trying names.
        private={"seats": [seat.user_id for seat in seats], "reason": reason, "record": digest(row.as_data())},
    )
    return seats


def preview(call: Call) -> tuple[list[Expert], list[dict[str, str]]]:
    """Return who could be drawn now, and who is avoided and why; draws nothing."""
    pool, left_out = _pool(call, call.circle(), (), call.opened_at)
    return list(pool.values()), left_out


def _pool(
    call: Call, around: Circle, taken: Collection[int], until: datetime | None
) -> tuple[dict[str, Expert], list[dict[str, str]]]:
    pool: dict[str, Expert] = {}
    left_out: list[dict[str, str]] = []
    for expert in in_fields(call.categories, until):
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
