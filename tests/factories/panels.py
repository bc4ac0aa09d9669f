"""Experts for tests, entered into the register by its own action.

team = experts(6)                     # six experts for elder care, free of ties
expert(employer="东山街道办事处")       # one who may not sit for that street
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import count

from market.db.session import db
from market.kernel.categories import Category
from market.kernel.clock import instant
from market.kernel.permits import Role, Scope
from market.panels.actions import add_expert
from market.panels.models import Expert, Seat
from market.people.models import User
from market.people.queries import person as loaded
from tests.factories.budgets import holder
from tests.factories.people import person
from tests.factories.places import district

_numbers = count(1)
# Long before any tender of a test.
REGISTERED = instant(date(2025, 9, 1), 9)


def expert(
    *,
    fields: tuple[Category, ...] = (Category.ELDER_CARE,),
    employer: str = "",
    name: str = "",
    at: datetime = REGISTERED,
) -> Expert:
    """An expert with an account that may score anywhere."""
    number = next(_numbers)
    user = person(Role.EXPERT, name=name or f"专家{number:02d}")
    found = loaded(user.id)
    assert found is not None
    keeper = holder(Role.DISTRICT_CIVIL, Scope(district().id), "区民政经办")
    return add_expert(keeper, found, fields, employer or f"第{number}研究院", "高级社会工作师", at)


def experts(count: int = 6, **changes: object) -> list[Expert]:
    """Several experts."""
    return [expert(**changes) for _ in range(count)]  # type: ignore[arg-type]


def user_of(seat: Seat) -> User:
    """Who sits there."""
    return db.session.get_one(User, seat.user_id)
