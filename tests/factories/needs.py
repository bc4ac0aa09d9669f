"""Needs and demand items for tests."""

from __future__ import annotations

from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.kernel.permits import Role
from market.needs.actions import make_demand, record_need
from market.needs.models import DemandItem, Need
from market.needs.states import NeedChannel
from market.places.models import Street
from tests.factories.budgets import holder
from tests.factories.places import street as make_street


def need(
    street: Street | None = None,
    summary: str = "多位独居老人希望有人定期上门探访",
    category: Category = Category.ELDER_CARE,
    people: int = 40,
) -> Need:
    """A need of a street."""
    place = street or make_street()
    clerk = holder(Role.STREET_CLERK, place.scope, "经办人")
    return record_need(clerk, place, NeedChannel.VISIT, category, summary, people, system_now())


def demand(
    street: Street | None = None, title: str = "独居老人定期探访", category: Category = Category.ELDER_CARE
) -> DemandItem:
    """A demand item merged from one need, waiting for a purchase."""
    place = street or make_street()
    one = need(place, category=category)
    clerk = holder(Role.STREET_CLERK, place.scope, "经办人")
    return make_demand(clerk, place, title, "为独居老人提供定期上门探访。", category, [one.id], system_now())
