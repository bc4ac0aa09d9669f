"""From registration to the directory, and the account on which money arrives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.config import Mode
from market.kernel.clock import beijing_day, system_now
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Actor, Role, Scope
from market.kernel.uscc import ProviderType, check_character
from market.organisations import actions, queries
from market.organisations.models import BankAccount
from market.organisations.states import BankState, BankVerb, OrganisationState
from market.people.queries import person_by_login
from market.records.audit import verify_all
from market.records.models import AuditEntry, AuditSecret, DirectoryCard, Message, OutboundMail
from tests.factories.budgets import holder
from tests.factories.organisations import Team, credit_code, facts, organisation
from tests.factories.people import PASSWORD, acting, give, person, sign_in
from tests.factories.places import district
from tests.fixtures.visitor import Visitor


def _civil(code: str = "320115") -> Actor:
    return holder(Role.DISTRICT_CIVIL, Scope(district(code).id), "区民政经办")


def test_a_confirmed_registration_stands_in_the_directory_without_anybody_s_name(session: Session) -> None:
    row = organisation("江宁区暖邻社会工作服务中心").organisation
    assert row.state == OrganisationState.CONFIRMED
    card = session.scalar(select(DirectoryCard).filter_by(kind="organisation"))
    assert card is not None
    assert card.data["uscc"] == row.uscc
    assert not {row.legal_representative, row.contact_phone, row.address} & set(map(str, card.data.values()))
    assert verify_all()[1] is None


def test_whoever_registers_becomes_the_administrator(session: Session) -> None:
    team = organisation(confirmed=False, bank=False)
    assert [row.id for row in queries.mine(acting(team.admin))] == [team.id]
    assert queries.mine(acting(person())) == []


def test_one_code_is_registered_once(session: Session) -> None:
    first = organisation(bank=False).organisation
    with pytest.raises(Refused) as refused:
        actions.register(acting(person()), district().id, facts(uscc=first.uscc), system_now())
    assert refused.value.field == "uscc"


NONSENSE = {
    "login": "a b",
    "email": "not an email",
    "contact_phone": "phone?",
    "registered_on": (beijing_day(system_now()) + timedelta(days=900)).isoformat(),
}


def registration() -> dict[str, str | list[str]]:
    """What somebody types who registers an organisation and has no account yet."""
    return {
        "district": str(district().id),
        "name": "江宁区暖邻社会工作服务中心",
        "provider_type": "service_agency",
        "uscc": credit_code("52"),
        "legal_representative": "欧阳喆",
        "contact_phone": "13800000000",
        "address": "天元东路8号",
        "contact_name": "欧阳喆",
        "service_fields": ["elder_care"],
        "person_name": "欧阳喆",
        "login": "nuanlin",
        "email": "nuanlin@example.cn",
        "password": "correct horse battery",
    }


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"uscc": "52320115MJ0000000A", "password": "short", "is_small": "y"}, {"uscc", "password", "is_small"}),
        ({"provider_type": "foundation", "password": "Nuan-lin-zx", "login": "nuan-lin-zx"},
         {"provider_type", "password"}),
    ],
)  # fmt: skip
def test_code_type_size_and_password_are_judged_together(
    visitor: Visitor, session: Session, wrong: dict[str, str], fields: set[str]
) -> None:
    page = visitor.submit(visitor.get("/organisations/register"), {**registration(), **wrong}, button="登记")
    assert (page.status, set(page.errors)) == (422, fields)


@pytest.mark.parametrize("wrong", ["last", "inner"])
def test_a_wrong_check_character_is_told_at_the_code_whichever_it_is(
    visitor: Visitor, session: Session, wrong: str
) -> None:
    code = credit_code("52")
    other = next(sign for sign in "0123456789" if sign not in (code[16], code[17]))
    first = code[:16] + other
    typed = code[:17] + other if wrong == "last" else first + check_character(first)
    page = visitor.submit(visitor.get("/organisations/register"), registration() | {"uscc": typed}, button="登记")
    assert (page.status, set(page.errors)) == (422, {"uscc"})
    (told,) = page.words("//*[contains(@class, 'error-summary')]//a[@href='#uscc']")
    assert "代码" in told
    assert "校验" in told


def test_a_taken_login_and_a_taken_code_are_said_together(visitor: Visitor, session: Session) -> None:
    team = organisation(bank=False)
    taken = {"login": team.admin.login, "uscc": team.organisation.uscc or ""}
    page = visitor.submit(visitor.get("/organisations/register"), {**registration(), **taken}, button="登记")
    assert (page.status, set(page.errors)) == (422, {"login", "uscc"})


def test_nonsense_is_named_at_every_field_at_once_and_what_was_typed_stays(visitor: Visitor, session: Session) -> None:
    page = visitor.submit(visitor.get("/organisations/register"), registration() | NONSENSE, button="登记")
    assert (page.status, set(page.errors)) == (422, set(NONSENSE))
    assert "不能晚于今天" in page.errors["registered_on"]
    assert "phone?" in page.source
    right = {"login": "nuanlin", "email": "nuanlin@example.cn", "contact_phone": "+86 138-0000-0000"}
    again = {"password": "correct horse battery", "registered_on": "0001-01-01"}
    page = visitor.submit(page, right | again, button="登记")
    assert list(page.errors) == ["registered_on"]
    again = {"password": "correct horse battery", "registered_on": "2018-05-04"}
    page = visitor.submit(page, again, button="登记")
    assert page.heading == "江宁区暖邻社会工作服务中心"
    page = visitor.submit(
        visitor.get(page.link("同事账号")),
        {"name": "李工", "login": "li gong", "email": "x", "role": "organisation_editor"},
        button="开通",
    )
    assert (page.status, set(page.errors)) == (422, {"login", "email"})


def test_a_colleague_s_password_is_never_the_administrator_s_to_know(
    visitors: Callable[[], Visitor], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = organisation(bank=False)
    admin, address = sign_in(visitors(), team.admin), f"/organisations/{team.id}/members"
    typed = {"name": "秦签", "login": "qinqian", "email": team.admin.email.upper(), "role": "organisation_signatory"}
    page = admin.submit(admin.get(address), typed, button="开通")
    assert (page.status, list(page.errors)) == (422, ["email"])
    page = admin.submit(page, {"email": "qin@example.invalid"}, button="开通")
    assert page.heading == "账号已开通"
    mail = session.scalars(select(OutboundMail)).one()
    link = re.search(r"/reset/(\S+)", mail.body)
    assert link is not None
    assert mail.address == "qin@example.invalid"
    assert link[1] not in page.source
    signatory = visitors()
    signatory.submit(signatory.get(link[0]), {"password": PASSWORD, "again": PASSWORD}, button="更改密码")
    page = signatory.submit(signatory.get("/sign-in"), {"login": "qinqian", "password": PASSWORD}, button="登录")
    assert page.heading == "工作台"

    # The demonstration sends no mail.
    linli = admin.client.application.extensions["linli"]
    monkeypatch.setattr(linli, "settings", replace(linli.settings, mode=Mode.DEMONSTRATION))
    typed |= {"login": "qinqian2", "email": "qin2@example.invalid"}
    page = admin.submit(admin.get(address), typed, button="开通")
    assert "正式使用时管理员看不到" in page.text
    assert signatory.get(re.sub(r"^https?://[^/]+", "", page.link("以本人身份设置密码"))).status == 200


def test_an_address_mistyped_is_mended_until_somebody_has_signed_in(
    visitors: Callable[[], Visitor], session: Session
) -> None:
    team = organisation(bank=False)
    admin, address = sign_in(visitors(), team.admin), f"/organisations/{team.id}/members"
    typed = {"name": "秦签", "login": "qinqian", "email": "qni@example.invalid", "role": "organisation_signatory"}
    admin.submit(admin.get(address), typed, button="开通")
    page = admin.get(admin.get(address).link("秦签"))
    page = admin.submit(page, {"email": team.admin.email}, button="更正并重发链接")
    assert (page.status, list(page.errors)) == (422, ["email"])
    page = admin.submit(page, {"email": "qin@example.invalid"}, button="更正并重发链接")
    assert page.heading == "邮箱已更正，链接已重发"
    wrong, right = session.scalars(select(OutboundMail).order_by(OutboundMail.id))
    assert (wrong.address, right.address) == ("qni@example.invalid", "qin@example.invalid")
    old, new = (re.search(r"/reset/(\S+)", mail.body) for mail in (wrong, right))
    assert old is not None
    assert new is not None
    stranger = visitors()
    assert "无效" in stranger.get(old[0]).text
    signatory = visitors()
    signatory.submit(signatory.get(new[0]), {"password": PASSWORD, "again": PASSWORD}, button="更改密码")
    signatory.submit(signatory.get("/sign-in"), {"login": "qinqian", "password": PASSWORD}, button="登录")
    page = admin.get(admin.get(address).link("秦签"))
    assert "更正邮箱" not in page.text
    signed_in = person_by_login("qinqian")
    assert signed_in is not None
    with pytest.raises(Refused) as refused:
        actions.correct_member_address(
            acting(team.admin), team.organisation, signed_in, "admin2@example.invalid", system_now()
        )
    assert refused.value.field == "email"


def test_who_has_left_is_let_in_no_more(visitors: Callable[[], Visitor], session: Session) -> None:
    team, other = organisation(bank=False), organisation(bank=False)
    admin, address = sign_in(visitors(), team.admin), f"/organisations/{team.id}/members"
    left = sign_in(visitors(), team.signatory)
    page = admin.get(admin.get(address).link(team.signatory.name))
    page = admin.submit(page, button="停用账号")
    assert "已停用" in page.text
    assert "/sign-in" in left.get("/desk").url
    assert "已停用" in admin.get(address).text
    page = admin.submit(page, button="恢复账号")
    assert "使用中" in page.text
    assert sign_in(visitors(), team.signatory).get("/desk").heading == "工作台"
    assert "停用账号" not in admin.get(f"{address}/{team.admin.id}").text, "nobody locks themselves out"
    stranger = sign_in(visitors(), other.admin)
    assert stranger.get(f"{address}/{team.signatory.id}").status == 404
    assert stranger.get(f"/organisations/{other.id}/members/{team.signatory.id}").status == 404


def test_the_actions_refuse_the_same(session: Session) -> None:
    at = system_now()
    for change, field in (
        ({"contact_phone": "phone?"}, "contact_phone"),
        ({"registered_on": beijing_day(at) + timedelta(days=1)}, "registered_on"),
    ):
        with pytest.raises(Refused) as refused:
            actions.register(acting(person()), district().id, facts(**change), at)
        assert refused.value.field == field


def test_row_5_a_social_organisation_cannot_claim_to_be_small(session: Session) -> None:
    with pytest.raises(Refused) as refused:
        organisation(is_small=True)
    assert refused.value.field == "is_small"
    assert organisation(provider_type=ProviderType.ENTERPRISE, is_small=True, bank=False).organisation.is_small


def test_only_the_registrar_s_district_confirms(session: Session) -> None:
    team = organisation(confirmed=False, bank=False)
    give(team.admin, Role.ORGANISATION_EDITOR, Scope(organisation_id=team.id))
    actions.submit(acting(team.admin), team.organisation, system_now())
    with pytest.raises(Forbidden), session.begin_nested():
        actions.confirm(_civil("330502"), team.organisation, system_now())
    actions.confirm(_civil(), team.organisation, system_now())
    assert team.organisation.confirmed_at == system_now()


def test_a_returned_registration_is_mended_and_submitted_again(session: Session) -> None:
    team = organisation(confirmed=False, bank=False)
    admin = acting(team.admin)
    actions.submit(admin, team.organisation, system_now())
    with pytest.raises(Refused, match="确认中"):
        actions.save_facts(admin, team.organisation, facts(uscc=team.organisation.uscc), system_now())
    actions.send_back(_civil(), team.organisation, "住所与证书不符", system_now())
    changed = facts(team.organisation.name, uscc=team.organisation.uscc, address="南京市江宁区胜太路1号")
    actions.save_facts(admin, team.organisation, changed, system_now())
    actions.submit(admin, team.organisation, system_now())
    assert team.organisation.state == OrganisationState.SUBMITTED
    assert "机构登记被退回" in session.scalars(select(Message.subject)).all()


def test_changing_is_offered_only_while_nobody_is_checking(visitors: Callable[[], Visitor], session: Session) -> None:
    team = organisation(confirmed=False, bank=False)
    admin, page_of = sign_in(visitors(), team.admin), f"/organisations/{team.id}"
    assert "/edit" in admin.get(page_of, most=10).source
    actions.submit(acting(team.admin), team.organisation, system_now())
    page = admin.get(page_of, most=10)
    assert "/edit" not in page.source
    assert "登记正在确认中，暂不能修改" in page.text
    assert admin.get(f"{page_of}/edit").url == page.url
    # Whoever signs for the organisation may look, and is offered nothing that would be refused.
    signatory = sign_in(visitors(), team.signatory)
    assert "/edit" not in signatory.get(page_of).source


def test_the_page_says_that_an_account_waits_for_the_second_person(
    visitors: Callable[[], Visitor], session: Session
) -> None:
    team = organisation(bank=False)
    admin, row = sign_in(visitors(), team.admin), team.organisation
    assert "收款账户 未设置" in admin.get(f"/organisations/{team.id}").text
    at = system_now()
    first = actions.propose_bank(acting(team.admin), row, row.name, "3201150000001", "南京银行", "313301008887", at)
    assert "收款账户 待复核" in admin.get(f"/organisations/{team.id}").text
    actions.decide_bank(acting(team.signatory), first, BankVerb.CONFIRM, at)
    assert "收款账户 使用中" in admin.get(f"/organisations/{team.id}").text
    actions.propose_bank(acting(team.admin), row, row.name, "3201150000002", "南京银行", "313301008887", at)
    assert "收款账户 使用中 待复核" in admin.get(f"/organisations/{team.id}").text


def test_the_administrator_s_desk_names_the_signatory_and_the_account_that_are_missing(
    visitor: Visitor, session: Session
) -> None:
    admin = person(name="机构管理员")
    row = actions.register(acting(admin), district().id, facts(), system_now())
    group = facts(provider_type=ProviderType.COMMUNITY_GROUP, uscc=None)
    actions.register(acting(admin), district().id, group, system_now())
    sign_in(visitor, admin)
    page = visitor.get("/desk")
    # A group that is filed only neither signs nor is paid.
    assert page.link("指定签署人（没有签署人不能递交投标、签合同）") == f"/organisations/{row.id}/members"
    assert page.link("登记收款账户（没有账户不能收款）") == f"/organisations/{row.id}/bank"
    assert page.text.count("指定签署人") == page.text.count("登记收款账户") == 1
    person(Role.ORGANISATION_SIGNATORY, Scope(organisation_id=row.id))
    actions.propose_bank(
        acting(admin), row, row.name, "6222021001112223334", "中国工商银行", "102301000123", system_now()
    )
    page = visitor.get("/desk", most=len(page.statements))
    assert "指定签署人" not in page.text
    assert "登记收款账户" not in page.text


def test_a_confirmed_name_or_code_is_not_changed_by_oneself(session: Session) -> None:
    team = organisation(bank=False)
    for changed in (
        facts("另一个名称", uscc=team.organisation.uscc),
        facts(team.organisation.name, uscc=credit_code()),
    ):
        with pytest.raises(Refused, match="不能自行修改"):
            actions.save_facts(acting(team.admin), team.organisation, changed, system_now())


def test_a_bar_is_published_ends_with_its_day_and_can_be_lifted(session: Session) -> None:
    row = organisation(bank=False).organisation
    today = beijing_day(system_now())
    with pytest.raises(Refused) as refused:
        actions.bar(_civil(), row, today, "虚假材料", system_now())
    assert refused.value.field == "until"
    actions.bar(_civil(), row, today + timedelta(days=365), "虚假材料", system_now())
    assert queries.may_bid(row, today) is not None
    assert queries.may_bid(row, date(today.year + 1, 12, 31)) is None
    actions.readmit(_civil(), row, system_now())
    assert queries.may_bid(row, today) is None


@pytest.fixture
def team(session: Session) -> Team:
    return organisation("江宁区暖邻社会工作服务中心", bank=False)


def _propose(team: Team, account_no: str = "6222021001112223334", holder_name: str = "") -> BankAccount:
    return actions.propose_bank(
        acting(team.admin),
        team.organisation,
        holder_name or team.organisation.name,
        account_no,
        "中国工商银行南京江宁支行",
        "102301000123",
        system_now(),
    )


def test_a_bank_account_needs_two_people(session: Session, team: Team) -> None:
    row = _propose(team)
    give(team.admin, Role.ORGANISATION_SIGNATORY, Scope(organisation_id=team.id))
    with pytest.raises(Forbidden, match="另一人复核"):
        actions.decide_bank(acting(team.admin), row, BankVerb.CONFIRM, system_now())
    assert queries.live_bank_account(team.id) is None
    actions.decide_bank(acting(team.signatory), row, BankVerb.CONFIRM, system_now())
    assert queries.live_bank_account(team.id) is row


def test_the_database_knows_that_two_people_are_two(session: Session, team: Team) -> None:
    row = _propose(team)
    row.confirmed_by = row.proposed_by
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_new_account_replaces_the_old_one(session: Session, team: Team) -> None:
    first, second = _propose(team), _propose(team, "6222029999999999999")
    for row in (first, second):
        actions.decide_bank(acting(team.signatory), row, BankVerb.CONFIRM, system_now())
    assert (first.state, second.state) == (BankState.RETIRED, BankState.LIVE)


def test_a_rejected_account_never_lives(session: Session, team: Team) -> None:
    row = _propose(team)
    actions.decide_bank(acting(team.signatory), row, BankVerb.REJECT, system_now())
    with pytest.raises(Refused):
        actions.decide_bank(acting(team.signatory), row, BankVerb.CONFIRM, system_now())


def test_money_goes_to_the_registered_name_only(session: Session, team: Team) -> None:
    with pytest.raises(Refused) as refused:
        _propose(team, holder_name="某某个人")
    assert refused.value.field == "holder"


def test_the_account_number_stays_out_of_the_public_part_of_the_chain(session: Session, team: Team) -> None:
    _propose(team, "6222021001112223334")
    assert not [h for h in session.scalars(select(AuditEntry.header)) if "6222021001112223334" in h]
    assert "6222021001112223334" in session.scalars(select(AuditSecret.value)).all()


def test_another_organisation_s_people_have_no_say(session: Session, team: Team) -> None:
    row, other = _propose(team), organisation(bank=False)
    with pytest.raises(Forbidden):
        actions.decide_bank(acting(other.signatory), row, BankVerb.CONFIRM, system_now())


def test_facts_that_changed_meanwhile_are_neither_handed_in_nor_confirmed_unseen(
    visitors: Callable[[], Visitor], session: Session
) -> None:
    team, at = organisation(confirmed=False, bank=False), system_now()
    row, url, admin = team.organisation, f"/organisations/{team.id}", acting(team.admin)

    def change(address: str) -> None:
        actions.save_facts(admin, row, facts(row.name, uscc=row.uscc, address=address), at)

    own = sign_in(visitors(), team.admin)
    page = own.get(url)
    change("东山街道2号")
    refused = own.submit(page, button="提交区民政确认")
    assert ("内容已变化，请重新核对" in refused.text, row.state) == (True, OrganisationState.DRAFT)
    own.submit(own.get(url), button="提交区民政确认")
    civil = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district().id)))
    page = civil.get(url)
    actions.send_back(_civil(), row, "住所不符", at)
    change("东山街道3号")
    actions.submit(admin, row, at)
    refused = civil.submit(page, button="确认登记")
    assert ("内容已变化，请重新核对" in refused.text, row.state) == (True, OrganisationState.SUBMITTED)
    civil.submit(civil.get(url), button="确认登记")
    assert row.state == OrganisationState.CONFIRMED
