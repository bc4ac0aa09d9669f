"""States of a street's yearly fund, and its four sources."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class FundYearState(StrEnum):
    """The plan of one street and year."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    CLOSED = "closed"


class FundYearVerb(StrEnum):
    """What happens to the plan."""

    PROPOSE = "propose"
    RETURN = "return"
    CLOSE = "close"


FUND_YEAR_LABELS = {
    FundYearState.DRAFT: N_("编制中"),
    FundYearState.PROPOSED: N_("待区级批复"),
    FundYearState.CLOSED: N_("已批复下达"),
}

FUND_YEAR_MACHINE = Machine(
    FundYearState,
    name="fund-year",
    start=FundYearState.DRAFT,
    moves=[
        Move(FundYearState.DRAFT, FundYearVerb.PROPOSE, FundYearState.PROPOSED, Permit.BUDGET_DRAFT, N_("报区级批复")),
        Move(FundYearState.PROPOSED, FundYearVerb.RETURN, FundYearState.DRAFT, Permit.BUDGET_APPROVE, N_("退回修改")),
        Move(FundYearState.PROPOSED, FundYearVerb.CLOSE, FundYearState.CLOSED, Permit.BUDGET_APPROVE, N_("批复下达")),
    ],
)


class FundSource(StrEnum):
    """The four channels of money (吴兴)."""

    FISCAL = "fiscal"
    LOTTERY = "lottery"
    STREET_FUND = "street_fund"
    DONATION = "donation"


FUND_SOURCE_LABELS = {
    FundSource.FISCAL: N_("财政资金"),
    FundSource.LOTTERY: N_("福彩公益金"),
    FundSource.STREET_FUND: N_("社会组织发展专项资金"),
    FundSource.DONATION: N_("社会捐赠"),
}
