"""A plan: drafted by the street, approved or returned by the district."""

from __future__ import annotations

from market.budgets.states import FUND_YEAR_MACHINE, FundYearState, FundYearVerb
from tests.machines import check_product

DRAFT, APPROVE = "budgets:year:draft", "budgets:year:approve"


def test_the_whole_product() -> None:
    check_product(
        FUND_YEAR_MACHINE,
        FundYearVerb,
        {
            ("draft", "propose"): ("proposed", DRAFT),
            ("proposed", "return"): ("draft", APPROVE),
            ("proposed", "close"): ("closed", APPROVE),
        },
    )


def test_an_approved_plan_is_final() -> None:
    assert FUND_YEAR_MACHINE.final() == {FundYearState.CLOSED}
