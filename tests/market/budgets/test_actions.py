"""From the first line to the approved year whose money stands in the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.budgets import actions
from market.budgets.actions import LineFacts
from market.budgets.models import FundYear
from market.budgets.queries import fund_year, lines_for, previous_total_fen, signed_by_prefix
from market.budgets.states import FundSource, FundYearState
from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import CLOCK, Permit, Role, Scope
from market.kernel.uscc import ProviderType
from market.ledger.actions import book
from market.ledger.queries import balances
from market.ledger.states import Reason
from market.people.models import User
from market.people.queries import with_role
from market.places.queries import rules_for
from market.records.audit import history, verify_all
from market.records.models import DirectoryCard, Message
from market.records.notices import CardFacts, publish
from market.records.purchases import open_file
from tests.factories import budgets, organisations
from tests.factories.people import acting, actor, give, person
from tests.factories.places import street

YUAN = 100
ELDERS = LineFacts(FundSource.FISCAL, Category.ELDER_CARE, "养老服务购买", 1_850_000 * YUAN)


def _state(row: FundYear) -> str:
    found = fund_year(row.id)
    assert found is not None
    return found.state


def test_row_9_a_plan_below_the_floor_cannot_be_proposed_and_says_by_how_much(session: Session) -> None:
    row = budgets.drafted_year(lines=(ELDERS,))
    clerk = budgets.holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused) as refused:
        actions.propose(clerk, row.id, system_now())
    assert refused.value.text == "年度资金不得低于 ¥2,000,000.00，还差 ¥150,000.00。"
    assert _state(row) == FundYearState.DRAFT


def test_row_9_the_floor_is_asked_again_at_closing(session: Session) -> None:
    """A line that vanishes between proposal and approval does not slip through."""
    row = budgets.proposed_year()
    session.delete(row.lines[0])
    session.flush()
    finance = budgets.holder(Role.DISTRICT_FINANCE, Scope(row.district_id), "区财政经办")
    with pytest.raises(Refused, match="还差"):
        actions.close_year(finance, row.id, system_now())


def test_row_9_a_kept_last_year_counts_more_than_a_typed_one(session: Session) -> None:
    budgets.closed_year(year=2025)
    row = budgets.drafted_year(year=2026, previous_fen=1)
    assert previous_total_fen(row.street_id, 2026) == 2_100_000 * YUAN
    found = fund_year(row.id)
    assert found is not None
    rules = rules_for(found.street.district, "any", date(2026, 3, 31))
    previous_fen, kept = actions.last_year_fen(found)
    assert kept
    growth = actions.findings(found, rules, previous_fen)[1]
    assert growth.params["growth"] == "0%"


def test_closing_brings_every_line_into_the_ledger_and_publishes(session: Session) -> None:
    row = budgets.closed_year()
    left = balances(line.id for line in row.lines)
    assert [left[line.id]["unspent"] for line in row.lines] == [line.amount_fen for line in row.lines]
    assert sum(places["reserved"] + places["paid"] for places in left.values()) == 0
    card = session.scalar(select(DirectoryCard).filter_by(kind="budget", key="320115001-2026"))
    assert card is not None
    assert card.data["total_fen"] == 2_100_000 * YUAN
    assert [e.verb for e in history("fund_year", row.id)] == ["open", *["add_line"] * 4, "propose", "close"]
    assert verify_all()[1] is None


def test_only_an_approved_year_offers_its_lines(session: Session) -> None:
    row = budgets.proposed_year()
    assert lines_for(row.street_id, 2026) == []
    finance = budgets.holder(Role.DISTRICT_FINANCE, Scope(row.district_id), "区财政经办")
    actions.close_year(finance, row.id, system_now())
    assert [left for _line, left in lines_for(row.street_id, 2026, Category.DISABILITY)] == [500_000 * YUAN]


@pytest.mark.parametrize(("year", "said"), [(2026, "可以开始采购。"), (2027, "2027 年起可用于采购。")])
def test_the_street_is_told_from_when_the_money_may_be_used(session: Session, year: int, said: str) -> None:
    row = budgets.closed_year(year=year)
    told = session.scalars(select(Message).where(Message.url == f"/budgets/{row.id}")).all()
    assert (told[-1].body % told[-1].params).endswith(said)


def test_whoever_drafted_may_not_approve_even_with_both_roles(session: Session) -> None:
    row = budgets.proposed_year()
    clerk_id = with_role(Role.STREET_CLERK, street().scope)[0]
    clerk = session.get_one(User, clerk_id)
    give(clerk, Role.DISTRICT_FINANCE, Scope(row.district_id))
    with pytest.raises(Forbidden, match="编制人不得批复"):
        actions.close_year(acting(clerk), row.id, system_now())


def test_a_returned_plan_says_why_and_can_be_changed_again(session: Session) -> None:
    row = budgets.proposed_year()
    finance = budgets.holder(Role.DISTRICT_FINANCE, Scope(row.district_id), "区财政经办")
    clerk = budgets.holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused, match="已报出"):
        actions.add_line(clerk, row.id, ELDERS, system_now())
    actions.send_back(finance, row.id, "助残资金请列明用途", system_now())
    found = fund_year(row.id)
    assert found is not None
    assert (found.state, found.note) == ("draft", "助残资金请列明用途")
    actions.add_line(clerk, row.id, ELDERS, system_now())
    told = session.scalars(select(Message.subject).where(Message.user_id == clerk.user_id)).all()
    assert told == ["资金计划被退回"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": FundSource.LOTTERY, "category": Category.LEGAL_AID}, "source"),
        ({"source": FundSource.DONATION, "donor_purpose": "  "}, "donor_purpose"),
    ],
)
def test_row_74_a_source_pays_only_for_its_purpose(session: Session, change: dict[str, object], field: str) -> None:
    row = budgets.drafted_year(lines=())
    clerk = budgets.holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused) as refused:
        actions.add_line(clerk, row.id, replace(ELDERS, **change), system_now())  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_street_has_one_plan_a_year(session: Session) -> None:
    budgets.drafted_year()
    clerk = budgets.holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused, match="2026 年的资金计划已经存在"):
        actions.open_year(clerk, street(), 2026, None, system_now())


def test_an_empty_plan_is_not_proposed(session: Session) -> None:
    row = budgets.drafted_year(lines=())
    clerk = budgets.holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(Refused, match="还没有资金明细"):
        actions.propose(clerk, row.id, system_now())


def test_a_line_of_another_plan_is_not_found(session: Session) -> None:
    row, other = budgets.drafted_year(), budgets.drafted_year(street("320115002"))
    clerk = budgets.holder(Role.STREET_CLERK, street().scope, "经办人")
    with pytest.raises(NotFound):
        actions.remove_line(clerk, row.id, other.lines[0].id, system_now())


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.STREET_CLERK])
def test_nobody_but_the_street_s_clerk_drafts(session: Session, role: Role) -> None:
    stranger = actor(role, street().scope)
    assert Permit.BUDGET_DRAFT not in stranger.permits(street().scope)
    with pytest.raises(Forbidden):
        actions.open_year(stranger, street(), 2026, None, system_now())


def test_another_street_s_clerk_may_not_draft_here(session: Session) -> None:
    neighbour = acting(person(Role.STREET_CLERK, street("320115002").scope))
    with pytest.raises(Forbidden):
        actions.open_year(neighbour, street(), 2026, None, system_now())


def test_the_database_refuses_a_closed_year_without_its_time(session: Session) -> None:
    row = budgets.drafted_year()
    row.state = "closed"
    with pytest.raises(IntegrityError):
        session.flush()


def test_row_10_signed_money_is_told_apart_by_the_supplier_s_code(session: Session) -> None:
    row = budgets.closed_year()
    line = row.lines[0]
    service = organisations.organisation("江宁区暖邻社会工作服务中心").organisation
    firm = organisations.organisation("江宁安康养老服务有限公司", ProviderType.ENTERPRISE).organisation
    other = organisations.organisation("江宁区众善社会工作服务中心").organisation
    purchases = [
        ([service.name], 400_000 * YUAN),
        ([firm.name], 360_000 * YUAN),
        ([service.name, other.name], 240_000 * YUAN),
        ([service.name, firm.name], 50_000 * YUAN),
    ]
    for number, (suppliers, amount_fen) in enumerate(purchases):
        file = open_file(row.district_id, row.street_id, "320115001", "comparison", f"采购{number}", system_now())
        for reason in (Reason.RESERVE, Reason.COMMIT):
            book(reason, line.id, amount_fen, f"{reason}:{number}", ("test", number), file.id, system_now())
        awards = [{"id": name, "status": "active", "suppliers": [{"id": name, "name": name}]} for name in suppliers]
        publish(file, "award", {"awards": awards}, CardFacts(stage="contract"), CLOCK, system_now())
    expected = {"52": 640_000 * YUAN, "91": 360_000 * YUAN, "": 50_000 * YUAN}
    assert signed_by_prefix(2026, None, row.district_id) == expected
    assert signed_by_prefix(2025, None, row.district_id) == {}
    assert signed_by_prefix(2026, [street("320115002").id]) == {}
