"""Booking a room, for an organisation or for the node itself: the whole series or nothing."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from market.db.session import db
from market.incubation.models import BookedSlot, Booking, MeetingRoom
from market.incubation.queries import bookings_of, live_residency, taken_slots
from market.incubation.rules import SLOT_MINUTES, Series, at_post, check_series, first_clash, slot_text
from market.incubation.states import BOOKING_MACHINE, BookingState, BookingVerb, NodeState, ResidencyState
from market.kernel.clock import beijing
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope, allowed, require
from market.kernel.text import N_
from market.places.queries import district as find_district
from market.places.queries import rules_for
from market.records.audit import record
from market.records.moves import move

# More than anybody has booked ahead; what is older has passed.
_MOST_RELEASED = 500
_MAY_BOOK = {ResidencyState.INCUBATING, ResidencyState.LEAVING}


def _slot_at(at: datetime) -> int:
    """The half hour of the Beijing day in which an instant falls."""
    wall = beijing(at)
    return (wall.hour * 60 + wall.minute) // SLOT_MINUTES


def book(
    actor: Actor, room: MeetingRoom, organisation_id: int | None, series: Series, purpose: str, at: datetime
) -> Booking:
    """Book a room for every day of the series, or not at all.

    An organisation books while it is supported in the room's district; staff book for the node. Raises Refused at a
    field, also when somebody else was faster: the key of `incubation_slot` decides, not the look before.
    """
    node, today = room.node, beijing(at).date()
    permit = _may_book(actor, room, organisation_id)
    district = find_district(node.district_id)
    assert district is not None
    weeks_max = rules_for(district, "any", today)["network.booking_weeks_max"]
    check_series(series, room.opens, room.closes, today, _slot_at(at), weeks_max)
    if clash := first_clash(series, taken_slots(room.id, series.days)):
        raise _taken(*clash)
    row = Booking(
        room_id=room.id,
        room=room,
        district_id=node.district_id,
        street_id=node.street_id,
        operator_id=node.operator_id,
        organisation_id=organisation_id,
        purpose=purpose.strip(),
        first_day=series.first_day,
        from_slot=series.from_slot,
        until_slot=series.until_slot,
        weeks=series.weeks,
        state=BookingState.BOOKED.value,
        booked_by=actor.user_id,
        booked_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
            db.session.add_all(
                BookedSlot(room_id=room.id, day=day, slot=slot, booking_id=row.id)
                for day in series.days
                for slot in series.slots
            )
            db.session.flush()
    except IntegrityError:
        raise Refused(N_("这段时间刚被他人预约，请另选时间。"), field="from_slot") from None
    facts = {"room": room.id, "first_day": series.first_day, "weeks": series.weeks}
    times = {"from": slot_text(series.from_slot), "until": slot_text(series.until_slot)}
    record(row.subject, "book", at_post(actor, node.scope, organisation_id), at, permit=permit, facts=facts | times)
    return row


def _may_book(actor: Actor, room: MeetingRoom, organisation_id: int | None) -> Permit:
    if not room.active or room.node.state != NodeState.OPEN:
        raise Refused(N_("这个场地暂不接受预约。"))
    if allowed(actor, Permit.INCUBATION_WORK, room.node.scope):
        return Permit.INCUBATION_WORK
    require(actor, Permit.INCUBATION_APPLY, Scope(organisation_id=organisation_id))
    live = live_residency(organisation_id) if organisation_id is not None else None
    if live is None or live.state not in _MAY_BOOK or live.district_id != room.node.district_id:
        raise Refused(N_("在本区孵化期内的机构才能预约场地。"))
    return Permit.INCUBATION_APPLY


def _taken(day: object, slot: int) -> Refused:
    return Refused(
        N_("%(day)s %(time)s 已被预约，请另选时间；连续预约须每次都空闲。"),
        field="from_slot",
        day=day,
        time=slot_text(slot),
    )


def cancel(actor: Actor, row: Booking, at: datetime, day: date | None = None) -> None:
    """Give back what is still to come of a booking: by the organisation that made it, or by the node's staff.

    `day` gives back that day alone while others of the series are still to come. Raises Refused for a day on which
    nothing is left to give back.
    """
    today, slot = beijing(at).date(), _slot_at(at)
    own = row.organisation_id is not None and allowed(
        actor, Permit.INCUBATION_APPLY, Scope(organisation_id=row.organisation_id)
    )
    verb = BookingVerb.CANCEL if own else BookingVerb.RELEASE
    hands = at_post(actor, row.room.node.scope, row.organisation_id)
    to_come = or_(BookedSlot.day > today, (BookedSlot.day == today) & (BookedSlot.slot >= slot))
    left = (BookedSlot.booking_id == row.id) & to_come
    if day is not None:
        permit = Permit.INCUBATION_APPLY if own else Permit.INCUBATION_WORK
        require(actor, permit, Scope(organisation_id=row.organisation_id) if own else row.room.node.scope)
        days = set(db.session.scalars(select(BookedSlot.day).where(left).distinct()))
        if day not in days:
            raise Refused(N_("这一天没有可以取消的预约。"))
        if len(days) > 1:
            db.session.execute(delete(BookedSlot).where(left, BookedSlot.day == day))
            record(row.subject, "cancel-day", hands, at, permit=permit, facts={"room": row.room_id, "day": day})
            return
    move(row, BOOKING_MACHINE, verb, hands, at)
    db.session.execute(delete(BookedSlot).where(left))


def release_all(actor: Actor, organisation_id: int, at: datetime) -> int:
    """Take back what an organisation that has left still has booked, in rooms where this person works."""
    here = [
        row
        for row in bookings_of([organisation_id], limit=_MOST_RELEASED)
        if row.state == BookingState.BOOKED
        and Series(row.first_day, row.from_slot, row.until_slot, row.weeks).days[-1] >= beijing(at).date()
        and allowed(actor, Permit.INCUBATION_WORK, row.room.node.scope)
    ]
    for row in here:
        cancel(actor, row, at)
    return len(here)
