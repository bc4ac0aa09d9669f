"""Tenders for tests, made by the room's own actions: an office with its people, a draft, a submitted, a published one.

office = street_office()
tender = published(office)                     # comparison, ¥180,000, one lot, deadline on a working morning
tender.lots[0].criteria …                      # loaded whole
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from market.db.session import db
from market.kernel.clock import system_now
from market.kernel.permits import Actor, Role, Scope
from market.people.models import User
from market.people.queries import sealing_keys
from market.places.models import CalendarDay, CalendarYear, Street
from market.tenders import actions
from market.tenders.models import Tender
from market.tenders.queries import tender as find_tender
from tests.factories import budgets, catalogue
from tests.factories.people import acting, keys, person
from tests.factories.places import street as make_street
from tests.fixtures.ground import replayed
from tests.market.kernel.calendars import TEST_2026

YUAN = 100
BUDGET_FEN = 180_000 * YUAN


@dataclass
class Office:
    """A street office with the people a tender needs; all openers have keys."""

    street: Street
    clerk: User
    approver: User
    openers: tuple[User, User]
    escrow: User

    def as_clerk(self) -> Actor:
        return acting(self.clerk)

    def as_approver(self) -> Actor:
        return acting(self.approver)


def national_calendar() -> CalendarYear:
    """The holidays of 2026 that the worked examples assume."""
    found = db.session.scalar(db.select(CalendarYear).filter_by(district_id=None, year=2026))
    if found is None:
        found = CalendarYear(district_id=None, year=2026, version="test", source="国务院办公厅节假日安排")
        db.session.add(found)
        db.session.flush()
        days = [*((day, False) for day in TEST_2026.off), *((day, True) for day in TEST_2026.on)]
        db.session.add_all(CalendarDay(year_id=found.id, day=day, working=working) for day, working in sorted(days))
        db.session.flush()
    return found


@replayed
def street_office(street: Street | None = None, *, with_keys: bool = True) -> Office:
    """Clerk, approver, two openers and the district's escrow of one street, with a closed fund year."""
    place = street or make_street()
    national_calendar()
    budgets.line(place)
    made = Office(
        place,
        person(Role.STREET_CLERK, place.scope, name="林晓"),
        person(Role.STREET_APPROVER, place.scope, name="周正"),
        (
            person(Role.STREET_OPENER, place.scope, name="开标人甲"),
            person(Role.STREET_OPENER, place.scope, name="开标人乙"),
        ),
        person(Role.KEY_ESCROW, Scope(place.district_id), name="密钥保管员"),
    )
    if with_keys:
        for user in (*made.openers, made.escrow):
            if user.id not in sealing_keys([user.id]):
                keys(user)
    return made


def draft(office: Office, *, amount_fen: int = BUDGET_FEN, at: datetime | None = None, **changes: Any) -> Tender:
    """A draft for a new catalogue item; `changes` go to `create_tender`."""
    item = changes.pop("item", None) or catalogue.item(office.street.district)
    funding = changes.pop("funding", None) or {budgets.line(office.street, item.category).id: amount_fen}
    when = at or system_now()
    row = actions.create_tender(office.as_clerk(), office.street.id, item.id, funding, when, **changes)
    return whole(row.id)


def submitted(office: Office, *, at: datetime | None = None, **changes: Any) -> Tender:
    """A draft that waits for the second officer."""
    row = draft(office, at=at, **changes)
    actions.submit_tender(office.as_clerk(), row.id, at or system_now())
    return whole(row.id)


@replayed
def published(office: Office | None = None, *, at: datetime | None = None, **changes: Any) -> Tender:
    """A published tender with its lots sealed."""
    made = office or street_office()
    row = submitted(made, at=at, **changes)
    actions.publish_tender(made.as_approver(), row.id, at or system_now())
    return whole(row.id)


def whole(tender_id: int) -> Tender:
    """The tender with everything loaded anew."""
    db.session.flush()
    db.session.expire_all()
    found = find_tender(tender_id)
    assert found is not None
    return found
