"""Whatever is booked and cancelled in whatever order: no half hour of a room belongs to two, a series is whole."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.incubation import actions, queries
from market.incubation.actions import booking as acting_on_bookings
from market.incubation.models import BookedSlot, Booking
from market.incubation.rules import Series
from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, Refused
from tests.factories import incubation as factory
from tests.factories.organisations import organisation
from tests.factories.people import acting
from tests.fixtures.clock import StandingClock

FIRST = date(2026, 4, 1)

# Book (day, from, length, weeks), or cancel one of the bookings made so far.
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 9), st.integers(14, 46), st.integers(1, 8), st.integers(1, 4)),
        st.tuples(st.integers(0, 30)),
    ),
    min_size=1,
    max_size=14,
)


@pytest.fixture
def net(session: Session) -> factory.Network:
    """One network for all examples; each example has a room of its own."""
    return factory.network()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_no_half_hour_belongs_to_two(session: Session, net: factory.Network, steps: list[tuple[int, ...]]) -> None:
    """Beside the product a plain table is kept of who has which half hour; both always say the same."""
    civil, staff, base = net.civil, net.staff, net.base
    room = actions.add_room(civil, base, actions.RoomFacts("多功能厅", 30, "", 16, 44), system_now())
    held: dict[tuple[date, int], int] = {}
    made: list[Booking] = []
    for step in steps:
        if len(step) == 1:
            if made:
                gone = made.pop(step[0] % len(made))
                actions.cancel(staff, gone, system_now())
                held = {place: owner for place, owner in held.items() if owner != gone.id}
            continue
        offset, first, length, weeks = step
        series = Series(FIRST + timedelta(days=offset), first, first + length, weeks)
        wanted = {(day, slot) for day in series.days for slot in series.slots}
        fits = first >= 16 and first + length <= 44 and not wanted & set(held)
        try:
            row = actions.book(staff, room, None, series, "例会", system_now())
        except Refused:
            assert not fits
        else:
            assert fits
            made.append(row)
            held |= dict.fromkeys(wanted, row.id)
        rows = session.execute(
            select(BookedSlot.day, BookedSlot.slot, BookedSlot.booking_id).filter_by(room_id=room.id)
        )
        assert {(day, slot): owner for day, slot, owner in rows} == held


def test_the_database_itself_refuses_a_second_booking(session: Session, net: factory.Network) -> None:
    room = factory.meeting_room(net)
    row = actions.book(net.staff, room, None, Series(FIRST, 18, 20), "例会", system_now())
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(BookedSlot.__table__.insert().values(room_id=room.id, day=FIRST, slot=19, booking_id=row.id))


def test_whoever_is_slower_loses_the_whole_series(
    session: Session, net: factory.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look before the booking saw nothing, as in a race; the third week is taken: nothing of it remains."""
    room = factory.meeting_room(net)
    actions.book(net.staff, room, None, Series(FIRST + timedelta(days=14), 19, 20), "例会", system_now())
    monkeypatch.setattr(acting_on_bookings, "taken_slots", lambda _room, _days: set())
    with pytest.raises(Refused) as refused:
        actions.book(net.staff, room, None, Series(FIRST, 18, 20, 4), "培训", system_now())
    assert refused.value.field == "from_slot"
    assert session.scalar(select(func.count()).select_from(BookedSlot)) == 1
    assert session.scalar(select(func.count()).select_from(Booking)) == 1


def test_an_organisation_books_while_it_is_supported_in_the_district(
    session: Session, net: factory.Network, clock: StandingClock
) -> None:
    team, stranger = organisation(), organisation()
    room = factory.meeting_room(net)
    factory.residency(net, team, until="incubating")
    editor = acting(team.editor)
    row = actions.book(editor, room, team.id, Series(FIRST, 18, 20, 2), "项目例会", clock.now)
    assert [b.id for b in queries.bookings_of([team.id])] == [row.id]
    with pytest.raises(Refused):
        actions.book(acting(stranger.editor), room, stranger.id, Series(FIRST, 30, 32), "例会", clock.now)
    with pytest.raises(Forbidden):
        actions.book(acting(stranger.editor), room, team.id, Series(FIRST, 30, 32), "例会", clock.now)
    with pytest.raises(Forbidden):
        actions.cancel(acting(stranger.editor), row, clock.now)
    later = clock.move_to(2026, 4, 1, 9, 40)
    actions.cancel(editor, row, later)
    assert queries.taken_slots(room.id, [FIRST, FIRST + timedelta(days=7)]) == {(FIRST, 18)}


def test_staff_take_a_room_back(session: Session, net: factory.Network) -> None:
    team = organisation()
    room = factory.meeting_room(net)
    factory.residency(net, team, until="incubating")
    row = actions.book(acting(team.editor), room, team.id, Series(FIRST, 18, 20), "例会", system_now())
    actions.cancel(net.staff, row, system_now())
    assert (row.state, queries.taken_slots(room.id, [FIRST])) == ("cancelled", set())
    with pytest.raises(Refused):
        actions.cancel(net.staff, row, system_now())


def test_one_date_of_a_series_is_given_back_alone(session: Session, net: factory.Network) -> None:
    room = factory.meeting_room(net)
    row = actions.book(net.staff, room, None, Series(FIRST, 18, 20, 2), "例会", system_now())
    second = FIRST + timedelta(days=7)
    with pytest.raises(Refused, match="这一天"):
        actions.cancel(net.staff, row, system_now(), FIRST + timedelta(days=1))
    actions.cancel(net.staff, row, system_now(), FIRST)
    assert (row.state, queries.taken_slots(room.id, [FIRST])) == ("booked", set())
    assert queries.taken_slots(room.id, [second]) == {(second, 18), (second, 19)}
    actions.cancel(net.staff, row, system_now(), second)
    assert (row.state, queries.taken_slots(room.id, [second])) == ("cancelled", set()), "the last date ends the booking"


def test_a_room_that_is_not_offered_takes_no_booking(session: Session, net: factory.Network) -> None:
    room = factory.meeting_room(net)
    actions.set_room_active(net.civil, room, False, system_now())
    with pytest.raises(Refused):
        actions.book(net.staff, room, None, Series(FIRST, 18, 20), "例会", system_now())


def test_whoever_has_left_keeps_no_room(session: Session, net: factory.Network) -> None:
    team, other = organisation(), organisation()
    room = factory.meeting_room(net)
    row = factory.residency(net, team, until="incubating")
    factory.residency(net, other, until="incubating")
    actions.book(acting(team.editor), room, team.id, Series(FIRST, 18, 20, 3), "例会", system_now())
    kept = actions.book(acting(other.editor), room, other.id, Series(FIRST, 20, 21), "例会", system_now())
    actions.give_notice(acting(team.admin), row, "迁址", system_now())
    actions.hand_back(net.staff, row, system_now())
    rows = session.scalars(select(BookedSlot.booking_id))
    assert set(rows) == {kept.id}
