"""The register through its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from market.kernel.clock import beijing_day, system_now
from market.kernel.permits import CLOCK, Role, Scope
from market.workers import actions, queries
from market.workers.actions import Assignment
from market.workers.jobs import card_pdf
from market.workers.states import CertificateState, Level, Tier
from tests.factories import workers
from tests.factories.organisations import organisation
from tests.factories.people import acting, person, sign_in
from tests.factories.places import district
from tests.fixtures.visitor import Visitor, chinese

LIST, DETAIL = 8, 20
Visitors = Callable[[], Visitor]


def _civil() -> object:
    return person(Role.DISTRICT_CIVIL, Scope(district().id), name="沈若兰")


def test_from_an_empty_roster_to_a_confirmed_certificate(visitors: Visitors, session: Session) -> None:
    team = organisation(bank=False)
    editor = sign_in(visitors(), team.editor)
    page = editor.get("/workers", most=DETAIL)
    assert "名册里还没有人" in page.text
    page = editor.get(page.link("录入人员"))
    day = beijing_day(system_now())
    typed = {
        "name": "程静姝",
        "from_on": (day - timedelta(days=100)).isoformat(),
        "level": "assistant",
        "number": "SW20260001",
        "issued_on": (day - timedelta(days=400)).isoformat(),
        "registered_on": (day - timedelta(days=500)).isoformat(),
    }
    page = editor.submit(page, typed, button="录入并送核")
    assert (page.status, "registered_on" in page.errors) == (422, True)
    assert page.form(button="录入并送核").values["name"] == ["程静姝"]
    page = editor.submit(page, {"registered_on": (day - timedelta(days=300)).isoformat()}, button="录入并送核")
    assert page.heading == "成长纪实卡：程静姝"
    assert "待区民政核对" in page.text
    officer = sign_in(visitors(), _civil())
    assert "核对社会工作者证书" in officer.get("/desk").text
    page = officer.get("/workers/certificates", most=LIST)
    page = officer.get(page.link("程静姝"), most=DETAIL)
    sent = officer.get(page.link("退回修改"))
    again = officer.submit(sent, {"reason": ""}, button="退回修改")
    assert (again.status, "reason" in again.errors) == (422, True)
    officer.submit(page, button="核对无误")
    assert "核对社会工作者证书" not in officer.get("/desk").text
    assert "0.00 / 72.00 学时" in editor.get("/workers", most=DETAIL).text


def test_a_certificate_that_was_handed_in_anew_is_not_confirmed_unseen(visitors: Visitors, session: Session) -> None:
    team, at = organisation(bank=False), system_now()
    row = workers.employed(team, confirmed=False)
    officer, made = sign_in(visitors(), _civil()), row.certificates[0]
    page = officer.get(f"/workers/{row.id}")
    actions.return_certificate(workers.civil(team), made, "等级不符", at)
    actions.mend_certificate(acting(team.editor), made, workers.facts(Level.SENIOR), at)
    refused = officer.submit(page, button="核对无误")
    assert (refused.status, made.state) == (422, CertificateState.SUBMITTED)
    assert "内容已变化，请重新核对" in refused.text
    officer.submit(officer.get(f"/workers/{row.id}"), button="核对无误")
    assert made.state == CertificateState.CONFIRMED


def test_learning_and_supervision_through_the_forms(visitors: Visitors, session: Session) -> None:
    team = organisation(bank=False)
    row, lead = workers.employed(team, level=Level.ASSISTANT), workers.employed(team, tier=Tier.SUPERVISOR)
    editor, day = sign_in(visitors(), team.editor), beijing_day(system_now()).isoformat()
    page = editor.get(f"/workers/{row.id}", most=DETAIL)
    form = editor.get(page.link("登记继续教育"))
    typed = {"kind": "course", "day": day, "title": "个案工作", "provider": "区社工协会", "hours": "许多"}
    form = editor.submit(form, typed, button="登记")
    assert (form.status, form.form(button="登记").values["title"]) == (422, ["个案工作"])
    page = editor.submit(form, {"hours": "66"}, button="登记")
    assert "还差 6.00 学时" in page.text
    form = editor.get(page.link("登记督导"))
    typed = {"supervisor": "", "mode": "group", "day": day, "hours": "1.5", "topic": "危机介入"}
    form = editor.submit(form, typed, button="登记")
    assert (form.status, "supervisor" in form.errors) == (422, True)
    page = editor.submit(form, {"supervisor": str(lead.id)}, button="登记")
    assert "1.50 小时" in page.text
    assert lead.name in page.text


def test_the_card_is_a_document_for_the_organisation_and_the_district_alone(
    visitors: Visitors, session: Session
) -> None:
    team, other = organisation(bank=False), organisation(bank=False)
    row = workers.employed(team)
    editor = sign_in(visitors(), team.editor)
    page = editor.submit(editor.get(f"/workers/{row.id}"), button="生成纪实卡（PDF）")
    made = queries.cards_of(row.id)[0]
    card_pdf(made.id)
    session.commit()
    page = editor.get(f"/workers/{row.id}")
    answer = editor.get(page.link("下载成长纪实卡（PDF）"))
    assert answer.response.data.startswith(b"%PDF-")
    assert sign_in(visitors(), _civil()).get(f"/workers/{row.id}").status == 200
    elsewhere = person(Role.DISTRICT_CIVIL, Scope(district("330502").id))
    for stranger in (other.editor, elsewhere):
        visitor = sign_in(visitors(), stranger)
        for url in (f"/workers/{row.id}", f"/workers/cards/{made.id}.pdf"):
            assert visitor.get(url).status == 404
    street = sign_in(visitors(), person(Role.STREET_CLERK, Scope(district().id)))
    assert street.get(f"/workers/{row.id}").status == 403


def test_postings_end_with_a_reason_and_people_leave_into_the_reserve(visitors: Visitors, session: Session) -> None:
    team = organisation(bank=False)
    row = workers.employed(team)
    term = (beijing_day(system_now()), beijing_day(system_now()) + timedelta(days=99))
    plan = [Assignment(row.id, "social_worker", 12_00)]
    for number in (1, 2):
        actions.post_workers(plan, team.id, ("agreement", number), f"项目{number}", *term, CLOCK, system_now())
    editor = sign_in(visitors(), team.editor)
    page = editor.get(f"/workers/{row.id}", most=DETAIL)
    assert "每周 24.00 小时" in page.text
    form = editor.get(page.link("结束派驻"))
    page = editor.submit(form, {"reason": "与采购人商定换人"}, button="结束派驻")
    form = editor.get(page.link("办理离职"))
    assert "项目1" in form.text
    page = editor.submit(form, {"reserve": "y"}, button="办理离职")
    assert "名册里还没有人" in page.text
    officer = sign_in(visitors(), _civil())
    assert row.name in officer.get("/workers?reserve=1", most=LIST).text


def test_the_district_names_supervisors_and_sees_the_programme(visitors: Visitors, session: Session) -> None:
    row = workers.employed(organisation(bank=False))
    officer = sign_in(visitors(), _civil())
    page = officer.submit(officer.get(f"/workers/{row.id}"), {"tier": "supervisor"}, button="更新")
    assert "督导" in page.text
    page = officer.get("/workers/talent", most=LIST)
    assert page.words("//tbody/tr/td[1]")[-3:] == ["1", "1", "0"]
    assert row.name not in page.text


def test_the_district_chooses_an_organisation_of_the_roster(visitors: Visitors, session: Session) -> None:
    first, second = organisation(bank=False), organisation(bank=False)
    workers.employed(first, "甲某")
    workers.employed(second, "乙某")
    page = sign_in(visitors(), _civil()).get("/workers", most=LIST)
    assert {first.organisation.name, second.organisation.name} <= set(page.words("//select/option"))
    page = sign_in(visitors(), _civil()).get(f"/workers?organisation={second.id}")
    assert page.words("//tbody/tr/th") == ["乙某"]
    assert page.words("//option[@selected]") == [second.organisation.name]


@pytest.mark.parametrize("count", [3, 25])
def test_the_roster_pages_by_key_with_the_same_statements(visitors: Visitors, session: Session, count: int) -> None:
    team = organisation(bank=False)
    for number in range(count):
        workers.employed(team, f"社工{number:02d}")
    officer = sign_in(visitors(), _civil())
    page = officer.get("/workers", most=LIST)
    assert len(page.words("//tbody/tr")) == min(count, 20)
    if count > 20:
        second = officer.get(page.link("下一页"), most=LIST)
        assert second.words("//tbody/tr/th") == [f"社工{n:02d}" for n in range(4, -1, -1)]


def test_a_certificate_that_runs_out_lies_on_the_organisation_s_desk(visitors: Visitors, session: Session) -> None:
    team = organisation(bank=False)
    begun = beijing_day(system_now()) - timedelta(days=3 * 365 - 30)
    row = workers.employed(team, registered_on=begun, number="SW-ENDING")
    desk = sign_in(visitors(), team.editor).get("/desk")
    assert "办理证书再登记" in desk.text
    form = sign_in(visitors(), team.editor).get(f"/workers/{row.id}/certificates/new")
    assert form.form(button="送区民政核对").values["number"] == ["SW-ENDING"]


def test_english(visitors: Visitors, session: Session) -> None:
    team = organisation("江宁区暖邻社会工作服务中心", bank=False)
    row = workers.employed(team, "Cheng Jing", tier=Tier.LEADER)
    names = {team.organisation.name, "南京市江宁区"}
    for user in (team.editor, _civil()):
        visitor = sign_in(visitors(), user)
        visitor.client.set_cookie("lang", "en")
        urls = ["/workers", "/workers/talent", f"/workers/{row.id}"]
        if user is team.editor:
            urls += ["/workers/new", *(f"/workers/{row.id}/{part}" for part in ("learning", "supervision", "leave"))]
            urls.append(f"/workers/{row.id}/certificates/new")
        else:
            urls += ["/workers/certificates", "/workers?reserve=1"]
        for url in urls:
            assert chinese(visitor.get(url)) <= names
