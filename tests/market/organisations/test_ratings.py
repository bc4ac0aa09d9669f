"""Grade and stars: entered by the district, published with their validity, withdrawn with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.kernel.clock import beijing_day, system_now
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Actor, Role, Scope
from market.kernel.uscc import ProviderType
from market.organisations import actions, queries, rules
from market.organisations.actions import RatingFacts
from market.organisations.states import RATING_MACHINE, RatingKind, RatingState, RatingVerb
from market.records.models import DirectoryCard
from tests.factories.budgets import holder
from tests.factories.organisations import organisation
from tests.factories.people import acting, person, sign_in
from tests.factories.places import district
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Visitor, chinese
from tests.machines import check_product

GRADE = RatingFacts(RatingKind.GRADE, 4, "南京市民政局", "宁民〔2024〕12号", date(2024, 5, 1))


def _civil(code: str = "320115") -> Actor:
    return holder(Role.DISTRICT_CIVIL, Scope(district(code).id), "区民政经办")


def test_the_whole_product() -> None:
    check_product(RATING_MACHINE, RatingVerb, {("standing", "withdraw"): ("withdrawn", "organisations:rating:enter")})


def test_a_grade_holds_five_years_and_is_never_derived() -> None:
    assert rules.check_grade(date(2024, 5, 1), date(2026, 3, 31), 5) == date(2029, 4, 30)
    for begins in (date(2026, 4, 1), date(2021, 3, 31)):
        with pytest.raises(Refused) as refused:
            rules.check_grade(begins, date(2026, 3, 31), 5)
        assert refused.value.field == "valid_from"


@pytest.mark.parametrize(
    ("start", "until", "basis", "field"),
    [
        (date(2026, 1, 1), date(2025, 12, 31), "年度评定", "valid_until"),
        (date(2024, 1, 1), date(2025, 12, 31), "年度评定", "valid_until"),
        (date(2026, 1, 1), date(2026, 12, 31), " ", "basis"),
    ],
)
def test_stars_need_a_basis_and_a_period(start: date, until: date, basis: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.check_stars(start, until, basis, date(2026, 3, 31))
    assert refused.value.field == field


def test_the_directory_carries_grade_and_stars_until_they_are_withdrawn(session: Session) -> None:
    row = organisation(bank=False).organisation
    entered = actions.enter_rating(_civil(), row, GRADE, system_now())
    today = beijing_day(system_now())
    stars = RatingFacts(RatingKind.STARS, 3, "江宁区民政局", "2025 年度", today, today + timedelta(days=364))
    actions.enter_rating(_civil(), row, stars, system_now())
    card = session.scalars(select(DirectoryCard).filter_by(kind="organisation")).one()
    assert (card.data["grade"]["level"], card.data["grade"]["valid_until"]) == (4, "2029-04-30")
    assert (card.data["stars"]["level"], card.data["district"]) == (3, "320115")
    with pytest.raises(Forbidden), session.begin_nested():
        actions.withdraw_rating(_civil("330502"), entered, "录入有误", system_now())
    entered = queries.ratings_of(row.id)[-1]
    actions.withdraw_rating(_civil(), entered, "录入有误", system_now())
    session.refresh(card)
    assert card.data["grade"] is None
    assert entered.state == RatingState.WITHDRAWN


def test_firms_have_stars_and_no_grade(session: Session) -> None:
    row = organisation(provider_type=ProviderType.ENTERPRISE, bank=False).organisation
    with pytest.raises(Refused) as refused:
        actions.enter_rating(_civil(), row, GRADE, system_now())
    assert refused.value.field == "kind"
    today = beijing_day(system_now())
    stars = RatingFacts(RatingKind.STARS, 3, "江宁区民政局", "2025 年度", today, today)
    assert actions.enter_rating(_civil(), row, stars, system_now()).level == 3


def test_only_the_registrar_s_district_rates(session: Session) -> None:
    team = organisation(bank=False)
    for stranger in (_civil("330502"), acting(team.admin)):
        with pytest.raises(Forbidden):
            actions.enter_rating(stranger, team.organisation, GRADE, system_now())
    with pytest.raises(Refused):
        actions.enter_rating(_civil(), organisation(bank=False, confirmed=False).organisation, GRADE, system_now())


def test_entering_and_withdrawing_through_the_pages(
    visitors: Callable[[], Visitor], session: Session, clock: StandingClock
) -> None:
    row = organisation("江宁区暖邻社会工作服务中心", bank=False).organisation
    officer = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district().id), name="沈若兰"))
    page = officer.get(f"/organisations/{row.id}")
    page = officer.get(page.link("登记等级或星级"))
    today = beijing_day(system_now())
    typed = {"kind": "stars", "level": "5", "rater": "江宁区民政局", "valid_from": today.isoformat()}
    page = officer.submit(page, typed, button="登记并公布")
    assert (page.status, "valid_until" in page.errors) == (422, True)
    assert page.form(button="登记并公布").values["rater"] == ["江宁区民政局"]
    more = {"valid_until": (today + timedelta(days=99)).isoformat(), "basis": "2025 年度三维评价"}
    page = officer.submit(page, more, button="登记并公布")
    shown = visitors().get(f"/organisations-directory/{row.uscc}")
    assert "星级：五星" in shown.text
    clock.forward(days=101)
    shown = visitors().get(f"/organisations-directory/{row.uscc}")
    assert "星级：五星" not in shown.text
    assert "已过有效期" in shown.text
    officer = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district().id)))
    form = officer.get(officer.get(f"/organisations/{row.id}/ratings").link("撤销"))
    page = officer.submit(form, {"reason": "评定机关已撤销"}, button="撤销")
    assert "已撤销" in page.text
    officer.client.set_cookie("lang", "en")
    names = {row.name, "江宁区民政局", "2025", "年度三维评价", "评定机关已撤销", "2025 年度三维评价"}
    assert chinese(officer.get(f"/organisations/{row.id}/ratings")) <= names
