"""Signing in: one sentence for every failure, a throttle in the database, codes and links that work once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.kernel.clock import system_now
from market.kernel.permits import Role
from market.people import actions
from market.people.models import SignInFailure, User, UserSession
from market.people.queries import SESSION_LIFE, token_digest
from market.records.models import OutboundMail
from tests.factories.people import PASSWORD, person, sign_in
from tests.factories.places import street
from tests.fixtures.clock import StandingClock
from tests.fixtures.visitor import Page, Visitor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NEW = "a quite new sentence"


@pytest.fixture
def clerk(session: Session) -> User:
    return person(Role.STREET_CLERK, street().scope, login="wangfang", name="王芳")


def _try(visitor: Visitor, login: str, password: str) -> Page:
    return visitor.submit(visitor.get("/sign-in"), {"login": login, "password": password}, button="登录")


def _with_factor(user: User) -> pyotp.TOTP:
    totp = pyotp.TOTP(SECRET)
    actions.set_totp(user, SECRET, totp.at(system_now()), system_now())
    return totp


def test_signing_in_leads_to_the_desk_or_back_where_one_wanted_to_go(visitor: Visitor, clerk: User) -> None:
    assert _try(visitor, "WangFang ", PASSWORD).heading == "工作台"
    page = visitor.get("/sign-in?next=/account")
    assert page.heading == "我的账号"


def test_a_page_that_needs_an_account_comes_after_the_sign_in(visitor: Visitor, clerk: User) -> None:
    page = visitor.get("/account")
    assert page.heading == "登录"
    page = visitor.submit(page, {"login": "wangfang", "password": PASSWORD}, button="登录")
    assert page.heading == "我的账号"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_the_sign_in_leads_to_no_other_site(visitor: Visitor, clerk: User, target: str) -> None:
    page = visitor.get("/sign-in", query_string={"next": target})
    page = visitor.submit(page, {"login": "wangfang", "password": PASSWORD}, button="登录", follow=False)
    assert page.location == "/desk"


def test_unknown_login_wrong_password_and_closed_account_sound_the_same(visitor: Visitor, clerk: User) -> None:
    closed = person(login="closed")
    closed.active = False
    answers = {
        _try(visitor, login, password).errors["password"]
        for login, password in [("nobody", PASSWORD), ("wangfang", "wrong password"), ("closed", PASSWORD)]
    }
    assert answers == {"错误：登录名或密码不对，请检查后重试。"}


def test_after_five_failures_even_the_right_password_waits(
    visitor: Visitor, clerk: User, clock: StandingClock, session: Session
) -> None:
    for _ in range(5):
        _try(visitor, "wangfang", "wrong password")
    page = _try(visitor, "wangfang", PASSWORD)
    assert page.status == 422
    assert "尝试次数过多，请在 2 分钟后再试。" in page.text
    assert len(session.scalars(select(SignInFailure.id)).all()) == 5
    clock.forward(minutes=2)
    assert _try(visitor, "wangfang", PASSWORD).heading == "工作台"
    assert session.scalars(select(SignInFailure.id)).all() == []


def test_a_throttled_login_does_not_lock_out_others(visitor: Visitor, clerk: User) -> None:
    person(Role.STREET_CLERK, street().scope, login="lihua")
    for _ in range(6):
        _try(visitor, "wangfang", "wrong password")
    assert _try(visitor, "lihua", PASSWORD).heading == "工作台"


def test_the_second_factor_is_asked_and_each_code_works_once(
    visitors: Callable[[], Visitor], clerk: User, clock: StandingClock
) -> None:
    totp = _with_factor(clerk)
    clock.forward(seconds=60)
    code = totp.at(system_now())
    first, second = visitors(), visitors()
    page = _try(first, "wangfang", PASSWORD)
    assert page.heading == "输入动态验证码"
    assert code not in page.text
    assert first.get("/desk").heading == "登录"
    assert first.submit(first.get("/sign-in/code"), {"code": code}, button="登录").heading == "工作台"
    page = _try(second, "wangfang", PASSWORD)
    page = second.submit(page, {"code": code}, button="登录")
    assert page.errors["code"] == "错误：动态验证码不对或已用过，请等下一组数字再试。"
    clock.forward(seconds=30)
    assert second.submit(page, {"code": totp.at(system_now())}, button="登录").heading == "工作台"


def test_codes_are_not_guessed(visitor: Visitor, clerk: User, clock: StandingClock) -> None:
    totp = _with_factor(clerk)
    clock.forward(seconds=60)
    page = _try(visitor, "wangfang", PASSWORD)
    wrong = "000000" if totp.at(system_now()) != "000000" else "111111"
    for _ in range(5):
        page = visitor.submit(page, {"code": wrong}, button="登录")
    page = visitor.submit(page, {"code": totp.at(system_now())}, button="登录")
    assert "尝试次数过多" in page.text


def test_the_second_step_does_not_wait_for_ever(visitor: Visitor, clerk: User, clock: StandingClock) -> None:
    totp = _with_factor(clerk)
    page = _try(visitor, "wangfang", PASSWORD)
    clock.forward(minutes=11)
    page = visitor.submit(page, {"code": totp.at(system_now())}, button="登录")
    assert page.heading == "登录"
    assert "登录已超时" in page.text


def test_turning_the_factor_on_needs_one_right_code(visitor: Visitor, clerk: User, session: Session) -> None:
    sign_in(visitor, clerk)
    page = visitor.get("/account/second-factor")
    secret = page.words("//code")[0]
    assert "svg" in visitor.get("/account/second-factor.svg").type
    page = visitor.submit(page, {"code": "000000"}, button="启用")
    assert page.status == 422
    assert page.words("//code")[0] == secret
    visitor.submit(page, {"code": pyotp.TOTP(secret).at(system_now())}, button="启用")
    session.refresh(clerk)
    assert actions.totp_secret(clerk) == secret
    assert secret.encode() not in (clerk.totp_secret or b"")


def _reset_link(visitor: Visitor, session: Session) -> str:
    page = visitor.submit(visitor.get("/forgotten"), {"login": "wangfang"}, button="发送链接")
    assert page.heading == "请查收邮件"
    body = session.scalars(select(OutboundMail.body).order_by(OutboundMail.id.desc())).first()
    assert body is not None
    found = re.search(r"/reset/\S+", body)
    assert found is not None
    return found[0]


def test_opening_the_reset_link_changes_nothing_only_the_button_does(
    visitor: Visitor, clerk: User, session: Session
) -> None:
    link = _reset_link(visitor, session)
    for _ in range(3):
        assert visitor.get(link).status == 200
    assert _try(visitor, "wangfang", PASSWORD).heading == "工作台"
    visitor.submit(visitor.get(link), {"password": NEW, "again": NEW}, button="更改密码")
    assert _try(visitor, "wangfang", PASSWORD).status == 422
    assert _try(visitor, "wangfang", NEW).heading == "工作台"


def test_a_reset_link_works_once_and_ends_all_sessions(
    visitors: Callable[[], Visitor], clerk: User, session: Session
) -> None:
    elsewhere, visitor = sign_in(visitors(), clerk), visitors()
    link = _reset_link(visitor, session)
    visitor.submit(visitor.get(link), {"password": NEW, "again": NEW}, button="更改密码")
    assert elsewhere.get("/desk").heading == "登录"
    page = visitor.get(link)
    assert page.status == 422
    assert "已使用或已过期" in page.text


def test_a_link_expires_and_a_new_password_voids_older_links(
    visitor: Visitor, clerk: User, session: Session, clock: StandingClock
) -> None:
    first = _reset_link(visitor, session)
    clock.forward(minutes=5)
    second = _reset_link(visitor, session)
    assert first != second
    visitor.submit(visitor.get(second), {"password": NEW, "again": NEW}, button="更改密码")
    assert visitor.get(first).status == 422
    clock.forward(minutes=5)
    third = _reset_link(visitor, session)
    clock.forward(hours=2)
    assert visitor.get(third).status == 422


def test_asking_for_a_link_tells_nobody_who_has_an_account(visitor: Visitor, clerk: User, session: Session) -> None:
    known = visitor.submit(visitor.get("/forgotten"), {"login": "wangfang"}, button="发送链接")
    unknown = visitor.submit(visitor.get("/forgotten"), {"login": "nobody"}, button="发送链接")
    assert known.text == unknown.text
    visitor.submit(visitor.get("/forgotten"), {"login": "wangfang"}, button="发送链接")
    assert len(session.scalars(select(OutboundMail.id)).all()) == 1


@pytest.mark.parametrize(
    ("password", "again", "field"), [("short", "short", "password"), (NEW, "something else", "again")]
)
def test_a_bad_new_password_is_named_at_its_field(
    visitor: Visitor, clerk: User, password: str, again: str, field: str
) -> None:
    sign_in(visitor, clerk)
    page = visitor.submit(visitor.get("/account/password"), {"password": password, "again": again}, button="更改密码")
    assert (page.status, list(page.errors)) == (422, [field])


def test_signing_out_everywhere_ends_every_session(
    visitors: Callable[[], Visitor], clerk: User, session: Session
) -> None:
    browsers = [sign_in(visitors(), clerk) for _ in range(3)]
    browsers[0].submit(browsers[0].get("/account"), {}, button="在所有设备上退出")
    assert {browser.get("/desk").heading for browser in browsers} == {"登录"}
    assert session.scalars(select(UserSession.id).where(UserSession.ended_at.is_(None))).all() == []


def test_signing_out_ends_this_session_only(visitors: Callable[[], Visitor], clerk: User) -> None:
    here, there = sign_in(visitors(), clerk), sign_in(visitors(), clerk)
    here.submit(here.get("/desk"), {}, button="退出")
    assert here.get("/desk").heading == "登录"
    assert there.get("/desk").heading == "工作台"


def test_a_session_ends_by_itself(visitor: Visitor, clerk: User, clock: StandingClock) -> None:
    sign_in(visitor, clerk)
    clock.forward(seconds=SESSION_LIFE.total_seconds())
    assert visitor.get("/desk").heading == "工作台"
    clock.forward(seconds=1)
    assert visitor.get("/desk").heading == "登录"


def test_the_database_keeps_only_the_digest_of_a_token(app: Flask, clerk: User, session: Session) -> None:
    token = actions.begin_session(clerk, "browser", "127.0.0.1", system_now())
    row = session.scalars(select(UserSession).order_by(UserSession.id.desc())).first()
    assert row is not None
    assert row.digest == token_digest(token)
    assert token not in str(vars(row))
