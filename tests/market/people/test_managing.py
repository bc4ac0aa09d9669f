"""Accounts of a district: opened with one role, given roles within reach, keys only after an identity check."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Permit, Role, Scope
from market.people import actions
from market.people.models import RoleGrant, SealingKey, SigningCertificate, User
from market.people.queries import certificate_of, certified_unit, holders, sealing_keys, unit_name, with_role
from market.records.audit import verify_all
from market.records.keys import found_installation
from market.records.models import AuditEntry, OutboundMail
from tests.factories.organisations import organisation
from tests.factories.people import PASSPHRASE, PASSWORD, acting, give, keys, person, sign_in
from tests.factories.places import district, street
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Visitor


@pytest.fixture
def officer(session: Session) -> User:
    found_installation("测试", system_now())
    street()
    return person(Role.DISTRICT_CIVIL, Scope(district().id), name="区民政经办")


@pytest.fixture
def desk(visitors: Callable[[], Visitor], officer: User) -> Visitor:
    return sign_in(visitors(), officer)


def _place() -> str:
    return f"street-{district().id}-{street().id}"


def test_a_new_clerk_sets_the_password_with_the_link_and_works(
    desk: Visitor, visitors: Callable[[], Visitor], session: Session
) -> None:
    page = desk.get(desk.get("/people").link("开通账号"))
    typed = {"name": "王芳", "login": "wangfang", "email": "wang@example.invalid", "role": "street_clerk"}
    page = desk.submit(page, {**typed, "place": _place()}, button="开通")
    assert page.heading == "请通知本人设置密码"
    link = page.words("//code")[0]
    mail = session.scalars(select(OutboundMail)).one()
    assert (mail.address, link in mail.body) == ("wang@example.invalid", True)
    visitor = visitors()
    path = re.sub(r"^https?://[^/]+", "", link)
    visitor.submit(visitor.get(path), {"password": PASSWORD, "again": PASSWORD}, button="更改密码")
    page = visitor.submit(visitor.get("/sign-in"), {"login": "wangfang", "password": PASSWORD}, button="登录")
    assert "编制年度资金计划" in page.text
    assert "wangfang" in desk.get("/people").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login": "taken"}, "login"),
        ({"login": "x"}, "login"),
        ({"place": "district"}, "place"),
        ({"role": "organisation_admin"}, "role"),
        ({"place": "all"}, "place"),
        ({"email": ""}, "email"),
        ({"email": "x"}, "email"),
        ({"login": "wang fang"}, "login"),
    ],
)
def test_what_does_not_fit_is_named_at_its_field(desk: Visitor, change: dict[str, str], field: str) -> None:
    person(login="taken")
    typed = {"name": "王芳", "login": "wangfang", "email": "w@example.invalid", "role": "street_clerk"}
    typed |= {"place": _place(), **change}
    if typed["place"] == "district":
        typed["place"] = f"district-{district().id}"
    page = desk.submit(desk.get("/people/new"), typed, button="开通")
    assert (page.status, list(page.errors)) == (422, [field])


def test_roles_are_given_and_taken_back_within_the_district(desk: Visitor, session: Session) -> None:
    clerk = person(Role.STREET_CLERK, street().scope, name="王芳")
    page = desk.get(f"/people/{clerk.id}")
    desk.submit(page, {"role": "street_opener", "place": _place()}, button="授予")
    assert with_role(Role.STREET_OPENER, street().scope) == [clerk.id]
    desk.submit(desk.get(f"/people/{clerk.id}"), {}, action=f"/grants/{_grant(session, Role.STREET_OPENER)}/revoke")
    assert with_role(Role.STREET_OPENER, street().scope) == []
    assert verify_all()[1] is None


def _grant(session: Session, role: Role) -> int:
    found = session.scalar(select(RoleGrant.id).filter_by(role=role.value))
    assert found is not None
    return found


def test_people_of_another_district_are_not_found(desk: Visitor, session: Session) -> None:
    stranger = person(Role.STREET_CLERK, street("330502001").scope, name="外区经办人")
    assert desk.get(f"/people/{stranger.id}").status == 404
    assert "外区经办人" not in desk.get("/people").text
    with pytest.raises(Forbidden):
        actions.grant(
            acting(person(Role.DISTRICT_CIVIL, Scope(district().id))),
            stranger.id,
            Role.STREET_CLERK,
            street("330502001").scope,
            system_now(),
        )


def test_a_role_counts_only_in_its_scope(session: Session) -> None:
    clerk = person(Role.STREET_CLERK, street().scope)
    assert holders(Permit.BUDGET_DRAFT, street().scope) == [clerk.id]
    assert holders(Permit.BUDGET_DRAFT, street("320115002").scope) == []
    assert holders(Permit.BUDGET_DRAFT, Scope(district().id)) == []
    clerk.active = False
    session.flush()
    assert holders(Permit.BUDGET_DRAFT, street().scope) == []


def test_closing_an_account_signs_it_out_and_reopening_lets_it_in(
    desk: Visitor, visitors: Callable[[], Visitor]
) -> None:
    clerk = person(Role.STREET_CLERK, street().scope)
    there = sign_in(visitors(), clerk)
    desk.submit(desk.get(f"/people/{clerk.id}"), {}, button="停用账号")
    assert there.get("/desk").heading == "登录"
    desk.submit(desk.get(f"/people/{clerk.id}"), {}, button="恢复账号")
    assert sign_in(visitors(), clerk).get("/desk").heading == "工作台"


def test_an_account_with_roles_elsewhere_is_not_closed_from_here(officer: User, session: Session) -> None:
    clerk = person(Role.STREET_CLERK, street().scope)
    give(clerk, Role.STREET_CLERK, street("330502001").scope)
    with pytest.raises(Forbidden, match="管理范围以外"):
        actions.close_account(acting(officer), _loaded(clerk), system_now())


def _loaded(user: User) -> User:
    from market.people.queries import person as find

    found = find(user.id)
    assert found is not None
    return found


def test_keys_are_made_after_an_identity_check_with_a_code_that_works_once(
    desk: Visitor, visitors: Callable[[], Visitor], officer: User, session: Session
) -> None:
    opener = person(Role.STREET_OPENER, street().scope, name="开标人甲")
    page = desk.submit(desk.get(f"/people/{opener.id}"), {}, button="已当面核对，发给办理码")
    code = page.words("//code")[0]
    there = sign_in(visitors(), opener)
    page = there.get(there.get("/desk").link("办理密钥和签名证书"))
    typed = {"code": code, "passphrase": PASSPHRASE, "again": PASSPHRASE}
    page = there.submit(page, {**typed, "code": "2222-2222-2222"}, button="生成密钥和证书")
    assert (page.status, list(page.errors)) == (422, ["code"])
    assert there.submit(page, typed, button="生成密钥和证书").heading == "我的账号"
    certificate = certificate_of(opener.id)
    assert certificate is not None
    assert certificate.issued_by == officer.id
    # A contract names the street office as the buyer, and so does the certificate of whoever signs for it.
    assert certified_unit(opener.id) == street().office
    assert actions.open_sealing_key(opener.id, PASSPHRASE)
    again = there.submit(there.get("/account/keys"), typed, button="生成密钥和证书")
    assert list(again.errors) == ["code"]
    assert "办理密钥和签名证书" not in there.get("/desk").text


def test_a_certificate_names_the_one_unit_a_person_signs_for(officer: User, visitors: Callable[[], Visitor]) -> None:
    team, other = organisation("江宁区禾桥社区服务中心"), organisation("江宁区银龄关爱促进会")
    signs = person(Role.ORGANISATION_SIGNATORY, Scope(organisation_id=team.id))
    give(signs, Role.ORGANISATION_EDITOR, Scope(organisation_id=other.id))
    assert unit_name(acting(signs)) == "江宁区禾桥社区服务中心"
    give(signs, Role.ORGANISATION_SIGNATORY, Scope(organisation_id=other.id))
    assert unit_name(acting(signs)) == ""
    approver = person(Role.STREET_APPROVER, street().scope)
    assert unit_name(acting(approver)) == street().office
    give(approver, Role.STREET_APPROVER, street("320115002").scope)
    assert unit_name(acting(approver)) == district().full_name
    give(approver, Role.STREET_APPROVER, street("330502001").scope)
    assert unit_name(acting(approver)) == ""
    assert unit_name(acting(person(Role.KEY_ESCROW, Scope(district().id)))) == district().full_name

    # Nobody is the organisation of oneself: a certificate without a unit says nothing in that place.
    code = actions.confirm_identity(acting(officer), approver, street().scope, system_now())
    there = sign_in(visitors(), approver)
    page = there.get("/account/keys")
    assert "签名证书只写明您的姓名" in page.text
    there.submit(page, {"code": code, "passphrase": PASSPHRASE, "again": PASSPHRASE}, button="生成密钥和证书")
    certificate = certificate_of(approver.id)
    assert certificate is not None
    subject = x509.load_pem_x509_certificate(certificate.certificate_pem.encode()).subject
    assert not subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)


def test_in_the_demonstration_the_account_says_which_clock_its_times_are_of(
    desk: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "与演示时钟不同" not in desk.get("/account").text
    monkeypatch.setattr("market.app._demo", lambda _linli, _at: {"now_text": "2026-04-20 10:00"})
    assert "与演示时钟不同" in desk.get("/account").text


def test_a_code_serves_nobody_else_and_not_for_ever(officer: User, session: Session, clock: StandingClock) -> None:
    one, two = (person(Role.STREET_OPENER, street().scope) for _ in range(2))
    code = actions.confirm_identity(acting(officer), one, street().scope, system_now())
    with pytest.raises(Refused, match="另一个账号"):
        actions.redeem_identity(two.id, code, system_now())
    clock.forward(days=3)
    with pytest.raises(Refused) as refused:
        actions.redeem_identity(one.id, code, system_now())
    assert refused.value.field == "code"


def test_nobody_confirms_the_own_identity_or_beyond_reach(officer: User, session: Session) -> None:
    with pytest.raises(Refused, match="另一名经办人"):
        actions.confirm_identity(acting(officer), officer, Scope(district().id), system_now())
    with pytest.raises(Forbidden):
        actions.confirm_identity(acting(officer), person(), street("330502001").scope, system_now())


def test_an_organisation_s_people_are_checked_by_the_registrar_s_district(
    desk: Visitor, visitors: Callable[[], Visitor], session: Session
) -> None:
    team = organisation(bank=False)
    page = desk.get(desk.get(f"/organisations/{team.id}").link("核对人员身份"))
    page = desk.submit(page, {}, action=f"/identities/{team.signatory.id}")
    assert re.fullmatch(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){2}", page.words("//code")[0])
    elsewhere = sign_in(visitors(), person(Role.DISTRICT_CIVIL, Scope(district("330502").id)))
    assert elsewhere.get(f"/organisations/{team.id}/identities").status == 404


def test_new_keys_retire_the_old_ones(session: Session) -> None:
    found_installation("测试", system_now())
    user = person()
    keys(user)
    new = actions.make_keys(user.id, "another quiet sentence", None, system_now())
    assert sealing_keys([user.id])[user.id].id == new.id
    assert [k.retired_at is None for k in session.scalars(select(SealingKey).order_by(SealingKey.id))] == [False, True]
    live = session.scalars(select(SigningCertificate).where(SigningCertificate.revoked_at.is_(None))).all()
    assert len(live) == 1


def test_a_password_reset_leaves_the_keys_alone(session: Session) -> None:
    user = person()
    keys(user)
    actions.set_password(user, "a quite new sentence", system_now())
    assert actions.open_sealing_key(user.id, PASSPHRASE)
    assert actions.open_signing_key(user.id, PASSPHRASE, system_now()).serial == f"{user.id}-1"
    with pytest.raises(Refused) as refused:
        actions.open_sealing_key(user.id, PASSWORD)
    assert refused.value.field == "passphrase"


def test_no_login_or_name_stands_in_the_public_part_of_the_chain(session: Session) -> None:
    actions.create_user(None, "wangfang", "王芳", "w@example.invalid", PASSWORD, system_now())
    assert not [h for h in session.scalars(select(AuditEntry.header)) if "wangfang" in h or "王芳" in h]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OPERATOR, Role.DISTRICT_CIVIL}])
def test_nobody_else_manages_people(visitors: Callable[[], Visitor], session: Session, role: Role) -> None:
    visitor = sign_in(visitors(), person(role, street().scope))
    assert visitor.get("/people").status == 403


def test_the_list_takes_the_same_statements_however_long(desk: Visitor, session: Session) -> None:
    counts = set()
    for _ in range(2):
        for _ in range(12):
            person(Role.STREET_CLERK, street().scope)
        counts.add(len(desk.get("/people", most=8).statements))
    assert len(counts) == 1
